//! `consul operator`, `event`, `snapshot` and `keyring`.

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::area::{EVENTS, OPERATOR, SNAPSHOT};
use crate::members::rows;
use crate::server::{NODE, Server};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        raft_list_peers_shows_the_leader needs [OPERATOR],
        autopilot_is_read_and_changed needs [OPERATOR],
        event_fires_an_event needs [EVENTS],
        a_snapshot_is_saved_inspected_and_restored needs [SNAPSHOT],
        a_snapshot_that_is_none_is_refused needs [SNAPSHOT],
        the_keyring_is_empty needs [OPERATOR],
    ]
    .into()
}

async fn raft_list_peers_shows_the_leader(server: &Subject<Server>) -> anyhow::Result<()> {
    let shown = server.run(["operator", "raft", "list-peers"]).await?;
    let [row] = &rows(&shown)[..] else {
        anyhow::bail!("{shown}");
    };
    ensure!(
        row[0] == NODE && row[3..] == ["leader", "true", "3"],
        "{shown}"
    );
    let said = server
        .refused(["operator", "raft", "remove-peer", "-id=zz"])
        .await?;
    ensure!(
        said.contains("\"zz\" was not found in the Raft configuration"),
        "{said}"
    );
    Ok(())
}

async fn autopilot_is_read_and_changed(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.alone().await?;
    let get = ["operator", "autopilot", "get-config"];
    let shown = server.run(get).await?;
    let expected = "CleanupDeadServers = true\nLastContactThreshold = 200ms\nMaxTrailingLogs = 250\n\
                    MinQuorum = 0\nServerStabilizationTime = 10s\nRedundancyZoneTag = \"\"\n\
                    DisableUpgradeMigration = false\nUpgradeVersionTag = \"\"\n";
    ensure!(shown == expected, "{shown}");
    let set = [
        "operator",
        "autopilot",
        "set-config",
        "-max-trailing-logs=500",
    ];
    let said = server.run(set).await?;
    ensure!(said == "Configuration updated!\n", "{said}");
    ensure!(server.run(get).await?.contains("MaxTrailingLogs = 500\n"));
    Ok(())
}

async fn event_fires_an_event(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.run(["event", "-name=fired", "a payload"]).await?;
    let id = said.strip_prefix("Event ID: ").context("no id")?;
    ensure!(id.trim_end().len() == 36, "{said}");
    let said = server.refused(["event", "-name=fired", "-tag=t"]).await?;
    ensure!(
        said.contains("Cannot provide tag filter without service filter"),
        "{said}"
    );
    Ok(())
}

async fn a_snapshot_is_saved_inspected_and_restored(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.alone().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("it.snap");
    let path = &*path.to_string_lossy();
    for number in 0..50 {
        server
            .run(["kv", "put", &format!("s/{number}"), "before"])
            .await?;
    }
    let said = server.run(["snapshot", "save", path]).await?;
    ensure!(
        said.starts_with("Saved and verified snapshot to index "),
        "{said}"
    );
    let shown = server.run(["snapshot", "inspect", path]).await?;
    ensure!(
        shown
            .lines()
            .next()
            .is_some_and(|line| line.starts_with("ID ")),
        "{shown}"
    );
    server.run(["kv", "put", "s/0", "after"]).await?;
    server.run(["kv", "delete", "s/1"]).await?;
    let said = server.run(["snapshot", "restore", path]).await?;
    ensure!(said == "Restored snapshot\n", "{said}");
    for key in ["s/0", "s/1", "s/49"] {
        ensure!(server.run(["kv", "get", key]).await? == "before\n", "{key}");
    }
    Ok(())
}

async fn a_snapshot_that_is_none_is_refused(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.alone().await?;
    server.run(["kv", "put", "kept", "v"]).await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("none.snap");
    std::fs::write(&path, b"this is no snapshot")?;
    let said = server
        .refused(["snapshot", "restore", &path.to_string_lossy()])
        .await?;
    ensure!(said.starts_with("Error restoring snapshot: "), "{said}");
    ensure!(server.run(["kv", "get", "kept"]).await? == "v\n");
    Ok(())
}

async fn the_keyring_is_empty(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.refused(["keyring", "-list"]).await?;
    ensure!(
        said.contains("Keyring is empty (encryption not enabled)"),
        "{said}"
    );
    Ok(())
}
