//! Files with secrets: whole or not there, and only for their owner.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::failure::Failure;

/// Readable and writable by the owner, and by nobody else.
const OWNER_ONLY: u32 = 0o600;

/// Whether a file may be put at `path`: what is there may be a file or nothing.
pub(crate) fn check(path: &Path) -> Result<(), Failure> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => {
            Err(Failure::usage(format!("{} is no file", path.display())))
        }
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder(path);
            match fs::metadata(folder) {
                Ok(found) if found.is_dir() => Ok(()),
                _ => Err(Failure::usage(format!(
                    "{} is no directory",
                    folder.display()
                ))),
            }
        }
        Err(error) => Err(failed(path, error)),
    }
}

/// Puts `bytes` into the file at `path`, in place of what was there: a reader sees the old content
/// or the new, never a part, and nobody but the owner ever sees either.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let draft = draft(path);
    let written = write_new(&draft, bytes).and_then(|()| fs::rename(&draft, path));
    written.map_err(|error| {
        // What is left of it may hold the secret. If it can't be removed, there is none.
        let _ = fs::remove_file(&draft);
        failed(path, error)
    })
}

fn write_new(draft: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(OWNER_ONLY);
    let mut file = options.open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name beside `path` that nobody else uses.
fn draft(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    folder(path).join(format!(".{name}.{}.new", std::process::id()))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn failed(path: &Path, error: io::Error) -> Failure {
    Failure::caused(Exit::Failure, error).context(format!("write {}", path.display()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_replaces_the_old_one_and_only_its_owner_reads_it() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("token");
        fs::write(&path, "an older and longer one").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(check(&path).is_ok());
        write(&path, b"new").ok().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, OWNER_ONLY);
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1, "no draft");
    }

    #[test]
    fn where_no_file_can_be_is_known_before() {
        let home = tempfile::tempdir().unwrap();
        assert!(check(home.path()).is_err());
        assert!(check(&home.path().join("none/token")).is_err());
        assert!(check(&home.path().join("token")).is_ok());
        assert!(write(&home.path().join("none/token"), b"x").is_err());
    }
}
