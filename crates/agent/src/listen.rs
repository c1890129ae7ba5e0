//! Listeners: TCP, unix sockets, and connections within the process.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use quorate_net::transport::{MemoryListener, Stream};
use tokio::net::TcpListener;

use crate::config::Listen;
use crate::error::AgentError;

#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub(crate) use unix::{UnixSocket, connect_unix};

/// Other systems have no unix sockets here: their data directories have one process each.
#[cfg(not(unix))]
pub(crate) async fn connect_unix(_: &Path) -> io::Result<Stream> {
    Err(io::ErrorKind::ConnectionRefused.into())
}

/// Where an agent really listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound(Place);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl Bound {
    /// The TCP address with the port that was taken; `None` for a unix socket.
    #[must_use]
    pub fn addr(&self) -> Option<SocketAddr> {
        match &self.0 {
            Place::Tcp(address) => Some(*address),
            Place::Unix(_) => None,
        }
    }

    /// The path of the unix socket; `None` for TCP.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Place::Tcp(_) => None,
            Place::Unix(path) => Some(path),
        }
    }

    /// The address for a client: `http://127.0.0.1:8500` or `unix:///path`.
    #[must_use]
    pub fn url(&self) -> String {
        match &self.0 {
            Place::Tcp(address) => format!("http://{address}"),
            Place::Unix(path) => format!("unix://{}", path.display()),
        }
    }
}

impl fmt::Display for Bound {
    /// The same as [`Bound::url`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url())
    }
}

/// A listener of any kind.
#[derive(Debug)]
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
    Memory(MemoryListener),
}

impl Listener {
    /// Listens at `listen`.
    pub(crate) async fn bind(listen: &Listen) -> Result<(Self, Bound), AgentError> {
        let fail = |error: io::Error| match error.kind() {
            io::ErrorKind::AddrInUse => AgentError::AddressInUse {
                listen: listen.to_string(),
            },
            _ => AgentError::Listen {
                listen: listen.to_string(),
                source: error,
            },
        };
        match listen {
            Listen::Tcp(address) => {
                let listener = TcpListener::bind(address).await.map_err(fail)?;
                let bound = Bound(Place::Tcp(listener.local_addr().map_err(fail)?));
                Ok((Self::Tcp(listener), bound))
            }
            #[cfg(unix)]
            Listen::Unix(path) => {
                let socket = UnixSocket::bind(path).map_err(fail)?;
                Ok((Self::Unix(socket), Bound(Place::Unix(path.clone()))))
            }
            #[cfg(not(unix))]
            Listen::Unix(_) => Err(fail(io::ErrorKind::Unsupported.into())),
        }
    }

    /// The next connection; `None` when there will be no more.
    ///
    /// # Cancel safety
    /// Safe: no connection is lost.
    pub(crate) async fn accept(&mut self) -> Option<io::Result<Stream>> {
        match self {
            Self::Tcp(listener) => Some(listener.accept().await.map(|(stream, _)| {
                // Answers are written whole: waiting to fill a segment only adds delay. A socket
                // that died meanwhile is found out by its first read.
                let _ = stream.set_nodelay(true);
                Stream::from(stream)
            })),
            #[cfg(unix)]
            Self::Unix(socket) => Some(socket.accept().await.map(Stream::from)),
            Self::Memory(listener) => listener.accept().await.map(Ok),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn port_zero_takes_a_free_port_and_says_which() {
        let (_listener, bound) = Listener::bind(&"127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let port = bound.addr().unwrap().port();
        assert_ne!(port, 0);
        assert_eq!(bound.url(), format!("http://127.0.0.1:{port}"));
        assert_eq!(bound.path(), None);
    }

    #[tokio::test]
    async fn a_port_in_use_is_a_typed_error() {
        let (_first, bound) = Listener::bind(&"127.0.0.1:0".parse().unwrap())
            .await
            .unwrap();
        let again = Listen::Tcp(bound.addr().unwrap());
        let error = Listener::bind(&again).await.unwrap_err();
        assert!(matches!(error, AgentError::AddressInUse { .. }), "{error}");
    }
}
