//! What keys are called in the environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use crate::exit::Exit;
use crate::failure::Failure;

/// Variables by their names.
pub(crate) type Variables = BTreeMap<String, OsString>;

/// The variables that the keys beneath `path` are.
pub(crate) fn variables<'a>(
    path: &str,
    keys: impl Iterator<Item = (&'a str, &'a [u8])>,
    prefix: &str,
    join: &str,
) -> Result<Variables, Failure> {
    let mut sources: BTreeMap<String, &str> = BTreeMap::new();
    let mut variables = Variables::new();
    for (key, value) in keys {
        let relative = key.strip_prefix(path).unwrap_or(key);
        if relative.is_empty() || relative.ends_with('/') || is_own(relative) {
            continue;
        }
        let name = name(relative, prefix, join);
        if name.contains(['=', '\0']) || value.contains(&0) {
            return Err(refuse(format!(
                "key {key} has a NUL byte, which no variable can hold"
            )));
        }
        if let Some(other) = sources.insert(name.clone(), key) {
            return Err(refuse(format!(
                "the keys {other} and {key} are both called {name}"
            )));
        }
        variables.insert(name, OsString::from_vec(value.to_vec()));
    }
    Ok(variables)
}

fn refuse(message: String) -> Failure {
    Failure::new(Exit::Failure, message)
}

/// Whether a key is the tree's own, or a lock.
fn is_own(relative: &str) -> bool {
    let name = relative.rsplit('/').next().unwrap_or_default();
    matches!(name, ".tree" | ".lock")
}

fn name(relative: &str, prefix: &str, join: &str) -> String {
    let mut name = prefix.to_owned();
    for (at, segment) in relative.split('/').enumerate() {
        if at > 0 {
            name.push_str(join);
        }
        name.extend(segment.chars().map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        }));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    name
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn named(keys: &[&str], prefix: &str, join: &str) -> Result<Vec<String>, String> {
        let keys = keys.iter().map(|key| (*key, &b"v"[..]));
        match variables("app/", keys, prefix, join) {
            Ok(found) => Ok(found.into_keys().collect()),
            Err(failure) => Err(failure.view().error.message),
        }
    }

    #[test]
    fn a_key_becomes_a_name_that_every_shell_knows() {
        let keys = [
            "app/HTTP/max-body",
            "app/1st",
            "app/a.b ö",
            "app/l/1",
            "app/l/.tree",
            "app/d/",
        ];
        let expected = ["A_B__", "HTTP_MAX_BODY", "L_1", "_1ST"].map(str::to_owned);
        assert_eq!(named(&keys, "", "_").unwrap(), expected);
        let expected = ["MY_A__B".to_owned()];
        assert_eq!(named(&["app/a/b"], "MY_", "__").unwrap(), expected);
    }

    #[test]
    fn two_keys_of_one_name_are_refused() {
        let said = named(&["app/a-b", "app/a_b"], "", "_").unwrap_err();
        assert!(
            said.contains("app/a-b and app/a_b are both called A_B"),
            "{said}"
        );
    }

    #[test]
    fn what_no_variable_can_hold_is_refused() {
        let keys = [("app/a", &b"x\0y"[..])];
        assert!(variables("app/", keys.into_iter(), "", "_").is_err());
        assert!(named(&["app/a/b"], "", "=").is_err());
    }
}
