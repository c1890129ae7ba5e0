//! Unix sockets with paths of any length, private to their user, and without stale files.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use quorate_net::transport::Stream;
use tokio::net::{UnixListener, UnixStream};

/// The longest path that `sun_path` takes on every system (macOS has 104 bytes, one for the zero).
const MAX_SOCKET_PATH: usize = 100;

/// A listening unix socket. Its file goes with it, unless somebody else has put another there.
#[derive(Debug)]
pub(crate) struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode of our file.
    identity: (u64, u64),
}

impl UnixSocket {
    /// Listens at `path` with permissions 0600. A socket file that nobody listens at any more is
    /// replaced; anything else that stands there is left alone and is an error.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        let short = ShortPath::of(path)?;
        remove_stale(path, &short.path)?;
        let listener = std::os::unix::net::UnixListener::bind(&short.path)?;
        // Between bind and this, the directory's own permissions protect the socket; a connection
        // made in that moment would be of a user who may enter the directory.
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        let file = fs::symlink_metadata(path)?;
        Ok(Self {
            listener: UnixListener::from_std(listener)?,
            path: path.to_owned(),
            identity: (file.dev(), file.ino()),
        })
    }

    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        self.listener.accept().await.map(|(stream, _)| stream)
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|file| (file.dev(), file.ino()) == self.identity);
        if ours {
            // A file that stays is found to be stale by whoever listens next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Connects to the socket at `path`, however long that is.
pub(crate) async fn connect_unix(path: &Path) -> io::Result<Stream> {
    let short = ShortPath::of(path)?;
    Ok(UnixStream::connect(&short.path).await?.into())
}

/// Removes the file of a socket that nobody listens at.
fn remove_stale(path: &Path, short: &Path) -> io::Result<()> {
    let file = match fs::symlink_metadata(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !file.file_type().is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket",
        ));
    }
    match std::os::unix::net::UnixStream::connect(short) {
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
    }
}

/// A path that fits into a socket address: long ones go through the descriptor of their directory.
struct ShortPath {
    path: PathBuf,
    /// Keeps the descriptor in `path` alive.
    _directory: Option<File>,
}

impl ShortPath {
    fn of(path: &Path) -> io::Result<Self> {
        if path.as_os_str().len() <= MAX_SOCKET_PATH {
            return Ok(Self {
                path: path.to_owned(),
                _directory: None,
            });
        }
        let too_long = || {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("the name of the socket is longer than {MAX_SOCKET_PATH} bytes"),
            )
        };
        let name = path.file_name().ok_or_else(too_long)?;
        let parent = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let directory = File::open(parent.unwrap_or(Path::new(".")))?;
        let through = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd()));
        let path = through.join(name);
        if path.as_os_str().len() > MAX_SOCKET_PATH || !through.exists() {
            return Err(too_long());
        }
        Ok(Self {
            path,
            _directory: Some(directory),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_socket_is_private_and_its_file_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let socket = UnixSocket::bind(&path).unwrap();
        assert_eq!(mode(&path), 0o600);
        let error = UnixSocket::bind(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(socket);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_file_is_replaced_and_another_file_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "the standard library leaves the file");
        let socket = UnixSocket::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "mine").unwrap();
        drop(socket);
        assert_eq!(fs::read(&path).unwrap(), b"mine", "not ours to remove");
        let error = UnixSocket::bind(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn a_path_longer_than_a_socket_address_works() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        let path = deep.join("agent.sock");
        let socket = UnixSocket::bind(&path).unwrap();
        let (near, far) = tokio::join!(connect_unix(&path), socket.accept());
        let (mut near, mut far) = (near.unwrap(), far.unwrap());
        near.write_all(b"x").await.unwrap();
        assert_eq!(far.read_u8().await.unwrap(), b'x');
        drop(socket);
        assert!(!path.exists());
        let long_name = folder.path().join("n".repeat(200));
        let error = UnixSocket::bind(&long_name).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
