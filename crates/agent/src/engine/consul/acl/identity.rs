use quorate_wire::consul::acl::{NodeIdentity, ServiceIdentity};

use super::refusal::AclRefusal;
use crate::quote::quote;

/// The longest name of an identity.
const MAX_NAME_BYTES: usize = 256;

/// Checks the identities of `owner`, which is a token or a role.
pub(super) fn check_services(
    identities: &[ServiceIdentity],
    owner: &str,
    local: bool,
) -> Result<(), AclRefusal> {
    for identity in identities {
        let name = &identity.service_name;
        if name.is_empty() {
            return Err(AclRefusal::Invalid(format!(
                "Service identity is missing the service name field on this {owner}"
            )));
        }
        if local && !identity.datacenters.is_empty() {
            return Err(AclRefusal::Invalid(format!(
                "Service identity {} cannot specify a list of datacenters on a local token",
                quote(name)
            )));
        }
        if !is_identity(name) {
            return Err(AclRefusal::Invalid(format!(
                "Service identity {} has an invalid name. \
                 Only alphanumeric characters, '-' and '_' are allowed",
                quote(name)
            )));
        }
    }
    Ok(())
}

/// Checks the identities of `owner`, which is a token or a role.
pub(super) fn check_nodes(identities: &[NodeIdentity], owner: &str) -> Result<(), AclRefusal> {
    for identity in identities {
        let missing = |field: &str| {
            AclRefusal::Invalid(format!(
                "Node identity is missing the {field} field on this {owner}"
            ))
        };
        if identity.node_name.is_empty() {
            return Err(missing("node name"));
        }
        if identity.datacenter.is_empty() {
            return Err(missing("datacenter"));
        }
        if !is_identity(&identity.node_name) {
            return Err(AclRefusal::invalid(
                "Node identity has an invalid name. \
                 Only alphanumeric characters, '-' and '_' are allowed",
            ));
        }
    }
    Ok(())
}

/// Lower case letters and digits, and within them `-` and `_`.
fn is_identity(name: &str) -> bool {
    let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.as_bytes();
    (1..=MAX_NAME_BYTES).contains(&bytes.len())
        && bytes.iter().all(|byte| end(byte) || b"-_".contains(byte))
        && bytes.first().is_some_and(end)
        && bytes.last().is_some_and(end)
}

/// Makes one of those with the same name: it holds wherever one of them does.
pub(super) fn dedupe_services(mut identities: Vec<ServiceIdentity>) -> Vec<ServiceIdentity> {
    if identities.len() < 2 {
        return identities;
    }
    identities.sort_by(|one, other| one.service_name.cmp(&other.service_name));
    let mut merged: Vec<ServiceIdentity> = Vec::with_capacity(identities.len());
    for identity in identities {
        match merged.last_mut() {
            Some(last) if last.service_name == identity.service_name => {
                let (ours, theirs) = (&mut last.datacenters, identity.datacenters);
                if ours.is_empty() || theirs.is_empty() {
                    ours.clear();
                } else {
                    ours.extend(theirs);
                    ours.sort_unstable();
                    ours.dedup();
                }
            }
            _ => merged.push(identity),
        }
    }
    merged
}

/// Leaves out those that are there twice.
pub(super) fn dedupe_nodes(mut identities: Vec<NodeIdentity>) -> Vec<NodeIdentity> {
    if identities.len() > 1 {
        identities.sort_by(|one, other| {
            let key = |it: &NodeIdentity| (it.node_name.clone(), it.datacenter.clone());
            key(one).cmp(&key(other))
        });
        identities.dedup();
    }
    identities
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_of_two_scopes_has_the_greater_one() {
        let in_datacenters = |names: &[&str]| {
            let web = ServiceIdentity::new("web");
            names.iter().fold(web, |it, name| it.with_datacenter(*name))
        };
        let merged = |one: &[&str], other: &[&str]| {
            let list = vec![in_datacenters(one), in_datacenters(other)];
            dedupe_services(list)
        };
        assert_eq!(merged(&["b"], &[]), [in_datacenters(&[])]);
        assert_eq!(merged(&["b"], &["a", "b"]), [in_datacenters(&["a", "b"])]);
        let alone = vec![in_datacenters(&["b", "a"])];
        assert_eq!(dedupe_services(alone.clone()), alone);
    }

    #[test]
    fn names_begin_and_end_with_a_letter_or_digit() {
        for good in ["a", "a-b_c", "0"] {
            assert!(is_identity(good), "{good}");
        }
        for bad in ["", "A", "a-", "_a", "a b", "ä"] {
            assert!(!is_identity(bad), "{bad}");
        }
    }
}
