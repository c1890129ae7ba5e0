use anyhow::ensure;
use quorate_etcd::v3::Client;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_lock_is_held_until_a_signal,
        a_command_runs_under_a_lock,
        a_command_ends_with_the_lock_that_it_ran_under,
        a_leader_is_elected_and_told,
    ]
    .into()
}

async fn a_lock_is_held_until_a_signal(server: &Subject<Server>) -> anyhow::Result<()> {
    let mut first = server.start("lock rl")?;
    let key = first.line().await?;
    ensure!(
        key.starts_with("rl/") && first.line().await?.is_empty(),
        "{key}"
    );
    let mut second = server.start("-w json lock rl")?;
    let lock = Client::new(&server.url)?.lock("rl");
    while lock.queue().await?.len() < 2 {
        tokio::task::yield_now().await;
    }
    first.interrupt()?;
    ensure!(first.end().await? == 130);
    let shown = second.line().await?;
    ensure!(shown.contains("\"count\":1"), "{shown}");
    second.interrupt()?;
    ensure!(second.end().await? == 130 && lock.queue().await?.is_empty());
    Ok(())
}

async fn a_command_runs_under_a_lock(server: &Subject<Server>) -> anyhow::Result<()> {
    server.write("job", "echo $ETCD_LOCK_KEY $ETCD_LOCK_REV; exit 7")?;
    let done = server.run("etcd lock --ttl 30 rc sh job", "").await?;
    ensure!(done.code == 7, "{done:?}");
    let (key, token) = done.stdout.trim().split_once(' ').unwrap_or_default();
    ensure!(
        key.starts_with("rc/") && token.parse::<i64>()? > 1,
        "{done:?}"
    );
    ensure!(
        Client::new(&server.url)?
            .lock("rc")
            .queue()
            .await?
            .is_empty()
    );
    let done = server.run("etcd lock rc -- ./none", "").await?;
    ensure!(done.code == 127, "{done:?}");
    Ok(())
}

async fn a_command_ends_with_the_lock_that_it_ran_under(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let mut held = server.start("lock --ttl 60 re -- sh -c 'echo up; exec sleep 600'")?;
    ensure!(held.line().await? == "up");
    let client = Client::new(&server.url)?;
    let holder = client.lock("re").holder().await?;
    let lease = holder.and_then(|holder| holder.lease);
    client.leases().revoke(lease.expect("a lease")).await?;
    ensure!(held.end().await? == 123);
    Ok(())
}

async fn a_leader_is_elected_and_told(server: &Subject<Server>) -> anyhow::Result<()> {
    let mut leader = server.start("elect rm first")?;
    let key = leader.line().await?;
    ensure!(
        key.starts_with("rm/") && leader.line().await? == "first",
        "{key}"
    );
    let mut told = server.start("elect --listen rm")?;
    ensure!(told.line().await? == key && told.line().await? == "first");
    let mut next = server.start("-w json elect --ttl 30 rm second")?;
    let election = Client::new(&server.url)?.election("rm");
    while election.candidates().await?.len() < 2 {
        tokio::task::yield_now().await;
    }
    leader.interrupt()?;
    ensure!(leader.end().await? == 130);
    ensure!(next.line().await?.contains("\"count\":1"));
    ensure!(told.line().await? != key && told.line().await? == "second");
    next.interrupt()?;
    ensure!(next.end().await? == 130);
    Ok(())
}
