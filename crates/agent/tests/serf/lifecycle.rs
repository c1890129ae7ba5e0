//! From the start of an agent to its end.

use quorate_agent::{Agent, AgentConfig, AgentError, AgentLog, LogLevel};
use quorate_wire::serf::{
    Command, Event, EventRecord, LogRecord, Members, Monitor, Query, QueryRecordKind, Respond,
    Stats, Stop, StreamRequest,
};

use crate::{Client, agent, gossip, start};

#[tokio::test]
async fn without_a_cluster_the_agent_is_one_of_its_own() {
    let agent = agent().await;
    assert!(agent.gossip_address().unwrap().ip().is_loopback());
    let mut client = Client::greeted(&agent).await;
    let (_, members) = client.fetch::<Members>(Command::Members, None).await;
    let member = &members.members[0];
    assert_eq!((member.name.as_str(), members.members.len()), ("alpha", 1));
    assert_eq!(Some(member.address()), agent.gossip_address());
    let (_, stats) = client.fetch::<Stats>(Command::Stats, None).await;
    let sections: Vec<_> = stats.sections.keys().collect();
    assert_eq!(
        sections,
        ["agent", "event_handlers", "runtime", "serf", "tags"]
    );
    assert_eq!(stats.get("serf", "members"), Some("1"));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_query_ends_at_its_time_and_has_no_records_of_nobody() {
    let agent = agent().await;
    let mut answering = Client::greeted(&agent).await;
    let queries = StreamRequest {
        filter: "query:load".into(),
    };
    assert_eq!(answering.ask(Command::Stream, &queries).await, "");
    let mut asking = Client::greeted(&agent).await;
    let query = Query {
        name: "load".into(),
        request_ack: true,
        // Longer than a loaded machine stands still.
        timeout: 6_000_000_000,
        ..Query::default()
    };
    assert_eq!(asking.ask(Command::Query, &query).await, "");
    let EventRecord::Query { id, .. } = answering.event().await else {
        panic!();
    };
    let payload = bytes::Bytes::from_static(b"0.5");
    let respond = Respond { id, payload };
    assert_eq!(answering.ask(Command::Respond, &respond).await, "");
    let again = answering.ask(Command::Respond, &respond).await;
    assert_eq!(
        again,
        "failed to respond to key query: response already sent"
    );
    // The number is good on one connection only.
    let other = asking.request(Command::Respond, Some(&respond)).await;
    assert_eq!(asking.header(other).await, "No pending queries matching ID");
    let mut answers = asking.answers().await;
    answers.sort_by_key(|(kind, ..)| *kind == QueryRecordKind::Response);
    let alpha = || "alpha".to_owned();
    let wanted = [
        (QueryRecordKind::Ack, alpha(), Vec::new()),
        (QueryRecordKind::Response, alpha(), b"0.5".to_vec()),
    ];
    assert_eq!(answers, wanted);
    let late = answering.ask(Command::Respond, &respond).await;
    assert_eq!(late, "No pending queries matching ID");
    agent.shutdown().await;
}

#[tokio::test]
async fn fast_queries_end_and_say_nothing_of_nobody() {
    let agent = agent().await;
    let mut client = Client::greeted(&agent).await;
    for _ in 0..50 {
        let query = Query {
            name: "q".into(),
            request_ack: true,
            timeout: 1_000_000,
            ..Query::default()
        };
        assert_eq!(client.ask(Command::Query, &query).await, "");
        for (_, from, _) in client.answers().await {
            assert_eq!(from, "alpha");
        }
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn streams_and_monitors_end_when_they_are_stopped() {
    let log = AgentLog::new();
    let config = AgentConfig::memory().with_node_name("alpha");
    let agent = start(config.with_log(log.clone())).await;
    log.record(LogLevel::Warn, "test", "before", &[]);
    let mut client = Client::greeted(&agent).await;
    let monitor = |level: &str| Monitor {
        log_level: level.into(),
    };
    let seq = client
        .request(Command::Monitor, Some(&monitor("Warn")))
        .await;
    assert_eq!(client.header(seq).await, "");
    let second = client.ask(Command::Monitor, &monitor("info")).await;
    assert_eq!(second, "Monitor already exists");
    let (of, line) = client.record::<LogRecord>().await;
    assert_eq!(of, seq);
    assert!(line.log.ends_with(" [WARN] test: before"), "{line:?}");
    log.record(LogLevel::Error, "test", "after", &[("n", &1)]);
    let (_, line) = client.record::<LogRecord>().await;
    assert!(line.log.ends_with(" [ERR] test: after: n=1"), "{line:?}");
    let users = StreamRequest {
        filter: "user".into(),
    };
    let stream = client.request(Command::Stream, Some(&users)).await;
    assert_eq!(client.header(stream).await, "");
    for seq in [seq, stream] {
        assert_eq!(client.ask(Command::Stop, &Stop { seq }).await, "");
    }
    log.record(LogLevel::Error, "test", "nobody hears it", &[]);
    let event = Event {
        name: "nobody hears it".into(),
        ..Event::default()
    };
    assert_eq!(client.ask(Command::Event, &event).await, "");
    // A monitor may be started again, and sees what was kept.
    assert_eq!(client.ask(Command::Monitor, &monitor("err")).await, "");
    let (_, line) = client.record::<LogRecord>().await;
    assert!(line.log.ends_with("test: after: n=1"), "{line:?}");
    agent.shutdown().await;
}

#[tokio::test]
async fn shutting_down_ends_all_connections() {
    let agent = start(AgentConfig::memory().with_gossip(gossip())).await;
    let mut streaming = Client::greeted(&agent).await;
    let users = StreamRequest {
        filter: "user".into(),
    };
    assert_eq!(streaming.ask(Command::Stream, &users).await, "");
    let mut asking = Client::greeted(&agent).await;
    let query = Query {
        timeout: 3_600_000_000_000,
        ..Query::default()
    };
    assert_eq!(asking.ask(Command::Query, &query).await, "");
    agent.shutdown().await;
    assert!(streaming.is_closed().await && asking.is_closed().await);
    let metrics = tokio::runtime::Handle::current().metrics();
    assert_eq!(metrics.num_alive_tasks(), 0);
}

#[tokio::test]
async fn what_others_can_reach_has_to_be_asked_for_twice() {
    let rpc = AgentConfig::memory().with_serf_rpc("0.0.0.0:0".parse().unwrap());
    let refused = Agent::start(rpc.with_serf_rpc_auth("token")).await;
    assert!(matches!(refused, Err(AgentError::NotLoopback { .. })));
    let bind = || quorate_agent::GossipConfig::new(([0, 0, 0, 0], 0).into());
    let config = || AgentConfig::memory().with_node_name("alpha");
    let refused = Agent::start(config().with_gossip(bind())).await;
    assert!(matches!(refused, Err(AgentError::Gossip(_))), "{refused:?}");
    let wrong = Agent::start(config().with_gossip(bind().with_key("short"))).await;
    assert!(
        matches!(wrong, Err(AgentError::GossipKey { .. })),
        "{wrong:?}"
    );
    // One that encrypts lets only those in who have the key.
    let advertised = bind().with_advertise(([127, 0, 0, 1], 0).into());
    let keyed = advertised.with_key("HIDxTe3QS8hQoXmNBp6SHA==");
    let agent = Agent::start(config().with_gossip(keyed)).await.unwrap();
    agent.shutdown().await;
}
