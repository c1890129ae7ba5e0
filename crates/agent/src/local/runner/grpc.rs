//! Checks that ask the health service of gRPC (`grpc.health.v1.Health/Check`).

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use bytes::{BufMut, Bytes, BytesMut};
use http::{Method, Request, Response, Version};
use quorate_net::transport::Stream;

use super::dial::{connect, secure, split};
use super::outcome::Outcome;
use crate::quote::quote;

/// The longest answer that is read.
const MAX_ANSWER: usize = 4096;
/// What a service that is well answers.
const SERVING: u64 = 1;

/// Asks for the health of a server, or of one service of it: `host:port[/service]`.
pub(super) async fn run(target: &str, tls: bool, skip_verify: bool) -> Outcome {
    let (address, service) = target.split_once('/').unwrap_or((target, ""));
    match ask(address, service, tls, skip_verify).await {
        Ok(SERVING) => Outcome::passing(format!("gRPC check {target}: success")),
        Ok(_) => Outcome::critical("gRPC application didn't report service healthy"),
        Err(problem) => Outcome::critical(problem),
    }
}

async fn ask(address: &str, service: &str, tls: bool, skip_verify: bool) -> Result<u64, String> {
    let unavailable = |problem: String| {
        let problem = format!("connection error: desc = {}", quote(&problem));
        format!("rpc error: code = Unavailable desc = {problem}")
    };
    let dialled = |problem| unavailable(format!("transport: Error while dialing {problem}"));
    let (host, port) = split(address).map_err(dialled)?;
    let stream = connect(host, port).await.map_err(dialled)?;
    let stream = match tls {
        true => {
            let failed = |problem| format!("transport: authentication handshake failed: {problem}");
            let stream = secure(stream, host, skip_verify, b"h2").await;
            stream.map_err(|problem| unavailable(failed(problem)))?
        }
        false => stream.into(),
    };
    let closed = |_| "rpc error: code = Unavailable desc = connection closed".to_owned();
    let scheme = if tls { "https" } else { "http" };
    let uri = format!("{scheme}://{address}/grpc.health.v1.Health/Check");
    let call = call(stream, &uri, message(service));
    let (response, body) = call.await.map_err(closed)?;
    read(&response, &body)
}

/// Makes one call and reads its whole answer, with the trailers among the headers.
async fn call(
    stream: Stream,
    uri: &str,
    body: Bytes,
) -> Result<(Response<()>, Vec<u8>), h2::Error> {
    let (client, connection) = h2::client::handshake(stream).await?;
    let mut connection = pin!(connection);
    let mut exchange = pin!(exchange(client, uri, body));
    // The connection works while somebody waits for the answer.
    poll_fn(|cx| {
        if let Poll::Ready(done) = exchange.as_mut().poll(cx) {
            return Poll::Ready(done);
        }
        // Its end ends the exchange too.
        let _ = connection.as_mut().poll(cx);
        exchange.as_mut().poll(cx)
    })
    .await
}

async fn exchange(
    client: h2::client::SendRequest<Bytes>,
    uri: &str,
    body: Bytes,
) -> Result<(Response<()>, Vec<u8>), h2::Error> {
    let request = Request::builder()
        .version(Version::HTTP_2)
        .method(Method::POST)
        .uri(uri)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "Consul Health Check")
        .body(());
    let request = request.map_err(|_| h2::Error::from(h2::Reason::PROTOCOL_ERROR))?;
    let mut client = client.ready().await?;
    let (response, mut sending) = client.send_request(request, false)?;
    sending.send_data(body, true)?;
    let (mut head, mut body) = response.await?.into_parts();
    let mut read = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        read.extend_from_slice(&piece);
        if read.len() > MAX_ANSWER {
            return Err(h2::Reason::ENHANCE_YOUR_CALM.into());
        }
    }
    if let Some(trailers) = body.trailers().await? {
        head.headers.extend(trailers);
    }
    Ok((Response::from_parts(head, ()), read))
}

/// A request for the health of `service`: one field, number 1, a text.
fn message(service: &str) -> Bytes {
    let mut field = BytesMut::new();
    if !service.is_empty() {
        field.put_u8(0x0a);
        put_varint(&mut field, service.len());
        field.put_slice(service.as_bytes());
    }
    let mut framed = BytesMut::with_capacity(5 + field.len());
    framed.put_u8(0);
    framed.put_u32(u32::try_from(field.len()).unwrap_or(u32::MAX));
    framed.put_slice(&field);
    framed.freeze()
}

fn put_varint(into: &mut BytesMut, mut number: usize) {
    while number >= 0x80 {
        into.put_u8(u8::try_from(number & 0x7f).unwrap_or_default() | 0x80);
        number >>= 7;
    }
    into.put_u8(u8::try_from(number).unwrap_or_default());
}

/// The state in an answer, or gRPC's own error.
fn read(response: &Response<()>, body: &[u8]) -> Result<u64, String> {
    let text = |name| {
        let value = response.headers().get(name)?;
        Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let code = text("grpc-status");
    if !response.status().is_success() && code.is_none() {
        let (code, status) = (code_of_http(response.status().as_u16()), response.status());
        let desc = format!("unexpected HTTP status code received from server: {status}");
        return Err(format!("rpc error: code = {code} desc = {desc}"));
    }
    match code.as_deref() {
        None | Some("0") => {}
        Some(code) => {
            let desc = text("grpc-message").unwrap_or_default();
            let desc = percent_encoding::percent_decode_str(&desc).decode_utf8_lossy();
            let name = code.parse().ok().and_then(|at: usize| CODES.get(at));
            let name = name.copied().unwrap_or("Unknown");
            return Err(format!("rpc error: code = {name} desc = {desc}"));
        }
    }
    let malformed = || "rpc error: code = Internal desc = malformed answer".to_owned();
    let body = body.get(5..).ok_or_else(malformed)?;
    state_of(body).ok_or_else(malformed)
}

/// The names of gRPC's codes, by number.
const CODES: [&str; 17] = [
    "OK",
    "Canceled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
];

fn code_of_http(status: u16) -> &'static str {
    match status {
        400 => "Internal",
        401 => "Unauthenticated",
        403 => "PermissionDenied",
        404 => "Unimplemented",
        429 | 502..=504 => "Unavailable",
        _ => "Unknown",
    }
}

/// Field 1 of an answer, a number; 0 when it is left out. Other fields are passed over.
fn state_of(mut body: &[u8]) -> Option<u64> {
    let mut state = 0;
    while !body.is_empty() {
        let key = take_varint(&mut body)?;
        match key & 7 {
            0 => {
                let value = take_varint(&mut body)?;
                if key >> 3 == 1 {
                    state = value;
                }
            }
            1 => body = body.get(8..)?,
            2 => {
                let length = usize::try_from(take_varint(&mut body)?).ok()?;
                body = body.get(length..)?;
            }
            5 => body = body.get(4..)?,
            _ => return None,
        }
    }
    Some(state)
}

fn take_varint(body: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = body.split_first()?;
        *body = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_asked_for_by_name() {
        assert_eq!(&message("")[..], [0, 0, 0, 0, 0]);
        assert_eq!(&message("ab")[..], [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        assert_eq!(&message(&"x".repeat(200))[5..8], [0x0a, 0xc8, 1]);
    }

    #[test]
    fn the_state_is_found_among_other_fields() {
        assert_eq!(state_of(&[]), Some(0));
        assert_eq!(state_of(&[0x08, 1]), Some(1));
        assert_eq!(state_of(&[0x12, 2, 9, 9, 0x08, 2]), Some(2));
        assert_eq!(state_of(&[0x08]), None);
        assert_eq!(state_of(&[0x12, 200, 1]), None);
        assert_eq!(state_of(&[0xff; 11]), None);
    }

    #[test]
    fn errors_of_grpc_keep_their_names() {
        let response = Response::builder()
            .header("grpc-status", "5")
            .header("grpc-message", "unknown%20service")
            .body(())
            .unwrap();
        let error = read(&response, b"").unwrap_err();
        assert_eq!(error, "rpc error: code = NotFound desc = unknown service");
    }
}
