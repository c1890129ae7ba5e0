//! Event handlers: scripts and closures.

use std::path::Path;
use std::time::Duration;

use quorate_agent::gossip::Event as Happened;
use quorate_agent::{AgentConfig, EventHandler};
use quorate_wire::serf::{Command, Event, Query, QueryRecordKind, Stats};

use crate::{Client, gossip, start};

fn event(name: &str, payload: &str) -> Event {
    Event {
        coalesce: false,
        name: name.into(),
        payload: payload.to_owned().into(),
    }
}

fn query(name: &str, payload: &str) -> Query {
    Query {
        name: name.into(),
        payload: payload.to_owned().into(),
        timeout: 5_000_000_000,
        ..Query::default()
    }
}

/// What is answered. On a loaded machine it may be too late: then it is asked again.
async fn answered(client: &mut Client, query: &Query) -> Vec<(QueryRecordKind, String, Vec<u8>)> {
    for _ in 0..5 {
        assert_eq!(client.ask(Command::Query, query).await, "");
        let answers = client.answers().await;
        if !answers.is_empty() {
            return answers;
        }
    }
    Vec::new()
}

/// Waits until a script has written that file to its end.
async fn written(path: &Path) -> String {
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with("end\n") => return text,
            _ => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_script_gets_what_serf_gives_it() {
    let folder = tempfile::tempdir().unwrap();
    let told = |name: &str| {
        let file = folder.path().join(name);
        let file = file.display();
        let say = "env | grep ^SERF | sort; cat; echo end";
        format!("{{ {say}; }} > {file}.new; mv {file}.new {file}")
    };
    let config = AgentConfig::memory().with_node_name("alpha");
    let handler = |filter: &str, file: &str| {
        let text = format!("{filter}={}", told(file));
        EventHandler::script(&text).unwrap()
    };
    let gossip = gossip().with_tag("role", "web").with_tag("my-tag.x", "a b");
    let config = config
        .with_gossip(gossip)
        .with_event_handler(handler("member-join", "members"))
        .with_event_handler(handler("user:deploy", "user"))
        .with_event_handler(handler("query", "query"));
    let agent = start(config).await;
    let mut client = Client::greeted(&agent).await;
    assert_eq!(client.ask(Command::Event, &event("other", "x")).await, "");
    assert_eq!(
        client
            .ask(Command::Event, &event("deploy", "pay load"))
            .await,
        ""
    );
    assert_eq!(client.ask(Command::Query, &query("q1", "x\n")).await, "");
    let own =
        "SERF_SELF_NAME=alpha\nSERF_SELF_ROLE=web\nSERF_TAG_MY_TAG_X=a b\nSERF_TAG_ROLE=web\n";
    // As a real agent told its script.
    assert_eq!(
        written(&folder.path().join("members")).await,
        format!("SERF_EVENT=member-join\n{own}alpha\t127.0.0.1\tweb\tmy-tag.x=a b,role=web\nend\n")
    );
    assert_eq!(
        written(&folder.path().join("user")).await,
        format!("SERF_EVENT=user\n{own}SERF_USER_EVENT=deploy\nSERF_USER_LTIME=2\npay load\nend\n")
    );
    assert_eq!(
        written(&folder.path().join("query")).await,
        format!("SERF_EVENT=query\nSERF_QUERY_LTIME=1\nSERF_QUERY_NAME=q1\n{own}x\nend\n")
    );
    let (_, stats) = client.fetch::<Stats>(Command::Stats, None).await;
    let handlers: Vec<_> = stats.sections["event_handlers"].keys().collect();
    assert_eq!(handlers, ["member-join:", "query:", "user:deploy"]);
    agent.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn what_a_script_writes_answers_a_query() {
    let script = |text: &str| EventHandler::script(text).unwrap();
    let config = AgentConfig::memory().with_node_name("alpha");
    let slow = script("query:slow=sleep 600").with_timeout(Duration::from_millis(100));
    let config = config
        .with_event_handler(script("query:up=tr a-z A-Z; echo problem >&2"))
        .with_event_handler(script("query:fails=echo no; exit 1"))
        .with_event_handler(script("query:long=head -c 100000 /dev/zero"))
        .with_event_handler(slow);
    let agent = start(config).await;
    let mut client = Client::greeted(&agent).await;
    for name in ["fails", "long", "slow"] {
        let query = Query {
            timeout: 300_000_000,
            ..query(name, "")
        };
        assert_eq!(client.ask(Command::Query, &query).await, "");
        assert_eq!(client.answers().await, [], "{name}");
    }
    let answers = answered(&mut client, &query("up", "abc")).await;
    let answer = (
        QueryRecordKind::Response,
        "alpha".to_owned(),
        b"ABC\nproblem\n".to_vec(),
    );
    assert_eq!(answers, [answer]);
    agent.shutdown().await;
}

#[tokio::test]
async fn handlers_are_replaced_while_the_agent_runs() {
    let answer = |text: &'static str| {
        EventHandler::call("query:which", move |_| {
            std::future::ready(Some(text.into()))
        })
        .unwrap()
    };
    let config = AgentConfig::memory().with_node_name("alpha");
    let agent = start(config.with_event_handler(answer("first"))).await;
    let mut client = Client::greeted(&agent).await;
    for expected in ["first", "second"] {
        let answers = answered(&mut client, &query("which", "")).await;
        assert_eq!(answers[0].2, expected.as_bytes(), "{answers:?}");
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(agent.set_event_handlers(&[answer("second")]));
    }
    agent.shutdown().await;
    let none = start_without().await;
    assert!(!none.set_event_handlers(&[]));
    none.shutdown().await;
}

async fn start_without() -> quorate_agent::Agent {
    quorate_agent::Agent::start(AgentConfig::memory())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_closure_answers_a_query() {
    let handler = EventHandler::call("query:echo", |event| async move {
        match event {
            Happened::Query(query) => Some(query.payload),
            _ => None,
        }
    });
    let config = AgentConfig::memory().with_node_name("alpha");
    let agent = start(config.with_event_handler(handler.unwrap())).await;
    let mut client = Client::greeted(&agent).await;
    let answers = answered(&mut client, &query("echo", "hello")).await;
    let answer = (
        QueryRecordKind::Response,
        "alpha".to_owned(),
        b"hello".to_vec(),
    );
    assert_eq!(answers, [answer]);
    agent.shutdown().await;
}
