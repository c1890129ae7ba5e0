//! What a real agent was asked and answered, asked of ours.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use quorate_agent::{Agent, AgentConfig};
use quorate_wire::msgpack::{Decode, Encode, Splitter};
use quorate_wire::serf::{
    Command, EventRecord, Join, KeyResponse, Members, QueryRecord, QueryRecordKind, StreamRequest,
};

use crate::{Client, gossip, start};

/// The ports of the agents that were recorded.
const RECORDED: [u16; 2] = [18602, 18604];

fn fixture(name: &str) -> Vec<u8> {
    let folder = "../wire/fixtures/serf-0.10.1";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read(path.join(name)).unwrap()
}

/// A recorded answer, with the ports of our agents in it, one object after the other.
fn answer(name: &str, ports: &[u16]) -> Vec<Vec<u8>> {
    let mut bytes = fixture(&format!("{name}.answer"));
    for (recorded, ours) in RECORDED.iter().zip(ports) {
        let port = |port: &u16| [b"\xa4Port\xcd".as_slice(), &port.to_be_bytes()].concat();
        let (from, to) = (port(recorded), port(ours));
        for at in 0..bytes.len() {
            if bytes[at..].starts_with(&from) {
                bytes[at..at + to.len()].copy_from_slice(&to);
            }
        }
    }
    let mut splitter = Splitter::new(1 << 20);
    let mut objects = Vec::new();
    while !bytes.is_empty() {
        let length = splitter.scan(&bytes).unwrap().unwrap();
        objects.push(bytes.drain(..length).collect());
    }
    objects
}

impl Client {
    /// Asks what was asked of the real agent, and wants the same bytes back, pairs of records in any order.
    async fn replays(&mut self, name: &str, ports: &[u16]) {
        self.send(&fixture(&format!("{name}.request"))).await;
        self.receives(name, ports).await;
    }

    /// The same of what others have to answer. On a loaded machine they may be too late: then they are
    /// asked again.
    async fn replays_in_time(&mut self, name: &str, ports: &[u16]) {
        for _ in 0..4 {
            self.send(&fixture(&format!("{name}.request"))).await;
            let (got, wanted) = self.got(name, ports).await;
            if got == wanted {
                return;
            }
        }
        self.replays(name, ports).await;
    }

    async fn receives(&mut self, name: &str, ports: &[u16]) {
        let (got, wanted) = self.got(name, ports).await;
        let text = |all: &[Vec<u8>]| -> Vec<String> {
            all.iter()
                .map(|one| String::from_utf8_lossy(one).into_owned())
                .collect()
        };
        assert_eq!(
            got,
            wanted,
            "{name}: {:?} for {:?}",
            text(&got),
            text(&wanted)
        );
    }

    /// What is answered, and what the real agent answered.
    async fn got(&mut self, name: &str, ports: &[u16]) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
        let mut wanted = answer(name, ports);
        let mut got = Vec::new();
        for _ in 0..wanted.len() {
            got.push(
                self.object()
                    .await
                    .unwrap_or_else(|| panic!("{name}: closed")),
            );
        }
        if wanted.len() > 3 {
            // An answer, and then records of two streams.
            wanted[1..].sort();
            got[1..].sort();
        }
        (got, wanted)
    }
}

async fn alpha() -> (Agent, [u16; 1]) {
    let gossip = gossip().with_tag("role", "web").with_tag("über", "größe");
    let config = AgentConfig::memory().with_node_name("alpha");
    let agent = start(config.with_gossip(gossip)).await;
    let port = agent.gossip_address().unwrap().port();
    (agent, [port])
}

#[tokio::test]
async fn an_agent_alone_answers_as_the_real_one_did() {
    while !answers_as_the_real_one_did().await {}
}

/// The query that was recorded waits for a second. `false` when the machine stood still for so long that it
/// was over before it was answered.
async fn answers_as_the_real_one_did() -> bool {
    let (agent, ports) = alpha().await;
    let mut client = Client::new(&agent).await;
    for name in [
        "handshake-version-2",
        "handshake",
        "handshake-repeated",
        "auth-not-wanted",
        "members-filtered-none",
        "get-coordinate",
        "get-coordinate-unknown",
        "list-keys-no-keyring",
        "install-key-no-keyring",
        "install-key-not-base64",
        "join-refused",
        "join-nobody",
        "force-leave-unknown",
        "respond-unknown",
        "stop-unknown",
        "stream-bad-filter",
        "monitor-bad-level",
        "query-too-large",
        "event-too-large",
        "event-too-large-encoded",
        "tags-too-large",
        "stream",
        "event",
        "event-empty-payload",
        "event-coalesced",
    ] {
        client.replays(name, &ports).await;
    }
    let begun = Instant::now();
    client.replays("query", &ports).await;
    let mut answered = Vec::new();
    for name in ["respond", "respond-again"] {
        client.send(&fixture(&format!("{name}.request"))).await;
        answered.push(client.got(name, &ports).await);
    }
    if begun.elapsed() > Duration::from_millis(900) {
        agent.shutdown().await;
        return false;
    }
    for (got, wanted) in answered {
        assert_eq!(got, wanted);
    }
    let (seq, done) = client.record::<QueryRecord>().await;
    assert_eq!((seq, done.kind), (29, QueryRecordKind::Done));
    client.replays("respond-late", &ports).await;
    client.replays("stop", &ports).await;
    agent.shutdown().await;
    true
}

#[tokio::test]
async fn members_are_shown_as_the_real_agent_showed_them() {
    let (agent, ports) = alpha().await;
    let mut client = Client::greeted(&agent).await;
    for name in ["members", "members-filtered"] {
        client.send(&fixture(&format!("{name}.request"))).await;
        let wanted = answer(name, &ports);
        assert_eq!(client.object().await.unwrap(), wanted[0]);
        // The order of tags differs from one recording to the next.
        let members = Members::from_msgpack(&client.object().await.unwrap()).unwrap();
        assert_eq!(
            members,
            Members::from_msgpack(&wanted[1]).unwrap(),
            "{name}"
        );
    }
    client.replays("query-reserved", &ports).await;
    client.replays("query-ping", &ports).await;
    assert_eq!(client.answers().await, []);
    client.replays("tags", &ports).await;
    let (_, members) = client.fetch::<Members>(Command::Members, None).await;
    let tags: Vec<_> = members.members[0].tags.iter().map(|tag| tag.0).collect();
    assert_eq!(tags, ["a", "über"]);
    agent.shutdown().await;
}

#[tokio::test]
async fn what_ends_a_connection_of_the_real_agent_ends_one_of_ours() {
    let (agent, ports) = alpha().await;
    for name in [
        "ended-no-handshake",
        "ended-unknown-command",
        "ended-negative-seq",
        "ended-no-messagepack",
        "ended-by-leave",
    ] {
        let mut client = Client::new(&agent).await;
        client.replays(name, &ports).await;
        assert!(client.is_closed().await, "{name}");
    }
    agent.left().await;
    agent.shutdown().await;
}

#[tokio::test]
async fn a_token_is_asked_for_as_by_the_real_agent() {
    let config = AgentConfig::memory().with_node_name("alpha");
    let config = config.with_serf_rpc_auth("a token that nobody guesses");
    let agent = start(config.with_gossip(gossip())).await;
    let ports = [agent.gossip_address().unwrap().port()];
    let mut client = Client::greeted(&agent).await;
    for name in [
        "auth-required",
        "auth-wrong",
        "auth",
        "auth-wrong-later",
        "auth-members",
    ] {
        client.replays(name, &ports).await;
    }
    let mut client = Client::new(&agent).await;
    client.replays("pipelined", &ports).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn two_agents_that_encrypt_answer_as_the_real_ones_did() {
    let key = "HIDxTe3QS8hQoXmNBp6SHA==";
    let member = async |name: &str| {
        let config = AgentConfig::memory().with_node_name(name);
        start(config.with_gossip(gossip().with_key(key))).await
    };
    let (alpha, beta) = (member("alpha").await, member("beta").await);
    let ports = [&alpha, &beta].map(|agent| agent.gossip_address().unwrap().port());
    let mut client = Client::greeted(&alpha).await;
    client.replays("stream-members", &ports).await;
    // What was told of the agent itself comes first, if it was not told before.
    let join = Join {
        existing: vec![format!("127.0.0.1:{}", ports[1])],
        replay: false,
    };
    let (error, joined) = client
        .fetch::<quorate_wire::serf::Joined>(Command::Join, Some(&join))
        .await;
    assert_eq!((error.as_str(), joined.num), ("", 1));
    loop {
        let (seq, event) = client.record::<EventRecord>().await;
        assert_eq!(seq, 2);
        let EventRecord::Member { members, .. } = &event else {
            panic!("{event:?}");
        };
        if members.iter().any(|member| member.name == "beta") {
            break;
        }
    }
    for name in [
        "members-two",
        "list-keys",
        "install-key",
        "list-keys-two",
        "use-key",
        "remove-key-primary",
        "remove-key",
        "use-key-unknown",
    ] {
        client.replays_in_time(name, &ports).await;
    }
    client
        .send(&fixture("install-key-wrong-size.request"))
        .await;
    assert!(
        client
            .header(12)
            .await
            .contains("key size must be 16, 24 or 32 bytes")
    );
    let body = client.object().await.unwrap();
    assert_eq!(body, KeyResponse::default().to_msgpack());
    let all = StreamRequest::default();
    assert_eq!(client.ask(Command::Stream, &all).await, "");
    alpha.shutdown().await;
    beta.shutdown().await;
}
