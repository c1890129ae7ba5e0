//! Where the embedded agent keeps its data.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::{query, refuse};
use crate::{Error, Result};

/// The directory that `embedded:` means: `$QUORATE_DATA`, else `$XDG_DATA_HOME/quorate`, else
/// `$HOME/.local/share/quorate`.
///
/// # Errors
/// `InvalidArgument` if none of the three variables is set.
pub fn user_data_dir() -> Result<PathBuf> {
    choose(|name| env::var_os(name))
}

fn choose(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf> {
    let path = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    if let Some(dir) = path("QUORATE_DATA") {
        return Ok(dir);
    }
    // The XDG specification says to ignore relative paths.
    if let Some(dir) = path("XDG_DATA_HOME").filter(|dir| dir.is_absolute()) {
        return Ok(dir.join("quorate"));
    }
    if let Some(home) = path("HOME") {
        return Ok(home.join(".local/share/quorate"));
    }
    let detail = "set QUORATE_DATA, or name the directory: embedded:DIR";
    Err(Error::invalid("find the user's data directory", detail))
}

/// What stands behind `embedded:`.
pub(super) fn parse(url: &str, rest: &str) -> Result<Option<PathBuf>> {
    let path = match rest.strip_prefix("//") {
        None => rest,
        Some("") => "",
        Some(path) if path.starts_with('/') => path,
        Some(_) => {
            return Err(refuse(
                url,
                "write `embedded:DIR`, or `embedded:///DIR` for an absolute one",
            ));
        }
    };
    match path {
        "" => Ok(None),
        path => Ok(Some(PathBuf::from(query::decode(url, path)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Option<String> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        choose(find).ok().map(|dir| dir.display().to_string())
    }

    #[test]
    fn the_first_variable_that_is_set_decides() {
        let all = [
            ("QUORATE_DATA", "/q"),
            ("XDG_DATA_HOME", "/x"),
            ("HOME", "/h"),
        ];
        assert_eq!(chosen(&all).unwrap(), "/q");
        assert_eq!(chosen(&all[1..]).unwrap(), "/x/quorate");
        assert_eq!(chosen(&all[2..]).unwrap(), "/h/.local/share/quorate");
        assert_eq!(chosen(&[]), None);
        assert_eq!(
            chosen(&[("QUORATE_DATA", ""), ("HOME", "/h")]).unwrap(),
            "/h/.local/share/quorate"
        );
        assert_eq!(
            chosen(&[("XDG_DATA_HOME", "rel"), ("HOME", "/h")]).unwrap(),
            "/h/.local/share/quorate"
        );
    }
}
