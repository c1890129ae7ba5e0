//! Whether a real server is on this machine, and where.

use std::env;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where a program is, or why it is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located {
    /// It is here.
    Found(PathBuf),
    /// It is nowhere; the reason, in words for whoever reads the outcome of the tests.
    Missing(String),
}

/// Looks for a program of a real server: in `$QUORATE_SERVERS/bin`, in
/// `~/.cache/quorate-servers/bin` (where `scripts/servers` puts it), and on `PATH`.
///
/// The names are those of the script: `consul`, `etcd-3.4`, `etcd-3.5`, `serf` and so on.
pub fn locate(program: &str) -> Located {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    Places {
        servers: variable("QUORATE_SERVERS"),
        home: variable("HOME"),
        path: variable("PATH"),
    }
    .locate(program)
}

/// Whether a missing server is a failure and no reason to leave a test out:
/// `QUORATE_REQUIRE_REAL=1`.
pub fn real_servers_required() -> bool {
    env::var("QUORATE_REQUIRE_REAL").is_ok_and(|value| !matches!(value.as_str(), "" | "0"))
}

/// The variables of the environment that say where to look.
struct Places {
    servers: Option<OsString>,
    home: Option<OsString>,
    path: Option<OsString>,
}

impl Places {
    fn locate(&self, program: &str) -> Located {
        let found = self
            .folders()
            .map(|folder| folder.join(program))
            .find(|path| runs(path));
        found.map(Located::Found).unwrap_or_else(|| {
            Located::Missing(format!(
                "no {program} in $QUORATE_SERVERS/bin, ~/.cache/quorate-servers/bin or $PATH: \
                 run scripts/servers"
            ))
        })
    }

    fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let servers = self
            .servers
            .iter()
            .map(|folder| Path::new(folder).join("bin"));
        let home = self.home.iter();
        let cache = home.map(|home| Path::new(home).join(".cache/quorate-servers/bin"));
        let path = self.path.iter().flat_map(|path| env::split_paths(path));
        servers.chain(cache).chain(path)
    }
}

fn runs(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn program(folder: &Path, mode: u32) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join("consul");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn the_nearest_place_that_has_the_program_wins() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| Some(root.path().join(name).into_os_string());
        let places = Places {
            servers: at("servers"),
            home: at("home"),
            path: at("path"),
        };
        assert!(matches!(places.locate("consul"), Located::Missing(_)));
        for folder in ["path", "home/.cache/quorate-servers/bin", "servers/bin"] {
            let expected = program(&root.path().join(folder), 0o755);
            assert_eq!(places.locate("consul"), Located::Found(expected));
        }
    }

    #[test]
    fn a_file_that_cannot_be_run_is_not_the_program() {
        let root = tempfile::tempdir().unwrap();
        program(root.path(), 0o644);
        let path = Some(root.path().as_os_str().to_owned());
        let places = Places {
            servers: None,
            home: None,
            path,
        };
        let Located::Missing(reason) = places.locate("consul") else {
            panic!("it was found")
        };
        assert!(reason.starts_with("no consul in ") && reason.contains("scripts/servers"));
    }
}
