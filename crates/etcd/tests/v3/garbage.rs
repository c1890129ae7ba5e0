//! Answers that are none.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd::v3::{Client, Dial, ErrorKind, Outcome, Timeouts};
use quorate_net::endpoint::Endpoint;
use quorate_net::task::TaskGroup;
use quorate_net::transport::{BoxFuture, MemoryDialer, Stream, memory};
use tokio::io::AsyncWriteExt as _;
use tokio::time::Instant;

use crate::script::{Call, Server, client, key, range, well_server, who};

/// Leads to `http://a:1`, which writes these bytes and keeps or ends the connection, and to a
/// server that is well.
#[derive(Debug)]
struct Babble {
    bytes: &'static [u8],
    keep: bool,
    well: MemoryDialer,
    tasks: TaskGroup,
}

impl Dial for Babble {
    fn dial<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(async move {
            if endpoint.as_str() != "http://a:1" {
                return self.well.dial(endpoint).await;
            }
            let (dialer, mut listener) = memory();
            let stream = dialer.dial(endpoint).await?;
            let mut other = listener.accept().await.expect("it is there");
            let (bytes, keep) = (self.bytes, self.keep);
            self.tasks.spawn(async move {
                let _ = other.write_all(bytes).await;
                if keep {
                    std::future::pending::<()>().await;
                }
            });
            Ok(stream)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_speak_http2_is_left() {
    for bytes in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"\0",
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
        b"",
        // A frame of settings that is too long, and one of data on a stream that nobody opened.
        b"\xff\xff\xff\x04\0\0\0\0\0",
        b"\0\0\0\x04\0\0\0\0\0\0\0\x01\0\0\0\0\0\x09x",
    ] {
        for keep in [false, true] {
            let well = well_server("b");
            let client = Client::builder()
                .address("http://a:1,http://b:1")
                .dialer(Babble {
                    bytes,
                    keep,
                    well: well.dialer(),
                    tasks: TaskGroup::new(),
                })
                .timeouts(Timeouts::default().with_attempt(Duration::from_secs(1)))
                .build()
                .unwrap();
            let begun = Instant::now();
            assert_eq!(who(&client).await, "b", "{bytes:?} {keep}");
            assert!(begun.elapsed() < Duration::from_secs(3));
        }
    }
}

/// The error of a read, and of a write, that is answered like this.
async fn errors_of(answer: fn(Call)) -> [(ErrorKind, Outcome); 2] {
    let server = Server::new(move |call: Call| async move { answer(call) });
    let kv = client(&server).kv();
    let read = kv.get("k").await.unwrap_err();
    let write = kv.put("k", "v").await.unwrap_err();
    [read, write].map(|error| (error.kind(), error.outcome()))
}

#[tokio::test(start_paused = true)]
async fn a_message_that_cannot_be_decoded_is_an_error_and_its_write_happened() {
    let [read, write] = errors_of(|mut call| {
        call.send(Bytes::from_static(b"\0\0\0\0\x02\xff\xff"));
        call.finish();
    })
    .await;
    assert_eq!(read, (ErrorKind::Protocol, Outcome::DidNotHappen));
    assert_eq!(write, (ErrorKind::Protocol, Outcome::Happened));
}

#[tokio::test(start_paused = true)]
async fn what_is_no_frame_of_grpc_is_an_error_and_its_write_unknown() {
    for answer in [
        // Compressed, though nobody asked for that.
        (|mut call: Call| {
            call.send(Bytes::from_static(b"\x01\0\0\0\x02ab"));
            call.finish();
        }) as fn(Call),
        |mut call: Call| {
            call.send(Bytes::from_static(b"\x07\0\0\0\x02ab"));
            call.finish();
        },
        // Nothing.
        |mut call: Call| call.finish(),
    ] {
        let [read, write] = errors_of(answer).await;
        assert_eq!(read.1, Outcome::DidNotHappen, "{read:?}");
        assert_eq!(write, (ErrorKind::Indeterminate, Outcome::Unknown));
    }
}

#[tokio::test(start_paused = true)]
async fn a_length_without_a_message_costs_no_memory_and_is_cut_off_in_time() {
    let server = Server::new(|mut call: Call| async move {
        call.send(Bytes::from_static(b"\0\x7f\xff\xff\xff"));
        call.hang().await;
    });
    let begun = Instant::now();
    let error = client(&server).kv().get("k").await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Protocol,
        "it is longer than may be: {error}"
    );
    assert!(begun.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_status_keeps_its_words() {
    let server = Server::new(|call: Call| async move { call.refuse(99, "who knows") });
    let error = client(&server).kv().get("k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.text()),
        (ErrorKind::Protocol, Some("who knows"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_broke_is_replaced_for_the_next_call() {
    let server = Server::new(|mut call: Call| async move {
        if call.header("token").is_none() && call.is("/Put") {
            call.begin();
            call.connection.cut();
        } else {
            call.answer(&range(5, vec![key("k", "a", 5)]));
        }
    });
    let client = client(&server);
    for round in 1..5 {
        assert_eq!(who(&client).await, "a");
        let error = client.kv().put("k", "v").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate);
        assert_eq!(server.connections(), round);
    }
}
