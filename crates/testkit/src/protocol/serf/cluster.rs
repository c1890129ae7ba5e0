//! What members tell each other.

use std::collections::BTreeSet;

use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use serde_json::json;
use tokio::time::timeout;

use super::connection::{Connection, PATIENCE};
use super::target::{ALONE, CLUSTER, Member, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        events_from_before_a_join_are_told_if_asked_for needs [ALONE],
        an_event_of_any_member_is_told_once_by_every_member needs [CLUSTER],
        a_query_is_answered_by_every_member needs [CLUSTER],
        every_member_knows_the_coordinates_of_the_others needs [CLUSTER],
    ]
    .into()
}

async fn an_event_of_any_member_is_told_once_by_every_member(serf: &Trial) -> Outcome {
    let name = serf.key("spread");
    let mut told = Vec::new();
    for member in &serf.members {
        let mut rpc = member.connect().await?;
        let filter = json!({"Type": format!("user:{name}")});
        let stream = rpc.begin("stream", filter).await?;
        told.push((rpc, stream));
    }
    for member in &serf.members {
        let event = json!({"Name": name, "Payload": member.name});
        let mut rpc = member.connect().await?;
        rpc.ask("event", event).await?.done()?;
    }
    for (rpc, stream) in &mut told {
        let mut payloads = Vec::new();
        for _ in &serf.members {
            let record = rpc.record(*stream).await?;
            payloads.push(record["Payload"].as_str().unwrap_or_default().to_owned());
        }
        payloads.sort();
        equal("each once", payloads, serf.names())?;
    }
    Ok(())
}

/// Answers every query of a stream, without end.
async fn answers(member: &Member, (rpc, stream): &mut (Connection, u64)) -> Outcome {
    loop {
        let record = rpc.record(*stream).await?;
        let payload = format!("I am {}", member.name);
        let respond = json!({"ID": record["ID"], "Payload": payload});
        // It may be too late for this one; there will be another.
        rpc.ask("respond", respond).await?;
    }
}

/// Asks until each member has said that it received a query, and has answered one: gossip may miss
/// a member.
async fn all_answer(serf: &Trial, name: &str) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let names = || serf.names().into_iter();
    let mut expected: BTreeSet<_> = names().map(|name| (name.to_owned(), None)).collect();
    expected.extend(names().map(|name| (name.to_owned(), Some(format!("I am {name}")))));
    let mut came = BTreeSet::new();
    while came != expected {
        let query = json!({
            "Name": name, "RequestAck": true, "RelayFactor": 1, "Timeout": 8_000_000_000_u64,
        });
        let query = rpc.begin("query", query).await?;
        while came != expected {
            let record = rpc.record(query).await?;
            let text = |name: &str| record[name].as_str().map(str::to_owned);
            let from = text("From").unwrap_or_default();
            match record["Type"].as_str() {
                Some("done") => break,
                _ if from.is_empty() => {}
                Some("ack") => {
                    came.insert((from, None));
                }
                _ => {
                    came.insert((from, text("Payload")));
                }
            }
            ensure!(came.is_subset(&expected), "{came:?}");
        }
    }
    Ok(())
}

async fn a_query_is_answered_by_every_member(serf: &Trial) -> Outcome {
    let name = serf.key("asked");
    let filter = json!({"Type": format!("query:{name}")});
    let mut told = Vec::new();
    for member in &serf.members {
        let mut rpc = member.connect().await?;
        let stream = rpc.begin("stream", filter.clone()).await?;
        told.push((rpc, stream));
    }
    let members = serf.members.iter().zip(&mut told);
    let answer = try_join_all(members.map(|(member, told)| answers(member, told)));
    tokio::select! {
        ended = answer => bail!("they ended: {ended:?}"),
        asked = timeout(PATIENCE, all_answer(serf, &name)) => asked.context("not all answer")?,
    }
}

async fn every_member_knows_the_coordinates_of_the_others(serf: &Trial) -> Outcome {
    for member in &serf.members {
        for name in serf.names() {
            let known = || async {
                let mut rpc = member.connect().await.ok()?;
                let node = json!({"Node": name});
                let found = rpc.ask("get-coordinate", node).await.ok()?;
                (found.body["Ok"] == true).then_some(())
            };
            let what = format!("{} knows where {name} is", member.name);
            crate::eventually(PATIENCE, what, known).await?;
        }
    }
    Ok(())
}

/// Gossip may bring a newcomer what is still on its way before it has joined, which no member can tell from
/// what is new: that is rare, and another one joins then.
async fn events_from_before_a_join_are_told_if_asked_for(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let mut rpc = one.connect().await?;
    for name in ["before", "also"] {
        rpc.ask("event", json!({"Name": name})).await?.done()?;
    }
    let mut told = told_to_a_newcomer(serf, &one, "with", true).await?;
    told.sort();
    equal("with", told, ["also", "before", "own"])?;
    for number in 0..5 {
        let name = format!("without-{number}");
        let told = told_to_a_newcomer(serf, &one, &name, false).await?;
        if told.iter().all(|event| event == "own") {
            return Ok(());
        }
    }
    bail!("each newcomer is told of what was before")
}

/// A member joins, and sends an event of its own: gives what it is told until then.
async fn told_to_a_newcomer(
    serf: &Trial,
    one: &Member,
    name: &str,
    replay: bool,
) -> anyhow::Result<Vec<String>> {
    let newcomer = serf.another(name, Setup::default()).await?;
    let mut rpc = newcomer.connect().await?;
    let stream = rpc.begin("stream", json!({"Type": "user"})).await?;
    newcomer.join_and(one, replay).await?;
    rpc.ask("event", json!({"Name": "own"})).await?.done()?;
    let mut names = Vec::new();
    while names.last().is_none_or(|name| name != "own") {
        let told = rpc.record(stream).await?;
        names.push(told["Name"].as_str().unwrap_or_default().to_owned());
    }
    Ok(names)
}
