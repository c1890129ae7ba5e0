//! Reads while a server is gone.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{Client, Consistency, ErrorKind, Outcome, QueryOptions};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually, eventually_ok};

use crate::trio::{Nothing, SOON, Trio, write};

pub(crate) fn cases() -> Vec<Case<Nothing>> {
    cases![Nothing;
        reads_go_on_when_the_leader_is_killed,
        reads_go_on_when_the_server_that_answers_them_is_killed,
        reads_go_on_when_the_server_that_answers_them_stands_still,
        without_a_quorum_stale_reads_go_on_and_nothing_is_written,
        a_server_that_was_away_catches_up,
    ]
    .into()
}

/// How many reads there are before something happens, and after it.
const READS: u32 = 60;

/// Reads in every consistency mode until nobody wants more; an error ends it.
async fn read(client: &Client, count: &AtomicU32, enough: &AtomicU32) -> anyhow::Result<()> {
    let modes = [
        Consistency::Default,
        Consistency::Consistent,
        Consistency::Stale,
    ];
    for mode in modes.into_iter().cycle() {
        let options = QueryOptions::new().with_consistency(mode);
        let answer = client.kv().get_with("k", &options).await;
        let done = count.fetch_add(1, Ordering::Relaxed);
        let entry = answer.with_context(|| format!("read {done}, {mode:?}"))?;
        ensure!(entry.value.is_some_and(|entry| entry.value == "v"));
        if done >= enough.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

/// Reads before, while and after `fault` happens: none may fail.
async fn reads_go_on_through<F>(client: &Client, fault: impl FnOnce() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>>,
{
    let (count, enough) = (AtomicU32::new(0), AtomicU32::new(u32::MAX));
    let steer = async {
        let begun = || async { (count.load(Ordering::Relaxed) >= READS).then_some(()) };
        eventually(SOON, "the first reads", begun).await?;
        fault().await?;
        enough.store(count.load(Ordering::Relaxed) + READS, Ordering::Relaxed);
        Ok(())
    };
    tokio::try_join!(read(client, &count, &enough), steer).map(drop)
}

/// The key has arrived at all three, so that stale reads find it everywhere.
async fn replicated(trio: &Trio) -> anyhow::Result<()> {
    let options = &QueryOptions::new().with_consistency(Consistency::Stale);
    write(&trio.client(0)?, "k").await?;
    for number in 0..3 {
        let client = &trio.client_of(number)?;
        let there = || async { client.kv().get_with("k", options).await.ok()?.value };
        eventually(SOON, "the key is there", there).await?;
    }
    Ok(())
}

async fn reads_go_on_when_the_leader_is_killed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    replicated(&trio).await?;
    let leader = trio.leader().await?;
    let client = trio.client(leader)?;
    reads_go_on_through(&client, || async {
        trio.server(leader).kill()?;
        let next = trio.leader().await?;
        ensure!(next != leader);
        Ok(())
    })
    .await
}

async fn reads_go_on_when_the_server_that_answers_them_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    replicated(&trio).await?;
    let follower = trio.follower().await?;
    let client = trio.client(follower)?;
    reads_go_on_through(&client, || async {
        trio.server(follower).kill()?;
        trio.server(follower).restart().await?;
        Ok(())
    })
    .await
}

async fn reads_go_on_when_the_server_that_answers_them_stands_still(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    replicated(&trio).await?;
    let leader = trio.leader().await?;
    let client = trio.hasty_client(leader)?;
    reads_go_on_through(&client, || async {
        trio.server(leader).pause().await?;
        trio.leader().await?;
        trio.server(leader).resume()?;
        Ok(())
    })
    .await
}

async fn without_a_quorum_stale_reads_go_on_and_nothing_is_written(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    replicated(&trio).await?;
    let leader = trio.leader().await?;
    let [left, other] = [(leader + 1) % 3, (leader + 2) % 3];
    let client = trio.client_of(left)?;
    trio.server(leader).kill()?;
    trio.server(other).kill()?;
    let leaderless = || async {
        match client.status().leader().await {
            Ok(None) => Ok(()),
            said => Err(format!("{said:?}")),
        }
    };
    eventually_ok(SOON, "it knows that there is no leader", leaderless).await?;

    let stale = QueryOptions::new().with_consistency(Consistency::Stale);
    let answer = client.kv().get_with("k", &stale).await?;
    ensure!(answer.value.is_some_and(|entry| entry.value == "v"));
    ensure!(answer.meta.known_leader == Some(false), "{:?}", answer.meta);
    let refused = client.kv().put("new", "v").await.err();
    let refused = refused.context("written without a quorum")?;
    let told = (refused.kind(), refused.outcome());
    ensure!(
        told == (ErrorKind::Unavailable, Outcome::DidNotHappen),
        "{refused:?}"
    );
    let unread = client
        .kv()
        .get("k")
        .await
        .err()
        .context("read without a quorum")?;
    // The last attempt may end with the time instead of the server's own words.
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
    ensure!(kinds.contains(&unread.kind()), "{unread:?}");

    trio.server(other).restart().await?;
    trio.leader().await?;
    ensure!(client.kv().get("new").await?.is_none(), "it happened");
    write(&client, "new").await
}

async fn a_server_that_was_away_catches_up(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let away = trio.follower().await?;
    trio.server(away).kill()?;
    let client = trio.client((away + 1) % 3)?;
    for number in 0..100 {
        write(&client, &format!("n/{number}")).await?;
    }
    trio.server(away).restart().await?;
    let (client, options) = (
        trio.client_of(away)?,
        QueryOptions::new()
            .with_consistency(Consistency::Stale)
            .with_timeout(Duration::from_secs(5)),
    );
    let all = || async {
        let listed = client.kv().list_with("n/", &options).await;
        let count = listed.map(|answer| answer.value.len());
        matches!(count, Ok(100))
            .then_some(())
            .ok_or(format!("{count:?}"))
    };
    eventually_ok(SOON, "all keys at the one that was away", all).await?;
    Ok(())
}
