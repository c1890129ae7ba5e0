//! Connections: over TCP, unix sockets, within the process, and TLS on top of any of them.
//!
//! A client dials by itself, from what the [`Endpoint`] says. Give it a [`Dial`] to connect in
//! another way, for example through a tunnel or to a server in the same process ([`memory`]).

mod connector;
mod memory;
mod stream;
mod tcp;

use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use crate::endpoint::Endpoint;

pub use connector::{Connector, Protocol};
pub use memory::{MemoryDialer, MemoryListener, memory};
pub use stream::Stream;

/// A boxed future that may move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Makes the connections of a client.
///
/// TLS is not its business: for an `https` endpoint the client does the handshake on top of the
/// stream that was dialled.
pub trait Dial: Send + Sync + fmt::Debug {
    /// Connects to `endpoint`. The client's connect timeout covers this call.
    ///
    /// # Errors
    ///
    /// Any I/O error; the client then tries the next endpoint, or this one again later.
    ///
    /// # Cancel safety
    ///
    /// The future is dropped when the time to connect is over or the caller loses interest. It
    /// must leave nothing behind.
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>>;
}

/// What is shared dials as what it shares, so that a client takes either.
impl<T: Dial + ?Sized> Dial for Arc<T> {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        (**self).dial(endpoint)
    }
}
