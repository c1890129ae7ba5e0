//! Which Consul it is.

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use crate::server::locate::{self, Located};

/// The version that the tests are written for.
const VERSION: &str = "1.8.7";

/// The program of that version. Asked once in a process.
pub(super) fn locate() -> Located {
    static LOCATED: OnceLock<Located> = OnceLock::new();
    LOCATED
        .get_or_init(|| checked(locate::locate(super::PROGRAM), said))
        .clone()
}

fn checked(located: Located, said: impl Fn(&Path) -> Option<String>) -> Located {
    let Located::Found(path) = located else {
        return located;
    };
    match said(&path).as_deref().and_then(version) {
        Some(VERSION) => Located::Found(path),
        Some(other) => Located::Missing(format!("the consul here is {other}, not {VERSION}")),
        None => Located::Missing("the consul here does not say its version".to_owned()),
    }
}

/// What `consul version` prints.
fn said(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("version").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

/// The version in it: the first line is `Consul v1.8.7`.
fn version(said: &str) -> Option<&str> {
    said.lines().next()?.strip_prefix("Consul v").map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_counts_as_missing() {
        let consul = || Located::Found("/bin/consul".into());
        let check = |said: Option<&str>| checked(consul(), |_| said.map(str::to_owned));
        let missing = |reason: &str| Located::Missing(reason.to_owned());
        assert_eq!(
            check(Some("Consul v1.8.7\nProtocol 2 spoken by default\n")),
            consul()
        );
        let other = check(Some("Consul v1.20.1\nRevision 1\n"));
        assert_eq!(other, missing("the consul here is 1.20.1, not 1.8.7"));
        for nothing in [None, Some(""), Some("hello")] {
            assert_eq!(
                check(nothing),
                missing("the consul here does not say its version")
            );
        }
    }
}
