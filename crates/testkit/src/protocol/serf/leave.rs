//! Members that come and go: `leave`, `force-leave` and what is told of it.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::connection::{Connection, request};
use super::target::{ALONE, MENDED, REAL, Serf, Setup};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        an_agent_that_leaves_answers_and_ends needs [ALONE],
        a_member_that_leaves_has_left_for_the_others needs [ALONE],
        a_member_that_fails_is_forced_to_leave_and_forgotten needs [ALONE],
        a_member_that_joins_is_told_by_all needs [ALONE],
        whoever_is_alive_says_so_when_he_is_forced_to_leave needs [ALONE],
        whoever_is_alive_and_pruned_is_forgotten_while_all_wait needs [ALONE, REAL],
        whoever_is_alive_and_pruned_stays needs [ALONE, MENDED],
    ]
    .into()
}

async fn an_agent_that_leaves_answers_and_ends(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let (mut rpc, mut other) = (one.connect().await?, one.connect().await?);
    rpc.ask("leave", Value::Null).await?.done()?;
    // Every connection ends, and nothing is said on it.
    rpc.is_closed().await?;
    other.is_closed().await
}

async fn a_member_that_leaves_has_left_for_the_others(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(Setup::default()).await?;
    let mut rpc = one.connect().await?;
    let filter = json!({"Type": "member-leave,member-failed"});
    let stream = rpc.begin("stream", filter).await?;
    let mut leaves = two.connect().await?;
    leaves.ask("leave", Value::Null).await?.done()?;
    let told = rpc.record(stream).await?;
    equal("event", &told["Event"], &json!("member-leave"))?;
    equal("who", &told["Members"][0]["Name"], &json!("two"))?;
    equal("status", &told["Members"][0]["Status"], &json!("left"))?;
    one.thinks("two", Some("left")).await
}

/// Waits until a stream tells this of the member `two`.
async fn told(rpc: &mut Connection, stream: u64, event: &str, status: &str) -> Outcome {
    let told = rpc.record(stream).await?;
    equal("event", &told["Event"], &json!(event))?;
    equal("who", &told["Members"][0]["Name"], &json!("two"))?;
    equal("status", &told["Members"][0]["Status"], &json!(status))
}

async fn a_member_that_fails_is_forced_to_leave_and_forgotten(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(Setup::default()).await?;
    let mut rpc = one.connect().await?;
    let filter = json!({"Type": "member-leave,member-failed,member-reap"});
    let stream = rpc.begin("stream", filter).await?;
    two.kill().await?;
    told(&mut rpc, stream, "member-failed", "failed").await?;
    one.thinks("two", Some("failed")).await?;
    let stats = rpc.ask("stats", Value::Null).await?.done()?;
    equal("counted", &stats["serf"]["failed"], &json!("1"))?;
    for (prune, event, status) in [
        (false, "member-leave", Some("left")),
        (true, "member-reap", None),
    ] {
        let two = json!({"Node": "two", "Prune": prune});
        rpc.ask("force-leave", two).await?.done()?;
        told(&mut rpc, stream, event, "left").await?;
        one.thinks("two", status).await?;
    }
    Ok(())
}

async fn a_member_that_joins_is_told_by_all(serf: &Trial) -> Outcome {
    let one = serf.another("one", Setup::default()).await?;
    let two = serf.another("two", Setup::default()).await?;
    let mut streams = Vec::new();
    for member in [&one, &two] {
        let mut rpc = member.connect().await?;
        let stream = json!({"Type": "member-join"});
        let stream = rpc.begin("stream", stream).await?;
        streams.push((rpc, stream));
    }
    two.join(&one).await?;
    for ((rpc, stream), name) in streams.iter_mut().zip(["two", "one"]) {
        let told = rpc.until(*stream, |told| {
            let members = told["Members"].as_array().into_iter().flatten();
            let mut names = members.map(|member| &member["Name"]);
            names.any(|other| other == name)
        });
        let told = told.await?;
        equal("event", &told["Event"], &json!("member-join"))?;
    }
    Ok(())
}

async fn whoever_is_alive_says_so_when_he_is_forced_to_leave(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(Setup::default()).await?;
    let mut rpc = one.connect().await?;
    // Without a third to tell of it, nobody hears it who could object.
    let force = json!({"Node": "two"});
    rpc.ask("force-leave", force.clone()).await?.done()?;
    one.thinks("two", Some("leaving")).await?;
    two.thinks("two", Some("alive")).await?;
    let three = serf.another("three", Setup::default()).await?;
    three.join(&two).await?;
    one.thinks("three", Some("alive")).await?;
    rpc.ask("force-leave", force).await?.done()?;
    one.thinks("two", Some("alive")).await
}

async fn whoever_is_alive_and_pruned_is_forgotten_while_all_wait(serf: &Trial) -> Outcome {
    let (one, _two) = serf.pair(Setup::default()).await?;
    let (mut prunes, mut asks) = (one.connect().await?, one.connect().await?);
    let begun = Instant::now();
    let prune = [
        request(7, "force-leave"),
        json!({"Node": "two", "Prune": true}),
    ];
    prunes.write(&prune).await?;
    prunes.answer(7, "force-leave").await?.done()?;
    ensure!(begun.elapsed() > Duration::from_secs(1), "it does not wait");
    let found = json!({"Name": "two"});
    let found = asks.ask("members-filtered", found).await?.done()?;
    equal("forgotten", found, json!({"Members": []}))
}

async fn whoever_is_alive_and_pruned_stays(serf: &Trial) -> Outcome {
    let (one, two) = serf.pair(Setup::default()).await?;
    let mut rpc = one.connect().await?;
    let prune = json!({"Node": "two", "Prune": true});
    rpc.ask("force-leave", prune).await?.done()?;
    let found = rpc.ask("members-filtered", json!({"Name": "two"})).await?;
    equal(
        "listed",
        &found.done()?["Members"][0]["Name"],
        &json!("two"),
    )?;
    two.thinks("two", Some("alive")).await
}
