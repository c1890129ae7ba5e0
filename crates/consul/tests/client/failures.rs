//! What happened when there was no good answer.

use std::time::Duration;

use quorate_consul::{ErrorKind, Outcome, QueryOptions, RetryAdvice, Timeouts, WriteOptions};
use tokio::time::Instant;

use crate::script::{Act, Say, Server, entry};

fn found() -> Act {
    Say::ok(format!("[{}]", entry("a", "aGk=", 1))).into()
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_until_it_is_answered() {
    let no_leader = || Act::Say(Say::status(500, "No cluster leader"));
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{".to_vec();
    let limited = Say::status(429, "").header("Retry-After", "2").into();
    let server = Server::new([
        Act::Cut,
        no_leader(),
        Act::CutAfter(half),
        limited,
        no_leader(),
        found(),
    ]);
    let started = Instant::now();
    assert!(server.client().kv().get("a").await.unwrap().is_some());
    assert_eq!(server.lines().len(), 6);
    assert!(
        started.elapsed() >= Duration::from_secs(2),
        "it waits as long as it is told"
    );
}

#[tokio::test(start_paused = true)]
async fn a_read_gives_up_when_its_time_is_over() {
    let server = Server::new((0..1000).map(|_| Say::status(500, "No cluster leader")));
    let started = Instant::now();
    let error = server.client().kv().get("a").await.unwrap_err();
    assert!(
        started.elapsed() <= Duration::from_secs(15),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unavailable, Some(500))
    );
    assert_eq!(error.advice(), RetryAdvice::After(Duration::from_secs(1)));
    assert_eq!(error.text(), Some("No cluster leader"));
    assert_eq!(error.peer(), Some("memory:"));
    assert_eq!(error.operation(), "get key `a`");
    assert!(server.lines().len() > 3);
}

#[tokio::test(start_paused = true)]
async fn a_calls_own_time_goes_before_the_clients() {
    let server = Server::new([Act::Stall(Vec::new()), Act::Stall(Vec::new())]);
    let client = server.client();
    let started = Instant::now();
    let options = QueryOptions::new().with_timeout(Duration::from_millis(700));
    let error = client.kv().get_with("a", &options).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_millis(700));
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::DidNotHappen)
    );
    assert!(error.net().unwrap().is_timeout());
    let options = WriteOptions::new().with_timeout(Duration::from_millis(300));
    let error = client.kv().delete_with("a", &options).await.unwrap_err();
    assert_eq!(started.elapsed(), Duration::from_millis(1000));
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_is_indeterminate_and_not_repeated() {
    let half = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntr".to_vec();
    for act in [
        Act::Cut,
        Act::CutAfter(half),
        Act::CutAfter(b"HTTP".to_vec()),
    ] {
        let server = Server::new([act.clone()]);
        let error = server.client().kv().put("a", "1").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate, "{act:?}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        assert_eq!(error.advice(), RetryAdvice::IfIdempotent);
        assert!(error.net().unwrap().sent());
        assert_eq!(server.lines().len(), 1, "{act:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_refused_is_not_repeated_by_the_client() {
    let server = Server::new([
        Say::status(500, "No cluster leader"),
        Say::status(500, "leadership lost while committing log"),
        Say::status(503, ""),
    ]);
    let kv = server.client().kv();
    let error = kv.put("a", "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Unavailable, Outcome::DidNotHappen)
    );
    let error = kv.put("a", "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
    let error = kv.put("a", "1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert_eq!(server.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn nobody_there_is_unavailable_and_did_not_happen() {
    let server = Server::new([found()]);
    let builder = server.builder();
    drop(server);
    tokio::task::yield_now().await;
    let client = builder.build().unwrap();
    let error = client.kv().put("a", "1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Unavailable, Outcome::DidNotHappen)
    );
    assert_eq!(error.advice(), RetryAdvice::NotSent);
    assert!(
        error.net().unwrap().attempts() > 1,
        "what was not sent is tried again"
    );
}

#[tokio::test]
async fn each_refusal_has_its_kind() {
    for (status, text, kind) in [
        (400, "Missing key name", ErrorKind::InvalidArgument),
        (401, "ACL support disabled", ErrorKind::Unsupported),
        (403, "Permission denied", ErrorKind::PermissionDenied),
        (403, "ACL not found", ErrorKind::Unauthenticated),
        (405, "method PUT not allowed", ErrorKind::Unsupported),
        (
            413,
            "Request body(9 bytes) too large",
            ErrorKind::InvalidArgument,
        ),
        (500, "invalid session \"x\"", ErrorKind::LeaseLost),
        (301, "", ErrorKind::Indeterminate),
    ] {
        let server = Server::new([Say::status(status, text)]);
        let error = server.client().kv().put("a", "1").await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (kind, Some(status)),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_is_no_json_is_a_protocol_error_that_shows_it() {
    let server = Server::new([Say::ok("<html>Welcome"), Say::ok("[]")]);
    let kv = server.client().kv();
    let error = kv.get("a").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    assert!(error.to_string().contains("<html>Welcome"), "{error}");
    assert!(std::error::Error::source(&error).is_some());
    assert_eq!(
        kv.get("a").await.unwrap_err().kind(),
        ErrorKind::Protocol,
        "no entry in it"
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_outlasts_the_servers_wait_for_a_leader() {
    let say = Say::status(500, "No cluster leader");
    let server = Server::new([Act::Later(Duration::from_millis(7050), say)]);
    let error = server.client().kv().put("a", "1").await.unwrap_err();
    assert_eq!(
        error.outcome(),
        Outcome::DidNotHappen,
        "a clear answer came in time"
    );
}

#[tokio::test(start_paused = true)]
async fn timeouts_can_be_set() {
    let server = Server::new([Act::Stall(Vec::new()), found()]);
    let timeouts = Timeouts::default().with_attempt(Duration::from_secs(1));
    let client = server.builder().timeouts(timeouts).build().unwrap();
    let started = Instant::now();
    assert!(client.kv().get("a").await.unwrap().is_some());
    assert!(started.elapsed() >= Duration::from_secs(1));
    assert!(started.elapsed() < Duration::from_secs(2));
}
