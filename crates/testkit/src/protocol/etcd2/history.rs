//! The history of a store, and its index.

use std::fmt::Write as _;

use anyhow::ensure;
use quorate_etcd::v2::{Change, Condition, ErrorKind, Relisted, WatchOptions};

use super::target::{ALONE, Etcd, number};
use super::world::World;
use crate::cases;
use crate::exchange::Answer;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_last_thousand_events_are_kept_and_older_ones_are_401 needs [ALONE],
        a_quiet_key_is_followed_past_the_end_of_the_history needs [ALONE],
        whoever_asks_for_what_is_forgotten_is_told_and_lists_again needs [ALONE],
        each_write_takes_one_index_and_a_refused_one_none needs [ALONE],
        the_index_is_that_of_the_store_and_never_0 needs [ALONE],
    ]
    .into()
}

/// How many events a store remembers.
const KEPT: u64 = 1000;

/// Writes another key so many times; the index of the last.
async fn noise(world: &World<'_>, times: u64) -> anyhow::Result<u64> {
    let mut index = 0;
    for _ in 0..times {
        let answer = world.send("PUT noise value=1").await?;
        index = number(&answer, "X-Etcd-Index")?;
    }
    Ok(index)
}

async fn the_last_thousand_events_are_kept_and_older_ones_are_401(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let world = World::within(&etcd, "history").await?;
    let now = noise(&world, KEPT + 5).await?;
    let ask = |index| {
        let target = format!("GET noise?wait=true&waitIndex={index}");
        let world = &world;
        async move { world.send(&target).await }
    };
    let oldest = now - KEPT + 1;
    let kept: Answer = ask(oldest).await?;
    equal("oldest", kept.status, 200)?;
    equal(
        "its index",
        kept.json()?["node"]["modifiedIndex"].as_u64(),
        Some(oldest),
    )?;
    equal("the header", number(&kept, "X-Etcd-Index")?, now)?;
    for index in [oldest - 1, 1] {
        let gone = ask(index).await?;
        let mut body = String::from(
            "{\"errorCode\":401,\"message\":\"The event in requested index is outdated and cleared\",",
        );
        writeln!(
            body,
            "\"cause\":\"the requested history has been cleared [{oldest}/{index}]\",\"index\":{now}}}"
        )?;
        equal("status", gone.status, 400)?;
        equal("body", gone.text(), body)?;
        equal("index", number(&gone, "X-Etcd-Index")?, now)?;
    }
    Ok(())
}

async fn a_quiet_key_is_followed_past_the_end_of_the_history(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let world = World::within(&etcd, "history").await?;
    let keys = etcd.client.keys();
    let node = keys.set(&world.key("quiet"), "1").await?;
    // Each poll ends soon, and learns from its answer how far the store is.
    let options = WatchOptions::new()
        .with_after(node.modified_index)
        .with_poll(std::time::Duration::from_millis(100));
    let mut watch = keys.watch_with(&world.key("quiet"), options);
    for _ in 0..3 {
        let write = noise(&world, KEPT / 2);
        tokio::select! {
            change = watch.next() => anyhow::bail!("{change:?}"),
            now = write => { now?; }
        }
    }
    let written = keys.set(&world.key("quiet"), "2").await?;
    let Change::Event(event) = watch.next().await? else {
        anyhow::bail!("it lists again");
    };
    equal("event", event.node, Some(written))
}

async fn whoever_asks_for_what_is_forgotten_is_told_and_lists_again(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let world = World::within(&etcd, "history").await?;
    let keys = etcd.client.keys();
    let first = keys.set(&world.key("f"), "1").await?;
    noise(&world, KEPT + 5).await?;
    let options = WatchOptions::new().with_after(first.modified_index);
    let mut watch = keys.watch_with(&world.key("f"), options);
    match watch.next().await? {
        Change::Listed { node, reason, .. } => {
            equal("node", node, Some(first))?;
            equal("reason", reason, Relisted::HistoryCleared)?;
        }
        other => anyhow::bail!("{other:?}"),
    }
    let second = keys.set(&world.key("f"), "2").await?;
    let Change::Event(event) = watch.next().await? else {
        anyhow::bail!("it lists twice");
    };
    equal("event", event.node, Some(second))
}

async fn each_write_takes_one_index_and_a_refused_one_none(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let world = World::within(&etcd, "history").await?;
    let mut index = number(&world.send("GET ").await?, "X-Etcd-Index")?;
    for (line, taken) in [
        ("PUT f value=1", 1),
        ("PUT f?prevExist=false value=2", 0),
        ("PUT g?prevExist=true value=2", 0),
        ("PUT f?prevValue=no value=2", 0),
        ("DELETE f?prevValue=no", 0),
        ("PUT f?prevExist=true value=2", 1),
        ("PUT f?prevValue=2 value=3", 1),
        ("PUT f?prevExist=true refresh=true&ttl=1000", 1),
        ("PUT f?ttl=x value=1", 0),
        ("POST q value=1", 1),
        ("PUT a/b/c/d value=1", 1),
        ("DELETE a", 0),
        ("DELETE a?recursive=true", 1),
        ("DELETE a?recursive=true", 0),
        ("GET f", 0),
        ("GET f?quorum=true", 0),
        ("DELETE f?prevValue=3", 1),
    ] {
        let answer = world.send(line).await?;
        index += taken;
        match number(&answer, "X-Etcd-Index")? {
            // A request that is refused before the store is asked knows no index.
            0 => ensure!(line.contains("ttl=x"), "{line}: no index"),
            now => equal(line, now, index)?,
        }
    }
    Ok(())
}

async fn the_index_is_that_of_the_store_and_never_0(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let answer = etcd.read("/v2/keys/").await?;
    equal(
        "root",
        answer.text().as_str(),
        "{\"action\":\"get\",\"node\":{\"dir\":true}}\n",
    )?;
    ensure!(number(&answer, "X-Etcd-Index")? > 0);
    ensure!(number(&answer, "X-Raft-Index")? > 0 && number(&answer, "X-Raft-Term")? > 0);
    let (keys, condition) = (etcd.client.keys(), Condition::index(1));
    let missing = keys.compare_and_delete("/nothing", &condition).await;
    let error = missing.err().map(|error| (error.kind(), error.index()));
    equal(
        "error",
        error,
        Some((ErrorKind::NotFound, Some(number(&answer, "X-Etcd-Index")?))),
    )
}
