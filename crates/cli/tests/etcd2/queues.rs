use anyhow::ensure;
use quorate_etcd::v2::QueueOptions;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_lock_and_its_queue_are_shown,
        the_slots_of_a_semaphore_are_shown,
        an_election_is_shown_and_followed,
    ]
    .into()
}

async fn a_lock_and_its_queue_are_shown(server: &Subject<Server>) -> anyhow::Result<()> {
    server.fails("lock nightly", 3).await?;
    let options = QueueOptions::new().with_value("host-1");
    let lock = server.client()?.lock("nightly").with_options(options);
    let guard = lock.acquire().await?;
    let json = server.json("lock nightly").await?;
    ensure!(
        json[0]["holds"] == true && json[0]["value"] == "host-1",
        "{json}"
    );
    ensure!(json[0]["fencing_token"] == guard.fencing_token(), "{json}");
    let shown = server.ok("lock nightly").await?;
    ensure!(
        shown.starts_with("STATE") && shown.contains("holds"),
        "{shown}"
    );
    guard.release().await?;
    server.fails("lock nightly", 3).await?;
    Ok(())
}

async fn the_slots_of_a_semaphore_are_shown(server: &Subject<Server>) -> anyhow::Result<()> {
    let semaphore = server.client()?.semaphore("workers", 2);
    let guard = semaphore.acquire().await?;
    let json = server.json("semaphore workers --limit 2").await?;
    ensure!(json.as_array().map(Vec::len) == Some(1), "{json}");
    guard.release().await?;
    server.fails("semaphore workers -n 2", 3).await?;
    server.fails("semaphore workers -n 0", 2).await?;
    Ok(())
}

async fn an_election_is_shown_and_followed(server: &Subject<Server>) -> anyhow::Result<()> {
    let election = server.client()?.election("mailer");
    let mut follow = server.start("-o json election mailer --follow")?;
    ensure!(follow.line().await? == "null");
    let leadership = election.campaign("node-7").await?;
    let told: serde_json::Value = serde_json::from_str(&follow.line().await?)?;
    ensure!(told["value"] == "node-7", "{told}");
    let shown = server.ok("election mailer").await?;
    ensure!(shown.contains("node-7"), "{shown}");
    leadership.resign().await?;
    ensure!(follow.line().await? == "null");
    server.fails("election mailer", 3).await?;
    Ok(())
}
