//! Peers that send too much, too slowly, or nothing.

use std::io;
use std::time::Duration;

use super::{LONG, local, start, until};
use quorate_gossip::profile::Profile;
use quorate_gossip::{Gossip, Status};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

async fn works(gossip: &Gossip) {
    let other = start(local("other")).await;
    until("others still join", || async {
        let joined = other.join(&[gossip.address().to_string()], false).await;
        joined.is_ok_and(|joined| joined.reached == 1)
    })
    .await;
    other.shutdown().await;
}

async fn closed(stream: &mut TcpStream) -> bool {
    let mut rest = Vec::new();
    let end = tokio::time::timeout(LONG, stream.read_to_end(&mut rest)).await;
    end.is_ok_and(|read| {
        read.is_ok() || read.is_err_and(|e| e.kind() == io::ErrorKind::ConnectionReset)
    })
}

#[tokio::test]
async fn a_stream_that_sends_nothing_is_closed() {
    let mut profile = Profile::local();
    profile.stream_timeout = Duration::from_millis(200);
    let gossip = start(local("a").with_profile(profile)).await;
    for half in [
        &b""[..],
        b"\x06",
        b"\x06\x83\xa4Join\xc3\xa5Nodes\x02",
        b"\xf4\x05ab",
    ] {
        let mut stream = TcpStream::connect(gossip.address()).await.unwrap();
        stream.write_all(half).await.unwrap();
        assert!(closed(&mut stream).await, "{half:?}");
    }
    works(&gossip).await;
}

#[tokio::test]
async fn a_stream_that_says_it_is_too_large_is_closed_at_once() {
    let gossip = start(local("a")).await;
    for start in [
        &b"\x0a\xff\xff\xff\xff"[..],
        b"\x08\x81\xaaUserMsgLen\xce\x01\x50\x00\x00",
        b"GET / HTTP/1.1\r\n",
    ] {
        let mut stream = TcpStream::connect(gossip.address()).await.unwrap();
        stream.write_all(start).await.unwrap();
        assert!(closed(&mut stream).await, "{start:?}");
    }
    works(&gossip).await;
}

#[tokio::test]
async fn what_is_no_message_is_answered_with_the_reason() {
    let gossip = start(local("a")).await;
    let mut stream = TcpStream::connect(gossip.address()).await.unwrap();
    // A push/pull of no members, with a state that is none.
    let bad = b"\x06\x83\xa4Join\xc3\xa5Nodes\x00\xacUserStateLen\x01\xff";
    stream.write_all(bad).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(!answer.is_empty(), "an error that memberlist understands");
    assert_eq!(gossip.stats().await.unwrap().dropped, 1);
}

#[tokio::test]
async fn many_silent_streams_keep_nobody_out_for_long() {
    // Their time is not over before the test is: it is the number that closes the oldest.
    let gossip = start(local("a")).await;
    let mut streams = Vec::new();
    for _ in 0..300 {
        let mut stream = TcpStream::connect(gossip.address()).await.unwrap();
        stream.write_all(b"\x06\x83\xa4Join\xc3").await.unwrap();
        streams.push(stream);
    }
    works(&gossip).await;
    assert!(closed(&mut streams[0]).await, "the oldest");
}

#[tokio::test]
async fn a_flood_of_noise_stops_nothing() {
    let gossip = start(local("a")).await;
    let other = start(local("b")).await;
    other
        .join(&[gossip.address().to_string()], false)
        .await
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    for number in 0..5000_u32 {
        let mut noise = number.to_be_bytes().to_vec();
        noise[0] = number.to_le_bytes()[0] % 16;
        let _ = socket.send_to(&noise, gossip.address()).await;
        if number % 50 == 0 {
            tokio::task::yield_now().await;
        }
    }
    // On a machine that stands still one may look failed for a moment.
    until("both are there", || async {
        let members = gossip.members().await.unwrap();
        let alive = members.iter().all(|member| member.status == Status::Alive);
        alive && members.len() == 2
    })
    .await;
    works(&gossip).await;
}
