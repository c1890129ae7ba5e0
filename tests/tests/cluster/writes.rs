//! Writes while a server is gone: each happens, does not, or says that nobody knows; none twice.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{Client, Consistency, ErrorKind, Outcome, QueryOptions};
use quorate_testkit::proxy::{Direction, Proxy};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::trio::{self, Nothing, SOON, Trio};

pub(crate) fn cases() -> Vec<Case<Nothing>> {
    cases![Nothing;
        writes_happen_once_at_most_when_the_leader_is_killed,
        writes_happen_once_at_most_when_their_server_is_killed,
        a_write_to_a_leader_that_stands_still_is_not_repeated_elsewhere,
        a_write_whose_answer_was_cut_is_not_repeated_elsewhere,
        a_refusal_that_was_passed_on_by_a_follower_is_told_as_by_the_leader,
    ]
    .into()
}

/// How many writes of each of the writers happen before it ends.
const WRITES: u32 = 100;
const WRITERS: u32 = 4;
/// How long a writer rests after an error.
const REST: Duration = Duration::from_millis(20);

/// What is known of one write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Happened,
    DidNot,
    Nothing,
}

/// Creates keys of its own one after the other. Created by compare-and-set: a write that was sent
/// twice, and happened twice, would find its own key.
async fn write(client: &Client, writer: u32) -> anyhow::Result<BTreeMap<String, Known>> {
    let (mut known, mut happened) = (BTreeMap::new(), 0);
    for number in 0.. {
        let key = format!("w/{writer}/{number:04}");
        let outcome = match client.kv().cas(&key, "v", 0).await {
            Ok(true) => {
                happened += 1;
                Known::Happened
            }
            Ok(false) => anyhow::bail!("{key} was there already: it was written twice"),
            Err(error) => {
                tokio::time::sleep(REST).await;
                match error.outcome() {
                    Outcome::DidNotHappen => Known::DidNot,
                    _ => Known::Nothing,
                }
            }
        };
        known.insert(key, outcome);
        if happened == WRITES {
            break;
        }
    }
    Ok(known)
}

async fn writes_happen_once_at_most(trio: &Trio, victim: usize) -> anyhow::Result<()> {
    let clients = (0..WRITERS).map(|_| trio.client(victim));
    let clients = clients.collect::<anyhow::Result<Vec<_>>>()?;
    let writers = (0..)
        .zip(&clients)
        .map(|(writer, client)| write(client, writer));
    let writers = futures_util::future::try_join_all(writers);
    let kill = async {
        let watcher = trio.client((victim + 1) % 3)?;
        let mut begun = watcher.kv().watch_prefix("w/");
        // An error is told and is not the end.
        while !matches!(begun.next().await, Ok(change) if change.value.len() >= 100) {}
        trio.server(victim).kill()?;
        trio.leader().await?;
        trio.server(victim).restart().await?;
        Ok(())
    };
    let (known, ()) = tokio::try_join!(writers, kill)?;

    let options = QueryOptions::new().with_consistency(Consistency::Consistent);
    let listed = trio.client(0)?.kv().list_with("w/", &options).await?.value;
    let there: BTreeMap<_, _> = listed
        .into_iter()
        .map(|entry| (entry.key.clone(), entry))
        .collect();
    let known: BTreeMap<_, _> = known.into_iter().flatten().collect();
    for (key, known) in &known {
        let entry = there.get(key.as_str());
        match known {
            Known::Happened => ensure!(entry.is_some(), "{key} was acknowledged and is lost"),
            Known::DidNot => ensure!(entry.is_none(), "{key} did not happen and is there"),
            Known::Nothing => {}
        }
        ensure!(entry.is_none_or(|entry| entry.create_index == entry.modify_index));
    }
    Ok(())
}

async fn writes_happen_once_at_most_when_the_leader_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    writes_happen_once_at_most(&trio, leader).await
}

async fn writes_happen_once_at_most_when_their_server_is_killed(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    writes_happen_once_at_most(&trio, follower).await
}

async fn a_write_to_a_leader_that_stands_still_is_not_repeated_elsewhere(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let begins = || async {
        // One whose first attempt took too long goes on with another server.
        let client = trio.hasty_client(leader)?;
        client.kv().put("before", "v").await?;
        anyhow::Ok(client)
    };
    let client = eventually_ok(SOON, "it begins with the leader", begins).await?;
    trio.server(leader).pause().await?;
    let error = client.kv().put("k", "v").await.err();
    let error = error.context("a server that stands still has answered")?;
    ensure!(error.outcome() == Outcome::Unknown, "{error:?}");
    // The others elect a leader and would have it, had it been sent to them.
    trio.leader().await?;
    ensure!(client.kv().get("k").await?.is_none(), "it was repeated");
    trio::write(&client, "after").await?;
    trio.server(leader).resume()?;
    trio.leader().await?;
    ensure!(client.kv().get("after").await?.is_some());
    Ok(())
}

async fn a_write_whose_answer_was_cut_is_not_repeated_elsewhere(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let follower = trio.follower().await?;
    let proxy = Proxy::start(trio.server(follower).addr()).await?;
    let others = trio.urls_from(follower + 1);
    let client = Client::new(&format!("{},{others}", proxy.url()))?;
    proxy.cut_after(Direction::ToClient, 0);
    let error = client.kv().put("k", "v").await.err();
    let error = error.context("a cut answer has arrived")?;
    ensure!(error.outcome() == Outcome::Unknown, "{error:?}");
    // It happened, and once: the others are asked now.
    let entry = client.kv().get("k").await?.context("it did not happen")?;
    ensure!(entry.create_index == entry.modify_index, "{entry:?}");
    proxy.restore().await;
    Ok(())
}

async fn a_refusal_that_was_passed_on_by_a_follower_is_told_as_by_the_leader(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let trio = Trio::start().await?;
    let leader = trio.leader().await?;
    let follower = trio.follower().await?;
    let nobody = "00000000-0000-4000-8000-000000000000";
    for number in [leader, follower] {
        let client = trio.client(number)?;
        let error = client.kv().acquire("k", "v", nobody).await.err();
        let error = error.context("a session that does not exist holds a lock")?;
        let told = (error.kind(), error.outcome());
        ensure!(
            told == (ErrorKind::LeaseLost, Outcome::DidNotHappen),
            "{error:?}"
        );
        let request = quorate_consul::SessionRequest::new().with_ttl(Duration::from_millis(1));
        let error = client.session().create(&request).await.err();
        let error = error.context("a session with a TTL of 1 ms")?;
        ensure!(error.kind() == ErrorKind::InvalidArgument, "{error:?}");
    }
    Ok(())
}
