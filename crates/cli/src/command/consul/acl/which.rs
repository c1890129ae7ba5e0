//! Which thing is meant: from the beginning of an id, or a name, to the id.

use quorate_consul::QueryOptions;
use quorate_consul::acl::{ANONYMOUS_ACCESSOR, Acl};

use crate::args::consul::acl::WhichArgs;
use crate::command::consul::missing;
use crate::failure::Failure;

/// How long a whole id is.
const ID_CHARS: usize = 36;

/// The id of a policy.
pub(super) async fn policy(
    acl: &Acl,
    which: &WhichArgs,
    options: &QueryOptions,
) -> Result<String, Failure> {
    match (&which.id, &which.name) {
        (Some(id), _) => policy_id(acl, id, options).await,
        (None, name) => policy_named(acl, name.as_deref().unwrap_or_default(), options).await,
    }
}

/// The id of the policy with this name.
pub(super) async fn policy_named(
    acl: &Acl,
    name: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let found = acl.policies().read_by_name_with(name, options).await?;
    Ok(found.value.ok_or_else(|| missing("policy", name))?.id)
}

/// The id of the policy whose id begins so.
pub(super) async fn policy_id(
    acl: &Acl,
    prefix: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let all = async {
        let all = acl.policies().list_with(options).await?.value;
        Ok(all.into_iter().map(|policy| policy.id).collect())
    };
    begun("policy", prefix, all).await
}

/// The id of a role.
pub(super) async fn role(
    acl: &Acl,
    which: &WhichArgs,
    options: &QueryOptions,
) -> Result<String, Failure> {
    match (&which.id, &which.name) {
        (Some(id), _) => role_id(acl, id, options).await,
        (None, name) => role_named(acl, name.as_deref().unwrap_or_default(), options).await,
    }
}

/// The id of the role with this name.
pub(super) async fn role_named(
    acl: &Acl,
    name: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let found = acl.roles().read_by_name_with(name, options).await?;
    Ok(found.value.ok_or_else(|| missing("role", name))?.id)
}

/// The id of the role whose id begins so.
pub(super) async fn role_id(
    acl: &Acl,
    prefix: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let all = async {
        let all = acl.roles().list_with(options).await?.value;
        Ok(all.into_iter().map(|role| role.id).collect())
    };
    begun("role", prefix, all).await
}

/// The accessor id of the token whose accessor id begins so.
pub(super) async fn token(
    acl: &Acl,
    prefix: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    if prefix == "anonymous" {
        return Ok(ANONYMOUS_ACCESSOR.to_owned());
    }
    let all = async {
        let all = acl.tokens().list_with(options).await?.value;
        Ok(all.into_iter().map(|token| token.accessor_id).collect())
    };
    begun("token", prefix, all).await
}

/// The id of the binding rule whose id begins so.
pub(super) async fn binding_rule(
    acl: &Acl,
    prefix: &str,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let all = async {
        let all = acl.binding_rules().list_with(options).await?.value;
        Ok(all.into_iter().map(|rule| rule.id).collect())
    };
    begun("binding rule", prefix, all).await
}

/// The id that begins so; nothing is asked when it is whole.
async fn begun(
    what: &str,
    prefix: &str,
    all: impl Future<Output = Result<Vec<String>, Failure>>,
) -> Result<String, Failure> {
    if prefix.len() == ID_CHARS {
        return Ok(prefix.to_owned());
    }
    only(what, prefix, all.await?.into_iter())
}

/// The one id that begins so.
fn only(what: &str, prefix: &str, ids: impl Iterator<Item = String>) -> Result<String, Failure> {
    let mut found = ids.filter(|id| !prefix.is_empty() && id.starts_with(prefix));
    match (found.next(), found.next()) {
        (Some(id), None) => Ok(id),
        (None, _) => Err(missing(what, &format!("{prefix:?}"))),
        (Some(_), Some(_)) => Err(Failure::usage(format!(
            "more than one {what} has an id that begins with {prefix:?}"
        ))
        .with_next("the same command with more of the id")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use crate::exit::Exit;

    #[test]
    fn the_beginning_of_an_id_has_to_be_enough() {
        let only = |prefix| {
            let ids = ["ab1".to_owned(), "ab2".to_owned(), "b".to_owned()];
            super::only("role", prefix, ids.into_iter())
        };
        assert_eq!(only("ab2").ok().as_deref(), Some("ab2"));
        assert_eq!(only("ab").err().unwrap().exit(), Exit::Usage);
        assert_eq!(only("c").err().unwrap().exit(), Exit::NotFound);
        assert_eq!(only("").err().unwrap().exit(), Exit::NotFound);
    }
}
