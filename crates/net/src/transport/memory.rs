//! Connections within the process.

use std::io;

use tokio::sync::mpsc;

use super::{BoxFuture, Dial, Stream};
use crate::endpoint::Endpoint;

/// Bytes that one direction of a connection holds before its writer waits.
const BUFFER: usize = 64 * 1024;
/// Connections that wait to be accepted before dialling waits too.
const BACKLOG: usize = 128;

/// A dialer and the listener that its connections arrive at, without a socket.
///
/// ```
/// use quorate_net::endpoint::Endpoint;
/// use quorate_net::transport::{Dial, memory};
/// use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let (dialer, mut listener) = memory();
/// let mut client = dialer.dial(&Endpoint::memory()).await?;
/// let mut server = listener.accept().await.expect("the dialer is there");
///
/// client.write_all(b"hello").await?;
/// let mut heard = [0; 5];
/// server.read_exact(&mut heard).await?;
/// assert_eq!(&heard, b"hello");
/// # Ok(())
/// # }
/// ```
pub fn memory() -> (MemoryDialer, MemoryListener) {
    let (sender, receiver) = mpsc::channel(BACKLOG);
    (MemoryDialer(sender), MemoryListener(receiver))
}

/// Connects to a [`MemoryListener`], whatever the endpoint says.
#[derive(Clone, Debug)]
pub struct MemoryDialer(mpsc::Sender<Stream>);

impl Dial for MemoryDialer {
    /// Fails with `ConnectionRefused` once the listener has gone.
    fn dial<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async {
            let (near, far) = tokio::io::duplex(BUFFER);
            match self.0.send(Stream::from(far)).await {
                Ok(()) => Ok(Stream::from(near)),
                Err(_) => Err(io::ErrorKind::ConnectionRefused.into()),
            }
        })
    }
}

/// Accepts the connections of its [`MemoryDialer`]s.
#[derive(Debug)]
pub struct MemoryListener(mpsc::Receiver<Stream>);

impl MemoryListener {
    /// The next connection; `None` when every dialer has gone.
    ///
    /// # Cancel safety
    ///
    /// Safe: a connection that was not returned is returned by the next call.
    pub async fn accept(&mut self) -> Option<Stream> {
        self.0.recv().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn carries_bytes_both_ways() {
        let (dialer, mut listener) = memory();
        let mut near = dialer.clone().dial(&Endpoint::memory()).await.unwrap();
        let mut far = listener.accept().await.unwrap();
        near.write_all(b"ping").await.unwrap();
        let mut got = [0; 4];
        far.read_exact(&mut got).await.unwrap();
        far.write_all(&got).await.unwrap();
        near.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"ping");
    }

    #[tokio::test]
    async fn refuses_when_the_listener_has_gone_and_ends_when_the_dialers_have() {
        let (dialer, listener) = memory();
        drop(listener);
        let error = dialer.dial(&Endpoint::memory()).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        let (dialer, mut listener) = memory();
        drop(dialer);
        assert!(listener.accept().await.is_none());
    }
}
