//! One call to a server in memory, and every way to answer it.

use std::future::poll_fn;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, HeaderValue, Request, Response};
use quorate_etcd_proto::prost::Message;

use super::Connection;

/// The byte and the length before each message.
const PREFIX: usize = 5;

/// One call. Dropped without an answer it is reset, as by a server that forgot it.
#[derive(Debug)]
pub struct Call {
    /// The method: `/etcdserverpb.KV/Range`.
    pub path: String,
    /// The metadata.
    pub headers: HeaderMap,
    /// The connection that it came on.
    pub connection: Connection,
    body: RecvStream,
    unread: BytesMut,
    respond: SendResponse<Bytes>,
    out: Option<SendStream<Bytes>>,
}

impl Call {
    pub(super) fn new(
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
        connection: Connection,
    ) -> Self {
        let (head, body) = request.into_parts();
        Self {
            path: head.uri.path().to_owned(),
            headers: head.headers,
            connection,
            body,
            unread: BytesMut::new(),
            respond,
            out: None,
        }
    }

    /// Whether the path ends with this: "Range".
    pub fn is(&self, method: &str) -> bool {
        self.path.ends_with(method)
    }

    /// The value of a metadata entry.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next message of the client; `None` if none comes any more, or it is not one of these.
    pub async fn next<M: Message + Default>(&mut self) -> Option<M> {
        let bytes = self.next_bytes().await?;
        M::decode(bytes).ok()
    }

    async fn next_bytes(&mut self) -> Option<Bytes> {
        loop {
            if self.unread.len() >= PREFIX {
                let length = (&self.unread[1..PREFIX]).get_u32();
                let end = PREFIX + usize::try_from(length).ok()?;
                if self.unread.len() >= end {
                    let mut message = self.unread.split_to(end);
                    message.advance(PREFIX);
                    return Some(message.freeze());
                }
            }
            let data = self.body.data().await?.ok()?;
            let _ = self.body.flow_control().release_capacity(data.len());
            self.unread.extend_from_slice(&data);
        }
    }

    /// Sends a message.
    pub fn say<M: Message>(&mut self, message: &M) {
        self.send(frame(message));
    }

    /// Sends a message in pieces of some bytes each, one DATA frame a piece.
    pub fn say_in_pieces<M: Message>(&mut self, message: &M, piece: usize) {
        let mut bytes = frame(message);
        while !bytes.is_empty() {
            let size = piece.clamp(1, bytes.len());
            self.send(bytes.split_to(size));
        }
    }

    /// Sends these bytes as a DATA frame, whatever they are.
    pub fn send(&mut self, bytes: Bytes) {
        if let Some(out) = self.out() {
            // The client may have left.
            let _ = out.send_data(bytes, false);
        }
    }

    /// Begins the answer: its head, without a message.
    pub fn begin(&mut self) {
        self.out();
    }

    fn out(&mut self) -> Option<&mut SendStream<Bytes>> {
        if self.out.is_none() {
            self.out = self.respond.send_response(head(), false).ok();
        }
        self.out.as_mut()
    }

    /// Ends the answer well.
    pub fn finish(&mut self) {
        self.end(0, "");
    }

    /// Ends the answer with a status.
    pub fn end(&mut self, code: i32, text: &str) {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from(code));
        if let Ok(text) = HeaderValue::from_str(text) {
            trailers.insert("grpc-message", text);
        }
        if let Some(out) = self.out() {
            let _ = out.send_trailers(trailers);
        }
    }

    /// Answers with one message.
    pub fn answer<M: Message>(mut self, message: &M) {
        self.say(message);
        self.finish();
    }

    /// Answers with a status alone.
    pub fn refuse(mut self, code: i32, text: &str) {
        let mut response = head();
        let headers = response.headers_mut();
        headers.insert("grpc-status", HeaderValue::from(code));
        if let Ok(text) = HeaderValue::from_str(text) {
            headers.insert("grpc-message", text);
        }
        let _ = self.respond.send_response(response, true);
    }

    /// Resets the stream, as a server does that refuses it before looking at it
    /// (`REFUSED_STREAM`), or that has a fault.
    pub fn reset(mut self, reason: Reason) {
        match &mut self.out {
            Some(out) => out.send_reset(reason),
            None => self.respond.send_reset(reason),
        }
    }

    /// Waits until the client has left.
    pub async fn left(&mut self) {
        let _ = match &mut self.out {
            Some(out) => poll_fn(|cx| out.poll_reset(cx)).await,
            None => poll_fn(|cx| self.respond.poll_reset(cx)).await,
        };
    }

    /// Never answers. It ends when the client leaves.
    pub async fn hang(mut self) {
        self.left().await;
    }
}

fn head() -> Response<()> {
    let mut response = Response::new(());
    let kind = HeaderValue::from_static("application/grpc");
    response.headers_mut().insert("content-type", kind);
    response
}

/// A message as gRPC sends it.
pub fn frame<M: Message>(message: &M) -> Bytes {
    let body = message.encode_to_vec();
    let mut bytes = BytesMut::with_capacity(PREFIX + body.len());
    bytes.put_u8(0);
    bytes.put_u32(u32::try_from(body.len()).unwrap_or(u32::MAX));
    bytes.put_slice(&body);
    bytes.freeze()
}
