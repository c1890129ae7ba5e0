use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use quorate_serf::{EventOptions, MemberStatus, QueryOptions, TagChanges};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::cluster::{Cluster, Ground, NAMES};
use crate::member::Member;
use crate::{LONG, SERF};

/// How long those who are asked may take.
const ANSWERED: Duration = Duration::from_secs(15);

pub(crate) fn cases() -> Vec<Case<Ground>> {
    cases![Ground;
        members_of_both_kinds_tell_and_ask_each_other_everything needs [SERF],
    ]
    .into()
}

async fn members_of_both_kinds_tell_and_ask_each_other_everything(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let mut cluster = Cluster::joined(ground, "lan").await?;
    tags(&cluster).await?;
    events(&cluster).await?;
    queries(&cluster).await?;

    // Who says goodbye has left, and has not failed.
    cluster.ours[1].leave().await?;
    let stay = [&cluster.serf[0], &cluster.serf[1], &cluster.ours[0]];
    try_join_all(stay.map(|one| one.sees("ours-2", MemberStatus::Left))).await?;
    cluster.serf[1].leave().await?;
    let stay = [&cluster.serf[0], &cluster.ours[0]];
    try_join_all(stay.map(|one| one.sees("serf-2", MemberStatus::Left))).await?;
    cluster.serf[0].sees("ours-1", MemberStatus::Alive).await?;
    cluster.ours[0].sees("serf-1", MemberStatus::Alive).await
}

/// Tags that are set on one of each kind are seen by all, beside those of the start.
async fn tags(cluster: &Cluster) -> anyhow::Result<()> {
    cluster.serf[0].serf_says("tags -set zone=1").await?;
    let change = TagChanges::new().set("zone", "2").remove("kind");
    cluster.ours[1].client.set_tags(&change).await?;
    for (name, expected) in [
        ("serf-1", [("kind", "serf"), ("zone", "1")].as_slice()),
        ("ours-1", &[("kind", "ours")]),
        ("ours-2", &[("zone", "2")]),
    ] {
        let seen = |by: &Member| {
            let (client, what) = (by.client.clone(), format!("{} knows the tags", by.name()));
            eventually_ok(LONG, what, move || {
                let client = client.clone();
                async move {
                    let member = client.member(name).await?.context("it is no member")?;
                    let all = member.tags.iter().eq(expected.iter().copied());
                    ensure!(all, "{member:?}");
                    Ok::<_, anyhow::Error>(())
                }
            })
        };
        try_join_all(cluster.members().map(seen)).await?;
    }
    Ok(())
}

/// Every event arrives at every member, once.
async fn events(cluster: &Cluster) -> anyhow::Result<()> {
    let mut sent = BTreeSet::new();
    for member in cluster.members() {
        for number in 0..2 {
            let name = format!("{}-{number}", member.name());
            let apart = EventOptions::default().with_coalesce(false);
            member.client.event_with(&name, "x", apart).await?;
            sent.insert(name);
        }
    }
    for member in cluster.members() {
        let heard = || async {
            let text = std::fs::read_to_string(&member.setup.heard)?;
            let lines: Vec<_> = text.lines().map(str::to_owned).collect();
            ensure!(lines.len() >= sent.len(), "{lines:?}");
            Ok(lines)
        };
        let what = format!("{} hears all events", member.name());
        let lines = eventually_ok(LONG, what, heard).await?;
        let once = lines.len() == sent.len();
        ensure!(once, "{} heard one twice: {lines:?}", member.name());
        let lines: BTreeSet<_> = lines.into_iter().collect();
        ensure!(lines == sent, "{}: {lines:?}", member.name());
    }
    Ok(())
}

/// Asked by either kind, the event handlers of all four answer.
async fn queries(cluster: &Cluster) -> anyhow::Result<()> {
    let some = ["ours-1", "serf-2"];
    for asks in [&cluster.serf[0], &cluster.ours[1]] {
        // Gossip may miss a member.
        let what = format!("{} asks all", asks.name());
        eventually_ok(LONG, what, || answered(asks, &NAMES)).await?;
        let what = format!("{} asks {some:?}", asks.name());
        eventually_ok(LONG, what, || answered(asks, &some)).await?;
    }
    Ok(())
}

/// Asks these members; each of them acknowledges and answers, and nobody else does.
async fn answered(asks: &Member, who: &[&str]) -> anyhow::Result<()> {
    let options = QueryOptions::default()
        .with_acks(true)
        .with_timeout(ANSWERED);
    let options = match who.len() == NAMES.len() {
        true => options,
        false => options.with_nodes(who.iter().copied()),
    };
    let answers = asks.client.query_with("load", "", &options).await?;
    let answers = answers.collect().await?;
    let who: BTreeSet<_> = who.iter().map(|name| (*name).to_owned()).collect();
    ensure!(answers.acks == who, "{answers:?}");
    ensure!(answers.responses.keys().eq(&who), "{answers:?}");
    let own = |(name, said): (&String, &_)| *said == format!("from-{name}");
    ensure!(answers.responses.iter().all(own), "{answers:?}");
    Ok(())
}
