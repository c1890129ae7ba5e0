//! The environment as a layer: `PREFIX_CATEGORY__PARAMETER`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use super::{ConfigError, Origin, Parameter};

/// What stands between two segments of a path in the name of a variable.
const BETWEEN: &str = "__";

/// The parameters that the variables name. Where a lower layer has a parameter or a category that
/// a name can mean, that one is meant, whatever its case; what no layer knows is in lower case.
pub(super) fn read(
    prefix: &str,
    variables: &[(OsString, OsString)],
    lower: &BTreeMap<String, Parameter>,
) -> Result<BTreeMap<String, Parameter>, ConfigError> {
    let known = known(lower);
    let mut found = BTreeMap::new();
    for (name, value) in variables {
        let Some(name) = name.to_str() else { continue };
        let Some(path) = path(prefix, name, &known) else {
            continue;
        };
        let Some(value) = value.to_str() else {
            let message = format!("the value of ${name} is no UTF-8 text");
            return Err(ConfigError::usage(message));
        };
        let origin = Origin::Environment(name.to_owned());
        let parameter = Parameter::new(value.to_owned().into(), origin, None);
        if let Some(other) = found.insert(path.clone(), parameter) {
            let message = format!("${name} and {} both name `{path}`", other.origin);
            return Err(ConfigError::usage(message));
        }
    }
    Ok(found)
}

/// Every path that is known, and every category above it, by what names it in the environment.
fn known(lower: &BTreeMap<String, Parameter>) -> BTreeMap<String, String> {
    let mut known = BTreeMap::new();
    for path in lower.keys() {
        let ends = path.match_indices('/').map(|(at, _)| at);
        for end in ends.chain([path.len()]) {
            let real = &path[..end];
            known
                .entry(name_of(real))
                .or_insert_with(|| real.to_owned());
        }
    }
    known
}

/// How the environment names a path: `HTTP/max-body` is `HTTP__MAX_BODY`.
pub(super) fn name_of(path: &str) -> String {
    let segments = path.split('/').map(|segment| {
        let letters = segment.chars().map(|c| match c {
            c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
            _ => '_',
        });
        letters.collect::<String>()
    });
    segments.collect::<Vec<_>>().join(BETWEEN)
}

fn path(prefix: &str, name: &str, known: &BTreeMap<String, String>) -> Option<String> {
    let rest = name.strip_prefix(prefix)?.strip_prefix('_')?;
    let mut path = String::new();
    let mut spelled = String::new();
    for segment in rest.split(BETWEEN) {
        // With three of them in a row nobody can tell where the segment begins.
        if segment.is_empty() || segment.starts_with('_') {
            return None;
        }
        if !spelled.is_empty() {
            spelled.push_str(BETWEEN);
        }
        spelled.push_str(&name_of(segment));
        match known.get(&spelled) {
            Some(real) => path.clone_from(real),
            None if path.is_empty() => path = segment.to_lowercase(),
            None => path = format!("{path}/{}", segment.to_lowercase()),
        }
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(
        variables: &[(&str, &str)],
        lower: &[&str],
    ) -> Result<Vec<(String, String)>, ConfigError> {
        let variables: Vec<_> = variables
            .iter()
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        let parameter = || Parameter::new("".into(), Origin::Defaults, None);
        let lower = lower.iter().map(|path| ((*path).to_owned(), parameter()));
        let found = read("APP", &variables, &lower.collect())?;
        let text = |p: Parameter| p.text().unwrap().to_owned();
        Ok(found.into_iter().map(|(path, p)| (path, text(p))).collect())
    }

    #[test]
    fn a_name_means_the_parameter_that_is_known_whatever_its_case() {
        let variables = [
            ("APP_HTTP__MAX_BODY", "1"),
            ("APP_HTTP__TIMEOUT", "2"),
            ("APP_DEBUG", "3"),
            ("APP_NEW__DEEP__ONE", "4"),
            ("APPLE_HTTP__PORT", "no"),
            ("APP__X", "no"),
            ("APP_A____B", "no"),
        ];
        let found = read_from(&variables, &["HTTP/max-body", "Debug"]).unwrap();
        let expected = [
            ("Debug", "3"),
            ("HTTP/max-body", "1"),
            ("HTTP/timeout", "2"),
            ("new/deep/one", "4"),
        ];
        let expected = expected.map(|(path, value)| (path.to_owned(), value.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn two_names_of_one_parameter_are_refused() {
        let error = read_from(&[("APP_DEBUG", "1"), ("APP_Debug", "2")], &[]).unwrap_err();
        assert!(error.to_string().contains("both name `debug`"), "{error}");
    }
}
