//! One type for every kind of connection.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;

/// A connection in both directions, whatever carries it.
///
/// The kinds that quorate makes itself cost no allocation and no virtual call.
pub struct Stream(Kind);

enum Kind {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
    Memory(DuplexStream),
    Tls(Box<TlsStream<Stream>>),
    Other(Box<dyn Duplex>),
}

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Stream {
    /// Wraps any connection. `TcpStream`, `UnixStream` and `DuplexStream` have a `From` that
    /// costs less.
    pub fn new(inner: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self(Kind::Other(Box::new(inner)))
    }

    pub(crate) fn tls(inner: TlsStream<Stream>) -> Self {
        Self(Kind::Tls(Box::new(inner)))
    }
}

impl From<TcpStream> for Stream {
    fn from(inner: TcpStream) -> Self {
        Self(Kind::Tcp(inner))
    }
}

#[cfg(unix)]
impl From<UnixStream> for Stream {
    fn from(inner: UnixStream) -> Self {
        Self(Kind::Unix(inner))
    }
}

impl From<DuplexStream> for Stream {
    fn from(inner: DuplexStream) -> Self {
        Self(Kind::Memory(inner))
    }
}

/// Calls a method on the stream inside, pinned.
macro_rules! inner {
    ($self:ident, $stream:ident => $call:expr) => {
        match &mut $self.get_mut().0 {
            Kind::Tcp(inner) => {
                let $stream = Pin::new(inner);
                $call
            }
            #[cfg(unix)]
            Kind::Unix(inner) => {
                let $stream = Pin::new(inner);
                $call
            }
            Kind::Memory(inner) => {
                let $stream = Pin::new(inner);
                $call
            }
            Kind::Tls(inner) => {
                let $stream = Pin::new(&mut **inner);
                $call
            }
            Kind::Other(inner) => {
                let $stream = Pin::new(&mut **inner);
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        inner!(self, stream => stream.poll_read(cx, buf))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        inner!(self, stream => stream.poll_write(cx, buf))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inner!(self, stream => stream.poll_write_vectored(cx, bufs))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.0 {
            Kind::Tcp(inner) => inner.is_write_vectored(),
            #[cfg(unix)]
            Kind::Unix(inner) => inner.is_write_vectored(),
            Kind::Memory(inner) => inner.is_write_vectored(),
            Kind::Tls(inner) => inner.is_write_vectored(),
            Kind::Other(inner) => inner.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, stream => stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        inner!(self, stream => stream.poll_shutdown(cx))
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Kind::Tcp(_) => "Stream(tcp)",
            #[cfg(unix)]
            Kind::Unix(_) => "Stream(unix)",
            Kind::Memory(_) => "Stream(memory)",
            Kind::Tls(_) => "Stream(tls)",
            Kind::Other(_) => "Stream(other)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test]
    async fn any_duplex_stream_can_be_wrapped() {
        let (near, far) = tokio::io::duplex(64);
        let (mut near, mut far) = (Stream::new(near), Stream::from(far));
        near.write_all(b"ping").await.unwrap();
        near.shutdown().await.unwrap();
        let mut text = String::new();
        far.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "ping");
        assert_eq!(format!("{near:?} {far:?}"), "Stream(other) Stream(memory)");
    }
}
