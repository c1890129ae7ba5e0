//! Bodies of every form, whole, cut and too long.

use quorate_net::error::{NetErrorKind, Phase};
use quorate_net::http::{HttpRequest, Replay};
use quorate_net::task::spawn;

use crate::support::{Net, done, ok};

#[tokio::test]
async fn every_framing_gives_the_same_body() {
    let whole = "0123456789".repeat(20_000);
    let sent = whole.clone();
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _server = spawn(async move {
        loop {
            let mut peer = server.accept().await;
            let Some(request) = peer.request().await else {
                continue;
            };
            if request.contains("/length") {
                peer.answer(&sent).await;
            } else if request.contains("/chunks") {
                peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                    .await;
                for piece in sent.as_bytes().chunks(7777) {
                    peer.write(format!("{:x}\r\n", piece.len())).await;
                    peer.write(piece).await;
                    peer.write("\r\n").await;
                }
                peer.write("0\r\nTrailer: x\r\n\r\n").await;
            } else {
                peer.write("HTTP/1.0 200 OK\r\n\r\n").await;
                peer.write(&sent).await;
            }
        }
    });
    for path in ["/length", "/chunks", "/until-the-end"] {
        let answer = net
            .client("a:1")
            .send(HttpRequest::get(path), done)
            .await
            .unwrap();
        assert!(answer.body == whole, "{path}");
        let stream = net
            .client("a:1")
            .open(HttpRequest::get(path))
            .await
            .unwrap();
        assert!(stream.collect(1 << 20).await.unwrap() == whole, "{path}");
    }
}

#[tokio::test]
async fn statuses_without_a_body_and_interim_responses_are_understood() {
    let net = Net::default();
    let _a = net.listen("a:1").run(|_, request| match request {
        get if get.contains("/none") => "HTTP/1.1 204 No Content\r\n\r\n".into(),
        get if get.contains("/same") => "HTTP/1.1 304 Not Modified\r\n\r\n".into(),
        _ => format!("HTTP/1.1 103 Early Hints\r\n\r\n{}", ok("x")),
    });
    let client = net.client("a:1");
    for (path, status, body) in [("/none", 204, ""), ("/same", 304, ""), ("/", 200, "x")] {
        let answer = client.send(HttpRequest::get(path), done).await.unwrap();
        assert_eq!(
            (answer.status.as_u16(), answer.body.as_ref()),
            (status, body.as_bytes())
        );
    }
    assert_eq!(net.total(), 1);
}

#[tokio::test]
async fn a_redirect_is_an_answer() {
    let net = Net::default();
    let _a = net.listen("a:1").run(|_, _| {
        "HTTP/1.1 307 Moved\r\nLocation: http://evil:1/\r\nContent-Length: 0\r\n\r\n".into()
    });
    let answer = net
        .client("a:1")
        .send(HttpRequest::get("/"), done)
        .await
        .unwrap();
    assert_eq!((answer.status.as_u16(), net.total()), (307, 1));
}

#[tokio::test]
async fn a_body_over_the_bound_is_an_error_and_is_not_tried_elsewhere() {
    let net = Net::default();
    let _a = net.listen("a:1").run(|_, request| {
        if request.contains("/announced") {
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n".into()
        } else if request.contains("/chunked") {
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n"
                .into()
        } else {
            ok("12345678")
        }
    });
    let client = net.client("a:1,b:1");
    for path in ["/announced", "/chunked"] {
        let request = HttpRequest::get(path).with_max_response_bytes(8);
        let error = client.send(request, done).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (NetErrorKind::TooLarge, Phase::Body),
            "{path}"
        );
        assert_eq!((error.sent(), error.attempts()), (true, 1));
        assert_eq!(
            client.idle_connections(),
            0,
            "a half-read connection is closed"
        );
    }
    let request = HttpRequest::get("/exactly").with_max_response_bytes(8);
    assert_eq!(client.send(request, done).await.unwrap().body, "12345678");
    assert!(!net.dials().contains(&"http://b:1".to_owned()));
    let stream = client.open(HttpRequest::get("/chunked")).await.unwrap();
    assert_eq!(
        stream.collect(8).await.unwrap_err().kind(),
        NetErrorKind::TooLarge
    );
}

#[tokio::test]
async fn a_cut_inside_the_body_is_never_taken_for_its_end() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let _a = spawn(async move {
        loop {
            let mut peer = server.accept().await;
            let Some(request) = peer.request().await else {
                continue;
            };
            let head = match request.contains("/length") {
                true => "Content-Length: 10\r\n\r\nhalf ",
                false => "Transfer-Encoding: chunked\r\n\r\n5\r\nhalf \r\n",
            };
            peer.write(format!("HTTP/1.1 200 OK\r\n{head}")).await;
        }
    });
    let _b = net.listen("b:1").run(|_, _| ok("whole"));
    for path in ["/length", "/chunks"] {
        let put = HttpRequest::put(path, "x");
        let error = net
            .client("a:1,b:1")
            .send(put.clone(), done)
            .await
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.phase()),
            (NetErrorKind::Io, Phase::Body),
            "{path}"
        );
        assert!(error.sent());
        let safe = put.with_replay(Replay::Safe);
        assert_eq!(
            net.client("a:1,b:1").send(safe, done).await.unwrap().body,
            "whole"
        );
        let mut stream = net
            .client("a:1,b:1")
            .open(HttpRequest::get(path))
            .await
            .unwrap();
        assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "half ");
        assert_eq!(stream.next_chunk().await.unwrap_err().phase(), Phase::Body);
    }
}

#[tokio::test]
async fn a_stream_gives_its_connection_back_at_the_end_and_closes_it_before() {
    let net = Net::default();
    let mut server = net.listen("a:1");
    let client = net.client("a:1");
    let script = spawn(async move {
        let mut peer = server.accept().await;
        for _ in 0..2 {
            peer.request().await.unwrap();
            peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
                .await;
            peer.write("3\r\ntwo\r\n0\r\n\r\n").await;
        }
        peer.request().await.unwrap();
        peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n")
            .await;
        peer.closed().await;
    });
    let mut stream = client.open(HttpRequest::get("/")).await.unwrap();
    assert_eq!(client.idle_connections(), 0);
    assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "one");
    assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "two");
    assert_eq!(stream.next_chunk().await.unwrap(), None);
    assert_eq!(client.idle_connections(), 1);
    let stream = client.open(HttpRequest::get("/")).await.unwrap();
    assert_eq!(stream.collect(6).await.unwrap(), "onetwo");
    let mut stream = client.open(HttpRequest::get("/")).await.unwrap();
    assert_eq!(stream.next_chunk().await.unwrap().unwrap(), "one");
    drop(stream);
    assert_eq!((client.idle_connections(), net.total()), (0, 1));
    script.join().await.unwrap();
}
