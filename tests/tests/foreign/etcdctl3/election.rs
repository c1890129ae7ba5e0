//! `etcdctl elect`, alone and against our elections: the recipe of our client and the service of the
//! server.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::Leadership;
use quorate_etcd::v3::queue::QueueOptions;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use super::lock::lease_of;
use crate::command::{SOON, Told};
use crate::etcd3::{Doomed, Etcd3};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        the_leadership_of_a_killed_command_becomes_ours,
        our_leadership_becomes_the_commands_when_we_are_killed,
        elect_leads_until_it_is_interrupted,
        elect_listens_to_who_leads,
        elect_says_when_its_lease_is_gone,
        our_candidate_waits_for_the_command,
        the_command_waits_for_our_candidate,
        candidates_of_the_service_and_the_command_exclude_each_other,
    ]
    .into()
}

/// Waits until the command leads: its key.
async fn leads(command: &Told, value: &str) -> anyhow::Result<String> {
    let mut lines = command.lines(2).await?;
    ensure!(lines.len() == 2 && lines[1] == value, "{lines:?}");
    Ok(lines.remove(0))
}

/// Waits until there are so many candidates.
async fn candidates(etcd: &Etcd3, name: &str, count: usize) -> anyhow::Result<()> {
    let election = etcd.client.election(name);
    let probe = || async {
        let all = election.candidates().await;
        let all = all.map_err(|error| error.to_string())?;
        let enough = all.len() == count;
        enough.then_some(()).ok_or(format!("{all:?}"))
    };
    Ok(eventually_ok(SOON, format!("{count} candidates"), probe).await?)
}

async fn elect_leads_until_it_is_interrupted(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let first = etcd.tell(&["elect", name, "one"])?;
    let key = leads(&first, "one").await?;
    let found = etcd.client.kv().get(&key).await?.context("no key")?;
    ensure!(
        found.value == "one" && found.lease == Some(lease_of(&key)?),
        "{found:?}"
    );
    let second = etcd.tell(&["elect", name, "two"])?;
    candidates(etcd, name, 2).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(second.text()?.is_empty(), "two leaders");
    first.interrupt().await?;
    leads(&second, "two").await?;
    second.interrupt().await?;
    candidates(etcd, name, 0).await
}

async fn elect_listens_to_who_leads(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let listener = etcd.tell(&["elect", "-l", name])?;
    let ours = etcd.client.election(name).campaign("ours").await?;
    listener.until(&format!("{}\nours\n", ours.key())).await?;
    ours.proclaim("still ours").await?;
    listener
        .until(&format!("{}\nstill ours\n", ours.key()))
        .await?;
    let next = etcd.tell(&["elect", name, "theirs"])?;
    candidates(etcd, name, 2).await?;
    ours.resign().await?;
    let key = leads(&next, "theirs").await?;
    listener.until(&format!("{key}\ntheirs\n")).await?;
    next.interrupt().await?;
    listener.interrupt().await?;
    Ok(())
}

async fn elect_says_when_its_lease_is_gone(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let leader = etcd.tell(&["elect", &etcd.key("election"), "one"])?;
    let key = leads(&leader, "one").await?;
    etcd.client.leases().revoke(lease_of(&key)?).await?;
    let done = leader.running.end().await?;
    ensure!(
        done.code > 0 && done.stderr.ends_with("Error: elect: session expired\n"),
        "{done:?}"
    );
    Ok(())
}

async fn our_candidate_waits_for_the_command(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let election = etcd.client.election(name);
    let command = etcd.tell(&["elect", name, "theirs"])?;
    leads(&command, "theirs").await?;
    let tried = election
        .campaign_within("ours", Duration::from_millis(300))
        .await?;
    ensure!(tried.acquired().is_none(), "two leaders");
    candidates(etcd, name, 1).await?;
    let leader = election.leader().await?.context("nobody leads")?;
    ensure!(leader.value == "theirs", "{leader:?}");
    let end = async {
        candidates(etcd, name, 2).await?;
        ensure!(command.running.is_running());
        command.interrupt().await
    };
    let (ours, _) = tokio::try_join!(async { Ok(election.campaign("ours").await?) }, end)?;
    ensure!(
        ours.fencing_token() > leader.create_revision && ours.is_leader(),
        "tokens grow"
    );
    ours.resign().await?;
    Ok(())
}

async fn the_command_waits_for_our_candidate(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let ours = etcd.client.election(name).campaign("ours").await?;
    let command = etcd.tell(&["elect", name, "theirs"])?;
    candidates(etcd, name, 2).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(
        command.text()?.is_empty() && ours.is_leader(),
        "two leaders"
    );
    ours.resign().await?;
    leads(&command, "theirs").await?;
    command.interrupt().await?;
    Ok(())
}

async fn candidates_of_the_service_and_the_command_exclude_each_other(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let service = etcd.client.election_service();
    let keeper = etcd.client.leases().hold(Duration::from_secs(20)).await?;
    let ours = service.campaign(name, keeper.id(), "ours", None).await?;
    let command = etcd.tell(&["elect", name, "theirs"])?;
    candidates(etcd, name, 2).await?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    ensure!(command.text()?.is_empty(), "two leaders");
    service.resign(&ours).await?;
    let key = leads(&command, "theirs").await?;
    let leader = service.leader(name).await?.context("nobody leads")?;
    ensure!(leader.key == key && leader.value == "theirs", "{leader:?}");
    let end = async {
        candidates(etcd, name, 2).await?;
        ensure!(command.running.is_running());
        command.interrupt().await
    };
    let again = service.campaign(name, keeper.id(), "again", Some(SOON));
    let (again, _) = tokio::try_join!(async { Ok(again.await?) }, end)?;
    let leader = service.leader(name).await?.context("nobody leads")?;
    ensure!(
        leader.key == again.key && leader.value == "again",
        "{leader:?}"
    );
    service.resign(&again).await?;
    keeper.revoke().await?;
    Ok(())
}

async fn the_leadership_of_a_killed_command_becomes_ours(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let name = &etcd.key("election");
    let command = etcd.tell(&["elect", name, "theirs"])?;
    let key = leads(&command, "theirs").await?;
    let killed = async {
        candidates(etcd, name, 2).await?;
        command.running.signal("KILL").await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        candidates(etcd, name, 2).await?;
        // Its lease lasts a minute: nobody waits for that here.
        etcd.client.leases().revoke(lease_of(&key)?).await?;
        anyhow::Ok(())
    };
    let campaign = async { Ok(etcd.client.election(name).campaign("ours").await?) };
    let (ours, ()) = tokio::try_join!(campaign, killed)?;
    ensure!(ours.is_leader());
    ours.resign().await?;
    Ok(())
}

async fn our_leadership_becomes_the_commands_when_we_are_killed(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let name = etcd.key("election");
    let doomed = Doomed::new(etcd)?;
    let wanted = name.clone();
    let ours: Leadership = doomed
        .run(|client| async move {
            let options = QueueOptions::new().with_ttl(Duration::from_secs(12));
            let election = client.election(&wanted).with_options(options);
            Ok(election.campaign("ours").await?)
        })
        .await?;
    let command = etcd.tell(&["elect", &name, "theirs"])?;
    candidates(etcd, &name, 2).await?;
    ensure!(
        command.text()?.is_empty() && ours.is_leader(),
        "two leaders"
    );
    doomed.kill();
    leads(&command, "theirs").await?;
    // It knows by the clock alone.
    ensure!(!ours.is_leader(), "two leaders");
    command.interrupt().await?;
    Ok(())
}
