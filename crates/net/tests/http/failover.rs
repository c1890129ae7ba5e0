//! Which server is asked, in which order, and what is repeated.

use std::time::Duration;

use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{EndpointId, EndpointSet};
use quorate_net::error::{NetErrorKind, Phase};
use quorate_net::http::{HttpClient, HttpRequest, HttpResponse, Replay, Verdict};
use quorate_net::task::{Task, spawn};
use tokio::time::Instant;

use crate::support::{Net, Server, done, ok, response};

/// A server that takes every request and cuts the connection.
fn cuts(mut server: Server) -> Task<()> {
    spawn(async move {
        loop {
            server.accept().await.request().await;
        }
    })
}

fn retry_on_500(response: &HttpResponse) -> Verdict {
    if response.status == 500 {
        Verdict::Retry { after: None }
    } else {
        Verdict::Done
    }
}

fn id(set: &EndpointSet, at: usize) -> EndpointId {
    set.iter().nth(at).unwrap().0
}

#[tokio::test]
async fn the_next_server_takes_over_at_once_and_stays() {
    let net = Net::default();
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let _c = net.listen("c:1").run(|_, _| ok("c"));
    let client = net.client("a:1,b:1,c:1");
    let config = HttpRequest::put("/", "x");
    let answer = client.send(config, done).await.unwrap();
    assert_eq!(answer.body, "b");
    assert_eq!(answer.endpoint, id(client.endpoints(), 1));
    client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!(net.dials(), ["http://a:1", "http://b:1"]);
    assert_eq!(client.endpoints().current(), answer.endpoint);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_failed_is_asked_again_after_its_cool_down() {
    let net = Net::default();
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let client = net.client("a:1,b:1");
    client.send(HttpRequest::get("/"), done).await.unwrap();
    let _a = net.listen("a:1").run(|_, _| ok("a"));
    drop(_b);
    tokio::task::yield_now().await;
    // Both are tried before the first pause: the one that works, and the one that rests.
    let begun = Instant::now();
    let answer = client.send(HttpRequest::get("/"), done).await.unwrap();
    assert_eq!(
        (answer.body.as_ref(), begun.elapsed()),
        (b"a".as_ref(), Duration::ZERO)
    );
}

#[tokio::test(start_paused = true)]
async fn each_server_has_its_turn_before_the_first_pause() {
    let net = Net::default();
    let config = net.config("a:1,b:1,c:1").with_max_attempts(Some(3));
    let client = HttpClient::new(config).unwrap();
    let begun = Instant::now();
    let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(net.dials(), ["http://a:1", "http://b:1", "http://c:1"]);
    assert_eq!(
        (error.attempts(), error.endpoint()),
        (3, Some("http://c:1"))
    );
}

#[tokio::test(start_paused = true)]
async fn giving_up_says_how_often_how_long_where_and_why() {
    let net = Net::default();
    let client = net.client("a:1,b:1");
    let begun = Instant::now();
    let error = client
        .send(HttpRequest::put("/", "x"), done)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.phase()),
        (NetErrorKind::Io, Phase::Connect)
    );
    assert!(!error.sent(), "nothing was connected");
    assert_eq!(usize::try_from(error.attempts()).unwrap(), net.total());
    assert!(error.attempts() >= 8, "{error}");
    assert!(error.elapsed() <= begun.elapsed() && begun.elapsed() <= Duration::from_secs(15));
    let cause = std::error::Error::source(&error).unwrap();
    assert!(cause.to_string().contains("refused"), "{cause}");
}

#[tokio::test(start_paused = true)]
async fn without_an_overall_limit_it_waits_until_a_server_comes() {
    let net = Net::default();
    let config = net
        .config("a:1")
        .with_timeouts(Timeouts::default().with_overall(None));
    let client = HttpClient::new(config).unwrap();
    let other = net.clone();
    let later = spawn(async move {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        let _server = other.listen("a:1").run(|_, _| ok("at last"));
        std::future::pending::<()>().await;
    });
    let answer = client.send(HttpRequest::put("/", "x"), done).await.unwrap();
    assert_eq!(answer.body, "at last");
    drop(later);
}

#[tokio::test(start_paused = true)]
async fn a_pinned_request_goes_to_its_server_and_to_no_other() {
    let net = Net::default();
    let _a = net.listen("a:1").run(|_, _| ok("a"));
    let client = net.client("a:1,b:1");
    let pinned = HttpRequest::get("/v1/agent/self").with_endpoint(id(client.endpoints(), 1));
    let error = client.send(pinned, done).await.unwrap_err();
    assert_eq!(error.endpoint(), Some("http://b:1"));
    assert!(error.attempts() > 1);
    assert!(net.dials().iter().all(|dialled| dialled == "http://b:1"));
}

#[tokio::test]
async fn an_endpoint_of_another_set_is_refused() {
    let client = Net::default().client("a:1");
    let other = EndpointSet::parse("a:1,b:1").unwrap();
    let request = HttpRequest::get("/").with_endpoint(id(&other, 1));
    let error = client.send(request, done).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (NetErrorKind::Request, false));
}

#[tokio::test]
async fn a_read_whose_answer_was_lost_goes_to_the_next_server() {
    let net = Net::default();
    let _a = cuts(net.listen("a:1"));
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let answer = net
        .client("a:1,b:1")
        .send(HttpRequest::get("/"), done)
        .await
        .unwrap();
    assert_eq!(answer.body, "b");
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_repeated_only_if_that_is_safe() {
    let net = Net::default();
    let _a = cuts(net.listen("a:1"));
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let request = HttpRequest::put("/v1/kv/a?cas=1", "x");
    let client = net.client("a:1,b:1");
    let error = client.send(request.clone(), done).await.unwrap_err();
    assert!(error.sent());
    assert_eq!(
        (error.attempts(), error.endpoint()),
        (1, Some("http://a:1"))
    );
    let safe = request.with_replay(Replay::Safe);
    assert_eq!(
        net.client("a:1,b:1").send(safe, done).await.unwrap().body,
        "b"
    );
}

#[tokio::test]
async fn that_the_first_server_had_it_is_not_forgotten_when_the_last_refuses() {
    let net = Net::default();
    let _a = cuts(net.listen("a:1"));
    let config = net.config("a:1,b:1").with_max_attempts(Some(2));
    let client = HttpClient::new(config).unwrap();
    let error = client.send(HttpRequest::get("/"), done).await.unwrap_err();
    assert_eq!(
        (error.phase(), error.endpoint()),
        (Phase::Connect, Some("http://b:1"))
    );
    assert!(error.sent());
}

#[tokio::test]
async fn an_answer_that_asks_for_a_retry_goes_to_the_next_server_without_a_cool_down() {
    let net = Net::default();
    let _a = net
        .listen("a:1")
        .run(|_, _| response(500, "No cluster leader"));
    let _b = net.listen("b:1").run(|_, _| ok("b"));
    let client = net.client("a:1,b:1");
    let answer = client
        .send(HttpRequest::get("/"), retry_on_500)
        .await
        .unwrap();
    assert_eq!(answer.body, "b");
    assert!(!client.endpoints().is_resting(id(client.endpoints(), 0)));
}

#[tokio::test(start_paused = true)]
async fn when_no_time_is_left_the_last_answer_is_returned() {
    let net = Net::default();
    let _a = net
        .listen("a:1")
        .run(|_, _| response(500, "No cluster leader"));
    let begun = Instant::now();
    let answer = net
        .client("a:1")
        .send(HttpRequest::get("/"), retry_on_500)
        .await
        .unwrap();
    assert_eq!(
        (answer.status.as_u16(), answer.body.as_ref()),
        (500, b"No cluster leader".as_ref())
    );
    assert!(begun.elapsed() > Duration::from_secs(5));
    assert_eq!(net.total(), 1, "the connection is kept over the attempts");
}

#[tokio::test(start_paused = true)]
async fn the_pause_that_a_server_asks_for_is_kept() {
    let net = Net::default();
    let begun = Instant::now();
    let _a = net.listen("a:1").run(move |_, _| {
        if begun.elapsed() < Duration::from_secs(3) {
            response(429, "")
        } else {
            ok("now")
        }
    });
    let classify = |response: &HttpResponse| match response.status.as_u16() {
        429 => Verdict::Retry {
            after: Some(Duration::from_secs(3)),
        },
        _ => Verdict::Done,
    };
    let answer = net
        .client("a:1,b:1")
        .send(HttpRequest::get("/"), classify)
        .await
        .unwrap();
    assert_eq!(
        (answer.body.as_ref(), begun.elapsed()),
        (b"now".as_ref(), Duration::from_secs(3))
    );
    assert_eq!(net.total(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_speak_http_is_given_up_after_one_round() {
    let net = Net::default();
    let _a = net
        .listen("a:1")
        .run(|_, _| "SSH-2.0-OpenSSH\r\n\r\n".into());
    let begun = Instant::now();
    let error = net
        .client("a:1")
        .send(HttpRequest::get("/"), done)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts()),
        (NetErrorKind::Protocol, 1)
    );
    assert_eq!(begun.elapsed(), Duration::ZERO);
}
