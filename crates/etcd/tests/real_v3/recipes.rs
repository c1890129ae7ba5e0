//! Locks and elections.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use anyhow::{bail, ensure};
use futures_util::future::try_join_all;
use quorate_etcd::v3::{
    Acquisition, Cond, ErrorKind, Holder, KeyRange, Lock, LostReason, PutOptions, QueueOptions,
    Txn, TxnOp,
};
use tokio::time::timeout;

use crate::{Etcd, Outcome, SOON, Trial};

/// Who holds a lock, as somebody is told who does not wait for it.
async fn held_by(lock: &Lock) -> anyhow::Result<Vec<Holder>> {
    loop {
        match lock.acquire_within(Duration::from_millis(200)).await? {
            Acquisition::TimedOut { holders } if !holders.is_empty() => return Ok(holders),
            // A look that would take longer than a second tells of nobody.
            Acquisition::TimedOut { .. } => {}
            Acquisition::Acquired(_) => bail!("two hold it"),
        }
    }
}

pub(crate) async fn locks_exclude_in_order(etcd: &Trial) -> Outcome {
    let lock = etcd.client.lock(&etcd.key("l"));
    let (inside, last) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicI64::new(0)));
    let contend = || async {
        let guard = lock.acquire().await?;
        ensure!(inside.fetch_add(1, SeqCst) == 0, "two hold it");
        let token = guard.fencing_token();
        ensure!(
            last.swap(token, SeqCst) < token,
            "the fencing token went back"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
        inside.fetch_sub(1, SeqCst);
        guard.release().await?;
        anyhow::Ok(())
    };
    try_join_all((0..12).map(|_| contend())).await?;
    ensure!(lock.queue().await?.is_empty(), "nothing is left behind");
    let guard = lock.acquire().await?;
    ensure!(held_by(&lock).await?.len() == 1);
    // What is guarded by the key is done only while the lock is ours.
    let fenced = Txn::new()
        .when(Cond::create_revision(guard.key()).is(guard.fencing_token()))
        .then(TxnOp::put(etcd.key("guarded"), "1"));
    ensure!(etcd.client.kv().txn(&fenced).await?.succeeded);
    guard.release().await?;
    ensure!(!etcd.client.kv().txn(&fenced).await?.succeeded);
    Ok(())
}

pub(crate) async fn a_queue_within_a_queue_holds_up_nobody(etcd: &Trial) -> Outcome {
    let name = etcd.key("l");
    let inner = etcd.client.lock(&format!("{name}/x")).acquire().await?;
    let outer = etcd.client.lock(&name);
    let outer = outer.acquire_within(SOON).await?.acquired().unwrap();
    ensure!(inner.is_held() && outer.is_held());
    Ok(())
}

pub(crate) async fn a_lock_whose_key_is_deleted_is_lost(etcd: &Trial) -> Outcome {
    let options = QueueOptions::new().with_ttl(Duration::from_secs(12));
    let lock = etcd.client.lock(&etcd.key("l")).with_options(options);
    let guard = lock.acquire().await?;
    guard.set_value("me").await?;
    ensure!(
        lock.holder()
            .await?
            .is_some_and(|holder| holder.value == "me")
    );
    let first = guard.valid_until();
    let renewed = async {
        while guard.valid_until() < first + Duration::from_secs(3) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(SOON, renewed).await?;
    ensure!(guard.is_held(), "it is renewed");
    etcd.client.kv().delete(guard.key()).await?;
    let lost = timeout(SOON, guard.lost()).await?;
    ensure!(lost == LostReason::EntryGone, "{lost}");
    let error = guard.release().await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotHolder, "{error}");
    Ok(())
}

pub(crate) async fn a_waiter_whose_lease_ends_does_not_win(etcd: &Trial) -> Outcome {
    let lock = etcd.client.lock(&etcd.key("l"));
    let held = lock.acquire().await?;
    let waiter = lock.clone();
    let mut waiting = Box::pin(async move { waiter.acquire().await });
    let second = async {
        loop {
            if let [_, second] = &lock.queue().await?[..] {
                return anyhow::Ok(second.clone());
            }
        }
    };
    let second = tokio::select! {
        second = timeout(SOON, second) => second??,
        _ = &mut waiting => anyhow::bail!("two hold it"),
    };
    etcd.client.leases().revoke(second.lease.unwrap()).await?;
    held.release().await?;
    let guard = timeout(SOON, waiting).await??;
    ensure!(guard.key().as_bytes() != second.key, "with another lease");
    let first = lock.holder().await?.unwrap();
    ensure!(first.key == guard.key().as_bytes());
    ensure!(first.create_revision == guard.fencing_token());
    Ok(())
}

pub(crate) async fn a_lock_is_lost_at_its_deadline_when_the_server_stands_still(
    etcd: &Trial,
) -> Outcome {
    let etcd = Etcd::start(etcd.version).await?;
    let options = QueueOptions::new().with_ttl(Duration::from_secs(10));
    let guard = etcd
        .client
        .lock("l")
        .with_options(options)
        .acquire()
        .await?;
    etcd.server.pause().await?;
    let work = guard.run_while_held(std::future::pending::<()>());
    let lost = timeout(SOON, work).await?;
    ensure!(lost == Err(LostReason::DeadlinePassed), "{lost:?}");
    etcd.server.resume()?;
    Ok(())
}

pub(crate) async fn an_election_is_handed_on(etcd: &Trial) -> Outcome {
    let election = etcd.client.election(&etcd.key("e"));
    let mut leaders = election.observe();
    let mut told = async || {
        timeout(SOON, leaders.next())
            .await?
            .map_err(anyhow::Error::from)
    };
    ensure!(told().await?.is_none());
    let first = election.campaign("a").await?;
    ensure!(told().await?.unwrap().value == "a");
    first.proclaim("a2").await?;
    ensure!(told().await?.unwrap().value == "a2");
    let (candidate, standing) = (election.clone(), election.clone());
    let mut second = Box::pin(async move { candidate.campaign("b").await });
    let stands = async {
        while standing.candidates().await?.len() < 2 {}
        anyhow::Ok(())
    };
    tokio::select! {
        stands = timeout(SOON, stands) => stands??,
        _ = &mut second => anyhow::bail!("two lead"),
    }
    let token = first.fencing_token();
    first.resign().await?;
    let second = timeout(SOON, second).await??;
    ensure!(second.fencing_token() > token && second.is_leader());
    while told().await?.is_none_or(|leader| leader.value != "b") {}
    drop(second);
    while told().await?.is_some() {}
    Ok(())
}

/// What `etcdctl lock` leaves, as far as others see it: a key below the name, with a lease.
pub(crate) async fn contenders_of_other_clients_count(etcd: &Trial) -> Outcome {
    let (name, leases) = (etcd.key("l"), etcd.client.leases());
    let foreign = leases.grant(Duration::from_secs(600)).await?;
    let with = PutOptions::new().with_lease(foreign.id);
    let key = format!("{name}/{}", foreign.id);
    etcd.client.kv().put_with(&key, "", &with).await?;
    let lock = etcd.client.lock(&name);
    ensure!(held_by(&lock).await?[0].lease == Some(foreign.id));
    let waiting = lock.acquire_within(SOON);
    let release = async {
        while lock.queue().await?.len() < 2 {}
        etcd.client.kv().delete(&key).await
    };
    let (waited, deleted) = tokio::join!(waiting, release);
    ensure!(deleted? && waited?.acquired().is_some());
    ensure!(etcd.client.kv().count(&KeyRange::key(&key)).await? == 0);
    Ok(())
}

pub(crate) async fn the_services_of_the_servers_share_the_queues(etcd: &Trial) -> Outcome {
    let (name, client) = (etcd.key("s"), &etcd.client);
    let lease = client.leases().hold(Duration::from_secs(60)).await?;
    let locks = client.lock_service();
    let key = locks.lock(&name, lease.id(), None).await?;
    ensure!(key == format!("{name}/{}", lease.id()));
    ensure!(locks.lock(&name, lease.id(), None).await? == key, "at once");
    let tried = client.lock(&name).acquire_within(Duration::ZERO).await?;
    ensure!(tried.acquired().is_none());
    locks.unlock(&key).await?;
    let guard = client.lock(&name).acquire().await?;
    let patience = Some(Duration::from_millis(300));
    let error = locks.lock(&name, lease.id(), patience).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::Indeterminate, "{error}");
    guard.release().await?;
    let error = locks.lock(&name, "7f".parse()?, None).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotFound, "{error}");

    let (elections, name) = (client.election_service(), etcd.key("e"));
    ensure!(elections.leader(&name).await?.is_none());
    let mut leaders = elections.observe(&name);
    let leader = elections.campaign(&name, lease.id(), "a", None).await?;
    ensure!(timeout(SOON, leaders.next()).await??.value == "a");
    elections.proclaim(&leader, "b").await?;
    ensure!(elections.leader(&name).await?.unwrap().value == "b");
    ensure!(client.election(&name).leader().await?.unwrap().value == "b");
    elections.resign(&leader).await?;
    let error = elections.proclaim(&leader, "c").await.unwrap_err();
    ensure!(error.kind() == ErrorKind::NotHolder, "{error}");
    Ok(())
}
