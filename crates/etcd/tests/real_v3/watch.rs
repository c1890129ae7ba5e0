//! Watches.

use std::collections::BTreeMap;

use anyhow::{bail, ensure};
use bytes::Bytes;
use quorate_etcd::v3::{
    Change, ErrorKind, Event, EventKind, KeyRange, RangeOptions, Txn, TxnOp, Watch, WatchOptions,
};
use tokio::time::timeout;

use crate::{Etcd, Outcome, SOON, Trial, patient};

async fn next(watch: &mut Watch) -> anyhow::Result<Change> {
    Ok(timeout(SOON, watch.next()).await??)
}

/// Waits until a server watches.
async fn live(watch: &mut Watch) -> anyhow::Result<i64> {
    loop {
        if let Change::Live { from } = next(watch).await? {
            return Ok(from);
        }
    }
}

async fn events(watch: &mut Watch) -> anyhow::Result<Vec<Event>> {
    loop {
        if let Change::Events {
            events, revision, ..
        } = next(watch).await?
        {
            ensure!(events.last().unwrap().revision() == revision);
            return Ok(events);
        }
    }
}

pub(crate) async fn a_watch_tells_every_change_once_and_in_order(etcd: &Trial) -> Outcome {
    let (kv, prefix) = (etcd.client.kv(), etcd.key("w/"));
    let options = WatchOptions::new().with_previous();
    let mut watch = kv.watch_with(KeyRange::prefix(&prefix), options);
    live(&mut watch).await?;
    let key = format!("{prefix}a");
    kv.put(&key, "1").await?;
    kv.put(&key, "2").await?;
    kv.put(etcd.key("elsewhere"), "1").await?;
    kv.delete(&key).await?;
    let both = Txn::new()
        .then(TxnOp::put(&key, "3"))
        .then(TxnOp::put(format!("{prefix}b"), "3"));
    kv.txn(&both).await?;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        let some = events(&mut watch).await?;
        let split = some.iter().filter(|event| event.kv.value == "3").count();
        ensure!(split % 2 == 0, "a revision was split");
        seen.extend(some);
    }
    let kinds: Vec<_> = seen.iter().map(|event| event.kind).collect();
    use EventKind::{Changed, Created, Deleted};
    ensure!(
        kinds == [Created, Changed, Deleted, Created, Created],
        "{kinds:?}"
    );
    ensure!(seen[2].previous.as_ref().unwrap().value == "2");
    ensure!(seen[3].revision() == seen[4].revision());
    Ok(())
}

pub(crate) async fn options_of_a_watch_decide(etcd: &Trial) -> Outcome {
    let (kv, key) = (etcd.client.kv(), etcd.key("k"));
    let first = kv.put(&key, "1").await?.header.revision;
    kv.delete(&key).await?;
    kv.put(&key, "2").await?;
    let range = KeyRange::key(&key);
    let of = |options: WatchOptions| kv.watch_with(range.clone(), options);
    let from = WatchOptions::new().from(first);
    let mut deletes = of(from.clone().without_puts());
    ensure!(events(&mut deletes).await?[0].kind == EventKind::Deleted);
    let mut puts = of(from.clone().without_deletes());
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.extend(events(&mut puts).await?);
    }
    ensure!(seen.iter().all(|event| event.kind == EventKind::Created));
    let mut listed = of(WatchOptions::new().with_list());
    let Change::Listed { kvs, compacted, .. } = next(&mut listed).await? else {
        bail!("no list");
    };
    ensure!(kvs[0].value == "2" && compacted.is_none());
    kv.put(&key, "3").await?;
    ensure!(events(&mut listed).await?[0].kv.value == "3");
    let mut wrong = kv.watch(KeyRange::between("b", "a"));
    let error = timeout(SOON, wrong.next()).await?;
    let error = error.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument, "{error}");
    Ok(())
}

pub(crate) async fn what_is_compacted_is_listed_again(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let kv = etcd.client.kv();
    let first = kv.put("k", "1").await?.header.revision;
    kv.put("gone", "1").await?;
    kv.delete("gone").await?;
    let last = kv.put("k", "2").await?.header.revision;
    kv.compact(last, true).await?;
    let options = WatchOptions::new().from(first);
    let mut watch = kv.watch_with(KeyRange::all(), options);
    loop {
        match next(&mut watch).await? {
            Change::Listed {
                kvs,
                compacted,
                revision,
            } => {
                ensure!(compacted == Some(last) && revision == last);
                ensure!(kvs.len() == 1 && kvs[0].value == "2");
                break;
            }
            Change::Live { .. } => {}
            other => bail!("{other:?}"),
        }
    }
    kv.put("k", "3").await?;
    ensure!(events(&mut watch).await?[0].kv.value == "3");
    Ok(())
}

pub(crate) async fn a_watch_goes_on_after_the_server_was_killed(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let kv = etcd.client.kv();
    let mut watch = kv.watch(KeyRange::key("k"));
    live(&mut watch).await?;
    kv.put("k", "1").await?;
    ensure!(events(&mut watch).await?[0].kv.value == "1");
    etcd.server.kill()?;
    let told = next(&mut watch).await?;
    ensure!(matches!(told, Change::Interrupted { .. }), "{told:?}");
    etcd.server.restart().await?;
    // Another client writes before the watch is there again.
    let other = patient(&etcd.server.url())?;
    other.kv().put("k", "2").await?;
    let mut seen = Vec::new();
    while seen.is_empty() {
        if let Ok(Change::Events { events, .. }) = timeout(SOON, watch.next()).await? {
            seen.extend(events);
        }
    }
    ensure!(seen.len() == 1 && seen[0].kv.value == "2");
    Ok(())
}

pub(crate) async fn a_watch_that_is_not_read_holds_up_nobody_and_misses_nothing(
    etcd: &Trial,
) -> Outcome {
    let (kv, prefix) = (etcd.client.kv(), etcd.key("s/"));
    let mut slow = kv.watch(KeyRange::prefix(&prefix));
    let mut fast = kv.watch(KeyRange::prefix(&prefix));
    live(&mut slow).await?;
    live(&mut fast).await?;
    let count = 300;
    let mut seen = 0;
    for at in 0..count {
        kv.put(format!("{prefix}k"), format!("{at}")).await?;
        while seen <= at {
            seen += events(&mut fast).await?.len();
        }
    }
    let mut values = Vec::new();
    while values.len() < count {
        values.extend(
            events(&mut slow)
                .await?
                .into_iter()
                .map(|event| event.kv.value),
        );
    }
    let want: Vec<Bytes> = (0..count).map(|at| format!("{at}").into()).collect();
    ensure!(values == want);
    Ok(())
}

pub(crate) async fn large_revisions_come_whole(etcd: &Trial) -> Outcome {
    let (kv, prefix) = (etcd.client.kv(), etcd.key("l/"));
    let mut first = None;
    for round in 0..4 {
        let txn = (0..100).fold(Txn::new(), |txn, at| {
            txn.then(TxnOp::put(format!("{prefix}{at}"), vec![round; 10_000]))
        });
        let revision = kv.txn(&txn).await?.header.revision;
        first = first.or(Some(revision));
    }
    // About 4 MB to catch up with.
    let options = WatchOptions::new().from(first.unwrap());
    let mut watch = kv.watch_with(KeyRange::prefix(&prefix), options);
    let mut counts = BTreeMap::new();
    while counts.len() < 4 {
        let some = events(&mut watch).await?;
        for event in &some {
            *counts.entry(event.revision()).or_insert(0) += 1;
        }
        let whole = counts.values().all(|count| *count == 100);
        ensure!(whole, "a part of a revision: {counts:?}");
    }
    Ok(())
}

/// A copy of the keys, made of what a watch tells, is the keys.
pub(crate) async fn a_copy_made_of_a_watch_is_exact(etcd: &Trial) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let kv = etcd.client.kv();
    let range = KeyRange::prefix("c/");
    let mut watch = kv.watch_with(range.clone(), WatchOptions::new().with_list());
    let mut copy: BTreeMap<Bytes, Bytes> = BTreeMap::new();
    let mut last = 0;
    let writer = patient(&etcd.server.url())?;
    for round in 0..12_u32 {
        for at in 0..20_u32 {
            let key = format!("c/{}", (at * 7 + round) % 13);
            if (at + round) % 4 == 0 {
                writer.kv().delete(&key).await?;
            } else {
                writer.kv().put(&key, format!("{round}.{at}")).await?;
            }
        }
        if round % 4 == 1 {
            etcd.server.restart().await?;
        }
        let now = writer.kv().range(&range, &RangeOptions::new()).await?;
        if round % 4 == 2 {
            writer.kv().compact(now.header.revision, true).await?;
        }
        let want: BTreeMap<_, _> = now
            .kvs
            .iter()
            .map(|kv| (kv.key.clone(), kv.value.clone()))
            .collect();
        let newest = writer.kv().put("c/0", format!("end of {round}")).await?;
        while last < newest.header.revision {
            match timeout(SOON, watch.next()).await? {
                Ok(Change::Listed { kvs, revision, .. }) => {
                    copy = kvs.into_iter().map(|kv| (kv.key, kv.value)).collect();
                    last = revision;
                }
                Ok(Change::Events {
                    events, revision, ..
                }) => {
                    for event in events {
                        if event.kind == EventKind::Deleted {
                            copy.remove(&event.kv.key);
                        } else {
                            copy.insert(event.kv.key, event.kv.value);
                        }
                    }
                    last = revision;
                }
                Ok(_) | Err(_) => {}
            }
        }
        let mut want = want;
        want.insert("c/0".into(), format!("end of {round}").into());
        ensure!(copy == want, "round {round}: {copy:?} instead of {want:?}");
    }
    Ok(())
}
