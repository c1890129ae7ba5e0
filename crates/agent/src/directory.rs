//! The data directory: one owner at a time, an identity that stays, and a socket for the others.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::AgentError;
use crate::identity::new_node_id;

/// The file whose lock makes a process the owner. It holds the owner's process id.
const LOCK_FILE: &str = "lock";
/// The file with the node's UUID.
const NODE_ID_FILE: &str = "node-id";
/// The socket that the owner serves for other processes.
const SOCKET_FILE: &str = "agent.sock";
/// More than any process id or UUID takes.
const MAX_FILE_BYTES: u64 = 256;

/// A data directory that this process owns until the value is dropped. The system ends the
/// ownership of a process that dies.
#[derive(Debug)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    lock: File,
}

impl DataDirectory {
    /// Makes the directory if need be, and becomes its owner.
    pub(crate) fn own(path: &Path) -> Result<Self, AgentError> {
        let fail = |path: &Path| {
            let path = path.to_owned();
            move |source| AgentError::Directory { path, source }
        };
        create_private(path).map_err(fail(path))?;
        let file = path.join(LOCK_FILE);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut lock = private(&mut options).open(&file).map_err(fail(&file))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(AgentError::DirectoryOwned {
                    path: path.to_owned(),
                    owner: read_text(&mut lock)
                        .ok()
                        .and_then(|id| id.trim().parse().ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(fail(&file)(error)),
        }
        // The id only makes the error of other processes friendlier.
        let _ = overwrite(&mut lock, &format!("{}\n", std::process::id()));
        Ok(Self {
            path: path.to_owned(),
            lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where the owner listens for other processes.
    pub(crate) fn socket(&self) -> PathBuf {
        socket_of(&self.path)
    }

    /// The UUID of the node that lives here, made when it is asked for first.
    pub(crate) fn node_id(&self) -> Result<String, AgentError> {
        let file = self.path.join(NODE_ID_FILE);
        let fail = |source| AgentError::Directory {
            path: file.clone(),
            source,
        };
        match File::open(&file).and_then(|mut file| read_text(&mut file)) {
            Ok(text) if is_uuid(text.trim()) => return Ok(text.trim().to_owned()),
            Ok(_) => {
                return Err(fail(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "it is no UUID",
                )));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
        let id = new_node_id();
        write_atomically(&self.path, &file, &format!("{id}\n")).map_err(fail)?;
        Ok(id)
    }
}

impl Drop for DataDirectory {
    fn drop(&mut self) {
        // Closing the file would do; this also frees it from copies that a child process inherits.
        let _ = self.lock.unlock();
    }
}

/// The socket that the owner of the data directory at `path` serves.
pub(crate) fn socket_of(path: &Path) -> PathBuf {
    path.join(SOCKET_FILE)
}

fn create_private(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn read_text(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.take(MAX_FILE_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

fn overwrite(file: &mut File, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(text.as_bytes())
}

/// Writes a file that is either whole or not there, also after a crash.
fn write_atomically(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    let mut file = private(&mut options).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let owner = DataDirectory::own(&path).unwrap();
        match DataDirectory::own(&path) {
            Err(AgentError::DirectoryOwned { owner, .. }) => {
                assert_eq!(owner, Some(std::process::id()));
            }
            other => panic!("{other:?}"),
        }
        drop(owner);
        DataDirectory::own(&path).unwrap();
    }

    #[test]
    fn the_identity_stays() {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::own(folder.path()).unwrap();
        let id = directory.node_id().unwrap();
        assert!(is_uuid(&id), "{id}");
        assert_eq!(directory.node_id().unwrap(), id);
        fs::write(folder.path().join(NODE_ID_FILE), "junk").unwrap();
        let error = directory.node_id().unwrap_err();
        assert!(error.to_string().contains(NODE_ID_FILE), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn what_the_agent_makes_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let directory = DataDirectory::own(&path).unwrap();
        directory.node_id().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&path.join(LOCK_FILE)), 0o600);
        assert_eq!(mode(&path.join(NODE_ID_FILE)), 0o600);
    }

    #[test]
    fn a_path_that_can_be_no_directory_says_so() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = DataDirectory::own(&file.path().join("x")).unwrap_err();
        assert!(matches!(error, AgentError::Directory { .. }), "{error:?}");
    }
}
