//! Agents of one cluster.

use std::net::SocketAddr;
use std::path::Path;

use quorate_agent::{Agent, AgentConfig, AgentError, GossipConfig};
use quorate_wire::serf::{
    Command, Event, EventRecord, Join, Joined, MemberChange, MemberStatus, Members, StreamRequest,
};

use crate::client::PATIENCE;
use crate::{Client, gossip, start};

async fn member(name: &str) -> Agent {
    let config = AgentConfig::memory().with_node_name(name);
    start(config.with_gossip(gossip())).await
}

async fn join(client: &mut Client, other: &Agent) {
    let join = Join {
        existing: vec![format!("beta/{}", other.gossip_address().unwrap())],
        replay: false,
    };
    let (error, Joined { num }) = client.fetch(Command::Join, Some(&join)).await;
    assert_eq!((error.as_str(), num), ("", 1));
}

/// Waits until this agent thinks so of that member.
async fn until(client: &mut Client, name: &str, status: MemberStatus) {
    let mut seen = Members::default();
    let thinks = async {
        loop {
            seen = client.fetch::<Members>(Command::Members, None).await.1;
            let mut members = seen.members.iter();
            if members.any(|member| member.name == name && member.status == status) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let thought = tokio::time::timeout(PATIENCE, thinks).await;
    assert!(thought.is_ok(), "{name} is not {status:?}: {seen:?}");
}

#[tokio::test]
async fn members_join_hear_each_other_and_leave() {
    let (alpha, beta) = (member("alpha").await, member("beta").await);
    let mut one = Client::greeted(&alpha).await;
    let mut two = Client::greeted(&beta).await;
    let wanted = StreamRequest {
        filter: "member-leave,user:deploy".into(),
    };
    assert_eq!(one.ask(Command::Stream, &wanted).await, "");
    join(&mut one, &beta).await;
    until(&mut two, "alpha", MemberStatus::Alive).await;
    let event = Event {
        coalesce: false,
        name: "deploy".into(),
        payload: "v2".into(),
    };
    assert_eq!(two.ask(Command::Event, &event).await, "");
    let EventRecord::User { name, payload, .. } = one.event().await else {
        panic!();
    };
    assert_eq!((name.as_str(), &payload[..]), ("deploy", &b"v2"[..]));
    let leaving = two.request(Command::Leave, None).await;
    assert_eq!(two.header(leaving).await, "");
    assert!(two.is_closed().await);
    beta.left().await;
    beta.shutdown().await;
    until(
        &mut Client::greeted(&alpha).await,
        "beta",
        MemberStatus::Left,
    )
    .await;
    let EventRecord::Member { change, members } = one.event().await else {
        panic!();
    };
    assert_eq!(
        (change, members[0].name.as_str()),
        (MemberChange::Leave, "beta")
    );
    alpha.shutdown().await;
}

#[tokio::test]
async fn an_agent_that_is_started_again_joins_by_what_it_remembers() {
    let folder = tempfile::tempdir().unwrap();
    let kept = |folder: &Path, at: SocketAddr| {
        let config = AgentConfig::directory(folder).with_node_name("beta");
        let gossip = GossipConfig::new(at).with_key("HIDxTe3QS8hQoXmNBp6SHA==");
        config.with_gossip(gossip)
    };
    let alpha = AgentConfig::memory().with_node_name("alpha");
    let alpha = start(alpha.with_gossip(gossip().with_key("HIDxTe3QS8hQoXmNBp6SHA=="))).await;
    // At a loopback address of its own nobody takes its port while it does not run.
    let beta = start(kept(folder.path(), ([127, 0, 0, 77], 0).into())).await;
    let at = beta.gossip_address().unwrap();
    let mut client = Client::greeted(&beta).await;
    join(&mut client, &alpha).await;
    until(&mut client, "alpha", MemberStatus::Alive).await;
    let remembered = folder.path().join("serf/local.snapshot");
    let written = async {
        while !std::fs::read_to_string(&remembered).is_ok_and(|text| text.contains("alive: alpha"))
        {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let written = tokio::time::timeout(PATIENCE, written).await;
    written.expect("what the member remembers");
    assert!(folder.path().join("serf/local.keyring").exists());
    // Without a goodbye.
    beta.shutdown().await;
    // Anywhere else it would be another one with its name.
    let beta = start(kept(folder.path(), at)).await;
    until(
        &mut Client::greeted(&beta).await,
        "alpha",
        MemberStatus::Alive,
    )
    .await;
    alpha.shutdown().await;
    beta.shutdown().await;
}

#[tokio::test]
async fn what_does_not_start_leaves_nothing_behind() {
    let alpha = member("alpha").await;
    let taken = alpha.gossip_address().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = || AgentConfig::directory(folder.path()).with_node_name("beta");
    let on = GossipConfig::new(taken);
    let refused = Agent::start(config().with_gossip(on)).await;
    assert!(matches!(refused, Err(AgentError::Gossip(_))), "{refused:?}");
    let rpc = alpha.serf_rpc()[0].addr().unwrap();
    let refused = config().with_serf_rpc(rpc.to_string().parse().unwrap());
    let refused = Agent::start(refused.with_gossip(gossip())).await;
    assert!(matches!(refused, Err(AgentError::AddressInUse { .. })));
    // The directory is free again.
    Agent::start(config()).await.unwrap().shutdown().await;
    alpha.shutdown().await;
}
