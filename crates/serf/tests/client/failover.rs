//! Agents that fail, and what is tried then.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate_serf::{Client, Command, ErrorKind, MemberStatus, Outcome, RetryAdvice, Timeouts};
use quorate_testkit::server::ReservedPort;
use quorate_wire::serf::Members;

use super::agent::{Act, Agent, client, member, ok, patient, with};

fn named(name: &'static str) -> impl Fn(usize, &super::agent::Request) -> Act {
    move |_, request| match request.command {
        Command::Members => Act::Send(with(
            request.seq,
            &Members {
                members: vec![member(name, MemberStatus::Alive)],
            },
        )),
        _ => Act::Send(ok(request.seq)),
    }
}

async fn who(client: &Client) -> String {
    client.members().await.unwrap()[0].name.clone()
}

#[tokio::test]
async fn an_agent_that_is_not_there_is_passed_over() {
    let nobody = ReservedPort::new().unwrap();
    let agent = Agent::start(named("b")).await;
    let client = client(&[nobody.addr(), agent.addr]);
    assert_eq!(who(&client).await, "b");
    assert_eq!(client.host().unwrap().to_string(), agent.addr.to_string());
}

#[tokio::test]
async fn a_read_whose_answer_was_lost_is_sent_again() {
    let agent = Agent::start(|connection, request| match (connection, request.command) {
        (0, Command::Members) => Act::SendAndEnd(Vec::new()),
        _ => named("a")(connection, request),
    })
    .await;
    assert_eq!(who(&agent.client()).await, "a");
    assert_eq!(agent.commands(), [Command::Members, Command::Members]);
}

#[tokio::test]
async fn an_event_whose_answer_was_lost_is_sent_once() {
    let agent = Agent::start(|_, _| Act::SendAndEnd(Vec::new())).await;
    let error = agent.client().event("deploy", "").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
    assert_eq!(agent.commands(), [Command::Event]);
}

#[tokio::test]
async fn a_connection_that_ended_meanwhile_is_made_again() {
    let agent = Agent::start(|connection, request| match (connection, request.command) {
        (0, Command::Stop) => Act::SendAndEnd(ok(request.seq)),
        _ => named("a")(connection, request),
    })
    .await;
    let client = agent.client();
    client.ping().await.unwrap();
    // The end may not have been seen yet: a read is sent again then.
    assert_eq!(who(&client).await, "a");
}

#[tokio::test]
async fn an_agent_that_stands_still_is_left() {
    // A machine that stands still for longer than an attempt makes any of them look so: the first of
    // several times that it does not counts.
    let mut asked = Default::default();
    for _ in 0..10 {
        asked = asked_while_one_stands_still().await;
        if asked == ["a", "b", "b"] {
            break;
        }
    }
    assert_eq!(asked, ["a", "b", "b"]);
}

/// Who answers: before, while the first stands still, and after that.
async fn asked_while_one_stands_still() -> [String; 3] {
    let still = Arc::new(AtomicBool::new(false));
    let stands = Arc::clone(&still);
    let first = Agent::start(move |connection, request| {
        if stands.load(Ordering::Acquire) {
            Act::Nothing
        } else {
            named("a")(connection, request)
        }
    })
    .await;
    let second = Agent::start(named("b")).await;
    let hosts = format!("{},{}", first.addr, second.addr)
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let timeouts = patient().with_attempt(Duration::from_millis(500));
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(timeouts)
        .build()
        .unwrap();
    let before = who(&client).await;
    still.store(true, Ordering::Release);
    let meanwhile = who(&client).await;
    // And it stays with the one that works.
    still.store(false, Ordering::Release);
    [before, meanwhile, who(&client).await]
}

#[tokio::test]
async fn every_call_ends() {
    let agent = Agent::start(|_, _| Act::Nothing).await;
    let timeouts = Timeouts::default()
        .with_attempt(Duration::from_millis(200))
        .with_overall(Some(Duration::from_millis(700)));
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(timeouts)
        .build()
        .unwrap();
    let error = client.members().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::DidNotHappen)
    );
    // A machine that stands still may not have sent it in time.
    let mut error = client.event("deploy", "").await.unwrap_err();
    for _ in 0..20 {
        if error.outcome() == Outcome::DidNotHappen {
            error = client.event("deploy", "").await.unwrap_err();
        }
    }
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::Indeterminate, RetryAdvice::IfIdempotent)
    );
}

#[tokio::test]
async fn nobody_there_is_told_with_the_last_that_was_tried() {
    let port = ReservedPort::new().unwrap();
    let nobody = port.addr();
    let hosts = nobody.to_string().parse::<quorate_serf::Hosts>().unwrap();
    let timeouts = patient().with_overall(Some(Duration::from_millis(400)));
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(timeouts)
        .build()
        .unwrap();
    let error = client.event("deploy", "").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::Unavailable, RetryAdvice::NotSent)
    );
    assert_eq!(error.peer(), Some(nobody.to_string().as_str()));
    // Nothing of it names a protocol that is not spoken here.
    let why = std::error::Error::source(&error).unwrap().to_string();
    assert!(why.starts_with(&format!("{nobody} failed")), "{why}");
}
