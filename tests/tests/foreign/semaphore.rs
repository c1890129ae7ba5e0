//! `consul lock -n`, alone and against our semaphores.

use anyhow::{Context as _, ensure};
use quorate_consul::semaphore::SEMAPHORE_FLAGS;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::command::SOON;
use crate::lock::{Signals, diary, most_inside};
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        two_of_three_run_at_the_same_time,
        the_command_and_our_slots_share_one_limit,
        the_command_and_unified_slots_share_one_limit,
        another_limit_is_refused_on_both_sides,
        a_lock_and_a_semaphore_are_told_apart,
        our_record_is_read_by_the_command_and_its_by_us,
    ]
    .into()
}

async fn two_of_three_run_at_the_same_time(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, folder) = (&server.key("pool"), tempfile::tempdir()?);
    let path = folder.path().join("diary");
    let contenders: Vec<_> = (0..4)
        .map(|_| server.start(["lock", "-n=2", name, &diary(&path)]))
        .collect::<Result<_, _>>()?;
    for contender in contenders {
        let done = contender.end().await?;
        ensure!(done.code == 0, "{done:?}");
    }
    let (most, count) = most_inside(&path)?;
    ensure!(
        most <= 2 && count == 4,
        "{most} of {count} at the same time"
    );
    Ok(())
}

async fn the_command_and_our_slots_share_one_limit(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("pool"), Signals::new()?);
    let semaphore = server.client.semaphore(name, 2);
    let command = server.start(["lock", "-n=2", name, &signals.child()])?;
    signals.running().await?;
    let ours = semaphore
        .try_acquire()
        .await?
        .acquired()
        .context("the second slot")?;
    ensure!(
        !semaphore.try_acquire().await?.is_acquired(),
        "three holders of two slots"
    );
    server
        .refused(["lock", "-n=2", "-timeout=300ms", name, "echo no"])
        .await?;
    let next = async { Ok(semaphore.acquire_within(SOON).await?) };
    let end = async { signals.end() };
    let (next, ()) = tokio::try_join!(next, end)?;
    let next = next
        .acquired()
        .context("the command's slot was not freed")?;
    ensure!(next.fencing_token() > ours.fencing_token());
    ensure!(command.end().await?.code == 0);
    ours.release().await?;
    ensure!(
        server
            .run(["lock", "-n=2", "-timeout=10s", name, "echo yes"])
            .await?
            == "yes\n"
    );
    next.release().await?;
    Ok(())
}

async fn the_command_and_unified_slots_share_one_limit(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("pool"), Signals::new()?);
    let semaphore = server.coordinator.semaphore(name, 2);
    let first = semaphore.acquire().await?;
    let command = server.start(["lock", "-n=2", name, &signals.child()])?;
    signals.running().await?;
    ensure!(
        semaphore.try_acquire().await?.acquired().is_none(),
        "three holders of two slots"
    );
    server
        .refused(["lock", "-n=2", "-timeout=300ms", name, "echo no"])
        .await?;
    first.release().await?;
    let second = semaphore
        .acquire_within(SOON)
        .await?
        .acquired()
        .context("it is not freed")?;
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    second.release().await?;
    Ok(())
}

async fn another_limit_is_refused_on_both_sides(server: &Subject<Server>) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("pool"), Signals::new()?);
    let ours = server.client.semaphore(name, 2).acquire().await?;
    let said = server
        .refused(["lock", "-n=3", "-timeout=5s", name, "echo no"])
        .await?;
    ensure!(
        said.contains("limit conflict (lock: 2, local: 3)"),
        "{said}"
    );
    ours.release().await?;
    server.client.semaphore(name, 2).destroy().await?;
    let command = server.start(["lock", "-n=3", name, &signals.child()])?;
    signals.running().await?;
    let error = server.client.semaphore(name, 2).try_acquire().await.err();
    let error = error.context("two limits")?;
    ensure!(
        error.kind() == quorate_consul::ErrorKind::Conflict,
        "{error}"
    );
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    Ok(())
}

async fn a_lock_and_a_semaphore_are_told_apart(server: &Subject<Server>) -> anyhow::Result<()> {
    let name = &server.key("both");
    let lock = server.coordinator.lock(name).acquire().await?;
    let said = server
        .refused(["lock", "-n=2", "-timeout=5s", name, "echo no"])
        .await?;
    ensure!(said.contains("does not match semaphore use"), "{said}");
    lock.release().await?;
    server.coordinator.lock(name).destroy().await?;
    let slot = server.coordinator.semaphore(name, 2).acquire().await?;
    let said = server
        .refused(["lock", "-timeout=5s", name, "echo no"])
        .await?;
    ensure!(said.contains("does not match lock use"), "{said}");
    slot.release().await?;
    Ok(())
}

async fn our_record_is_read_by_the_command_and_its_by_us(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let (name, signals) = (&server.key("pool"), Signals::new()?);
    let command = server.start(["lock", "-n=2", name, &signals.child()])?;
    signals.running().await?;
    let ours = server.client.semaphore(name, 2).acquire().await?;
    let entry = server.client.kv().get(&format!("{name}/.lock")).await?;
    let entry = entry.context("there is no record")?;
    ensure!(
        entry.flags == SEMAPHORE_FLAGS && entry.session.is_none(),
        "{entry:?}"
    );
    let record: serde_json::Value = serde_json::from_slice(&entry.value)?;
    let holders = record["Holders"].as_object().context("no holders")?;
    ensure!(record["Limit"] == 2 && holders.len() == 2, "{record}");
    ensure!(holders.values().all(|held| *held == true), "{record}");
    ensure!(holders.contains_key(ours.session_id()), "{record}");
    let mut told: Vec<_> = server.client.semaphore(name, 2).holders().await?;
    told.sort_by(|a, b| a.session.cmp(&b.session));
    let told: Vec<_> = told.iter().map(|holder| &holder.session).collect();
    ensure!(told == holders.keys().collect::<Vec<_>>(), "{told:?}");
    signals.end()?;
    ensure!(command.end().await?.code == 0);
    ours.release().await?;
    Ok(())
}
