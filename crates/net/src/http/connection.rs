//! One connection to one server.

use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::Instant;

use super::upload::RequestBody;
use crate::transport::Stream;

/// A connection that is driven by whoever uses it: there is no task beside it. That saves two
/// switches between tasks for each request, and dropping it is all it takes to close it.
pub(super) struct Connection {
    sender: SendRequest<RequestBody>,
    /// `None` once the connection has ended.
    driver: Option<Box<Driver>>,
    written: Written,
    /// Since when it waits in the pool.
    pub(super) idle_since: Instant,
    /// Whether it has carried a request before.
    pub(super) reused: bool,
}

type Driver = http1::Connection<TokioIo<Counted>, RequestBody>;

impl Connection {
    pub(super) async fn new(stream: Stream) -> hyper::Result<Self> {
        let written = Written::default();
        let counted = Counted {
            stream,
            written: written.clone(),
        };
        let (sender, driver) = http1::handshake(TokioIo::new(counted)).await?;
        let driver = Some(Box::new(driver));
        Ok(Self {
            sender,
            driver,
            written,
            idle_since: Instant::now(),
            reused: false,
        })
    }

    /// The bytes handed to the transport so far.
    pub(super) fn written(&self) -> &Written {
        &self.written
    }

    /// Lets the connection read and write what it can now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if let Some(driver) = &mut self.driver
            && Pin::new(driver).poll(cx).is_ready()
        {
            // Errors reach whoever waits for a response or a body. Dropping the driver lets go of
            // a request that it had not taken up, which then comes back unsent.
            self.driver = None;
        }
    }

    /// Whether it can carry another request, as far as can be seen without waiting.
    pub(super) async fn is_usable(&mut self) -> bool {
        poll_fn(|cx| {
            self.drive(cx);
            Poll::Ready(())
        })
        .await;
        self.driver.is_some() && self.sender.is_ready()
    }

    /// Sends a request and waits for the head of its response.
    pub(super) async fn request(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, hyper::Error> {
        let mut response = pin!(self.sender.try_send_request(request));
        let response = poll_fn(|cx| {
            self.drive(cx);
            response.as_mut().poll(cx)
        });
        response.await.map_err(|error| error.into_error())
    }

    /// The next frame of a body that this connection carries.
    pub(super) fn poll_frame(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        // Often the frame has come together with the head.
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        self.drive(cx);
        let frame = ready!(Pin::new(body).poll_frame(cx));
        Poll::Ready(frame)
    }
}

/// The number of bytes handed to a transport. As long as it does not move, no server can have
/// seen anything.
#[derive(Clone, Debug, Default)]
pub(super) struct Written(Arc<AtomicU64>);

impl Written {
    pub(super) fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }

    fn add(&self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Ok(count)) = result {
            // Only compared, so that an overflow after 16 exbibytes does no harm.
            self.0
                .fetch_add(u64::try_from(*count).unwrap_or(u64::MAX), Relaxed);
        }
    }
}

/// A stream whose written bytes are counted.
struct Counted {
    stream: Stream,
    written: Written,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        self.written.add(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        self.written.add(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
