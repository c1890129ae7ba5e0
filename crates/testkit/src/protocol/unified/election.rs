//! Elections: one leads at a time, and everybody knows who.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{ElectionOptions, ErrorKind, Feed, Holder, LostReason};
use tokio::time::timeout;

use super::target::{REMOTE, TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

const SOON: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        one_leads_at_a_time_and_tokens_grow,
        everybody_is_told_who_leads_and_what_it_says,
        a_campaign_ends_in_time_and_tells_who_leads,
        a_cancelled_candidacy_leaves_nothing,
        a_leader_that_loses_its_office_is_told,
        work_of_a_leader_ends_with_its_office,
        a_leader_can_make_fenced_writes needs [TRANSACTIONS],
        an_election_is_not_the_lock_of_its_name,
        a_name_that_is_no_key_cannot_be_elected,
        a_leader_survives_cut_connections needs [REMOTE],
    ]
    .into()
}

fn quick() -> ElectionOptions {
    ElectionOptions::default().with_lock_delay(Duration::ZERO)
}

async fn next(leaders: &mut Feed<Option<Holder>>) -> anyhow::Result<Option<Holder>> {
    let next = timeout(SOON, leaders.next()).await.context("no change")?;
    Ok(next.context("the feed ended")??)
}

async fn one_leads_at_a_time_and_tokens_grow(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, other) = (it.key("election"), it.another().await?);
    let mut last = None;
    for turn in 0..4 {
        let (first, second) = match turn % 2 {
            0 => (&it.coordinator, &other),
            _ => (&other, &it.coordinator),
        };
        let leadership = first.election(&name).campaign("leads").await?;
        ensure!(leadership.is_held());
        let token = Some(leadership.fencing_token());
        ensure!(token > last, "{token:?} after {last:?}");
        last = token;
        let next = second.election(&name);
        let tried = next.campaign_with("too", Wait::Try).await?;
        ensure!(tried.acquired().is_none(), "two leaders");
        let waits = next.campaign("waits");
        let resigns = async {
            tokio::time::sleep(PARKED).await;
            leadership.resign().await
        };
        let both = async { tokio::join!(waits, resigns) };
        let (elected, resigned) = timeout(SOON, both).await.context("not elected")?;
        resigned?;
        let elected = elected?;
        ensure!(Some(elected.fencing_token()) > last);
        last = Some(elected.fencing_token());
        elected.resign().await?;
    }
    Ok(())
}

async fn everybody_is_told_who_leads_and_what_it_says(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let other = it.another().await?.election(it.key("election"));
    let mut leaders = other.observe()?;
    equal("at first", next(&mut leaders).await?, None)?;
    equal("now", other.leader().await?, None)?;
    let leadership = election.campaign("node-7").await?;
    let owner = leadership.holding().owner();
    let leader = next(&mut leaders).await?;
    equal("elected", leader, Some(Holder::new(owner, "node-7")))?;
    leadership.proclaim("node-7, ready").await?;
    let leader = Some(Holder::new(owner, "node-7, ready"));
    equal("proclaimed", next(&mut leaders).await?, leader.clone())?;
    equal("now", other.leader().await?, leader)?;
    leadership.resign().await?;
    equal("resigned", next(&mut leaders).await?, None)
}

async fn a_campaign_ends_in_time_and_tells_who_leads(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let leadership = election.campaign("node-7").await?;
    for wait in [Duration::ZERO, Duration::from_millis(300)] {
        let campaign = election.campaign_within("node-8", wait);
        match timeout(SOON, campaign).await.context("it did not end")?? {
            Acquisition::TimedOut { holders } => {
                let leader = Holder::new(leadership.holding().owner(), "node-7");
                equal("leaders", holders, vec![leader])?;
            }
            Acquisition::Acquired(_) => anyhow::bail!("two leaders"),
        }
    }
    Ok(leadership.resign().await?)
}

async fn a_cancelled_candidacy_leaves_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let leadership = election.campaign("node-7").await?;
    let waiting = timeout(PARKED, election.campaign("node-8")).await;
    ensure!(waiting.is_err(), "two leaders");
    leadership.resign().await?;
    // Whoever was cancelled is not elected: somebody else is, at once.
    let elected = timeout(SOON, election.campaign("node-9")).await;
    let elected = elected.context("not elected")??;
    let leader = election.leader().await?.context("nobody leads")?;
    equal("leader", &leader.value[..], &b"node-9"[..])?;
    Ok(elected.resign().await?)
}

async fn a_leader_that_loses_its_office_is_told(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let election = election.with_options(quick());
    let leadership = election.campaign("node-7").await?;
    it.below()?.end(leadership.holding()).await?;
    let reason = timeout(SOON, leadership.lost()).await.context("not told")?;
    let reasons = [LostReason::LeaseEnded, LostReason::TakenAway];
    ensure!(reasons.contains(&reason), "{reason:?}");
    ensure!(!leadership.is_held());
    let late = leadership.proclaim("still here").await.err();
    let kind = late.context("proclaimed")?.kind();
    let kinds = [ErrorKind::NotHolder, ErrorKind::LeaseLost];
    ensure!(kinds.contains(&kind), "{kind:?}");
    let next = timeout(SOON, election.campaign("node-8")).await;
    let next = next.context("nobody is elected")??;
    ensure!(next.fencing_token() > leadership.fencing_token());
    Ok(next.resign().await?)
}

async fn work_of_a_leader_ends_with_its_office(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let election = election.with_options(quick());
    let done = election
        .run("node-7", async |held| held.fencing_token())
        .await?;
    ensure!(done.acquired().is_some());
    equal("resigned", election.leader().await?, None)?;
    let ended = Arc::new(AtomicBool::new(false));
    let mark = Arc::clone(&ended);
    let below = it.below()?;
    let work = election.run("node-7", |held| async move {
        let destroyed = below.end(held.holding()).await;
        std::future::pending::<()>().await;
        mark.store(true, Ordering::SeqCst);
        destroyed
    });
    let error = timeout(SOON, work).await.context("it went on")?.err();
    equal("kind", error.context("done")?.kind(), ErrorKind::LeaseLost)?;
    ensure!(!ended.load(Ordering::SeqCst));
    Ok(())
}

async fn a_leader_can_make_fenced_writes(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election(it.key("election"));
    let leadership = election.campaign("node-7").await?;
    let (kv, holding) = (it.coordinator.kv(), leadership.holding().clone());
    kv.put_fenced(&holding, &it.key("result"), "done").await?;
    leadership.resign().await?;
    let late = kv.put_fenced(&holding, &it.key("result"), "late").await;
    ensure!(late.is_err());
    let entry = kv.get(&it.key("result")).await?.context("not written")?;
    equal("value", entry.text(), Some("done"))
}

async fn an_election_is_not_the_lock_of_its_name(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = it.key("both");
    let guard = it.coordinator.lock(&name).acquire().await?;
    let election = it.coordinator.election(&name);
    let elected = timeout(SOON, election.campaign("node-7")).await;
    let leadership = elected.context("it is")??;
    leadership.resign().await?;
    Ok(guard.release().await?)
}

async fn a_name_that_is_no_key_cannot_be_elected(it: &Subject<Unified>) -> anyhow::Result<()> {
    let election = it.coordinator.election("a//b");
    let errors = [
        election.campaign("x").await.err(),
        election.leader().await.err(),
        election.observe().err(),
    ];
    for error in errors {
        let kind = error.context("accepted")?.kind();
        equal("kind", kind, ErrorKind::InvalidArgument)?;
    }
    Ok(())
}

async fn a_leader_survives_cut_connections(it: &Subject<Unified>) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    let leadership = remote.coordinator.election("e").campaign("node-7").await?;
    let mut leaders = remote.coordinator.election("e").observe()?;
    ensure!(next(&mut leaders).await?.is_some());
    for _ in 0..3 {
        remote.proxy.cut().await;
        tokio::time::sleep(PARKED).await;
    }
    ensure!(leadership.is_held());
    // A write on a connection whose cut is not noticed yet has an unknown outcome; a read is repeated.
    remote.coordinator.kv().get("nothing").await?;
    leadership.proclaim("still here").await?;
    let told = async {
        loop {
            // What could not be asked is an item, and not the end.
            if let Some(Ok(leader)) = leaders.next().await {
                return leader;
            }
        }
    };
    let leader = timeout(SOON, told).await.context("no change")?;
    let leader = leader.context("nobody leads")?;
    equal("leader", &leader.value[..], &b"still here"[..])?;
    Ok(leadership.resign().await?)
}
