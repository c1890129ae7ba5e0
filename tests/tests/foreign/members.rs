//! `consul members`, `info`, `reload`, `monitor`, `force-leave` and `leave`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually};

use crate::area::{MEMBERS, MONITOR};
use crate::server::{NODE, Server};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        members_shows_the_node needs [MEMBERS],
        members_can_be_filtered needs [MEMBERS],
        info_shows_who_leads needs [MEMBERS],
        reload_reloads needs [MEMBERS],
        monitor_shows_what_happens needs [MONITOR],
        force_leave_of_a_stranger_fails needs [MEMBERS],
        leave_ends_the_agent needs [MEMBERS],
    ]
    .into()
}

/// The cells of each line of a table, without its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    let lines = table.lines().skip(1);
    lines
        .map(|line| line.split_whitespace().collect())
        .collect()
}

async fn members_shows_the_node(server: &Subject<Server>) -> anyhow::Result<()> {
    let shown = server.run(["members"]).await?;
    let [row] = &rows(&shown)[..] else {
        anyhow::bail!("{shown}");
    };
    let [name, address, rest @ ..] = &row[..] else {
        anyhow::bail!("{shown}");
    };
    ensure!(
        *name == NODE && address.starts_with("127.0.0.1:"),
        "{shown}"
    );
    let (kind, segment) = (["alive", "server", "1.8.7", "2", "dc1"], ["<all>"]);
    ensure!(rest == [&kind[..], &segment[..]].concat(), "{shown}");
    let detailed = server.run(["members", "-detailed"]).await?;
    for tag in [
        "acls=0",
        "bootstrap=1",
        "build=1.8.7:",
        "dc=dc1",
        "role=consul",
        "vsn=2",
    ] {
        ensure!(detailed.contains(tag), "{tag}: {detailed}");
    }
    let wan = server.run(["members", "-wan"]).await?;
    ensure!(rows(&wan)[0][0] == format!("{NODE}.dc1"), "{wan}");
    Ok(())
}

async fn members_can_be_filtered(server: &Subject<Server>) -> anyhow::Result<()> {
    let alive = server.run(["members", "-status=alive"]).await?;
    ensure!(rows(&alive).len() == 1, "{alive}");
    let failed = server.consul(["members", "-status=failed"])?.run().await?;
    ensure!(failed.code == 2 && failed.stdout.is_empty(), "{failed:?}");
    Ok(())
}

async fn info_shows_who_leads(server: &Subject<Server>) -> anyhow::Result<()> {
    let info = server.run(["info"]).await?;
    for line in [
        "agent:",
        "\tversion = 1.8.7",
        "\tacl = disabled",
        "\tleader = true",
        "\tserver = true",
        "\tstate = Leader",
        "\tnum_peers = 0",
        "serf_lan:",
        "\tmembers = 1",
    ] {
        ensure!(info.lines().any(|shown| shown == line), "{line}: {info}");
    }
    Ok(())
}

async fn reload_reloads(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.run(["reload"]).await?;
    ensure!(said == "Configuration reload triggered\n", "{said}");
    Ok(())
}

async fn monitor_shows_what_happens(server: &Subject<Server>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("log");
    let file = std::fs::File::create(&path)?;
    let _monitor = server
        .consul(["monitor", "-log-level=debug"])?
        .output(file)
        .start()?;
    let logged = || async {
        // Something to tell of.
        drop(server.run(["kv", "get", "-keys", "nothing"]).await);
        let log = std::fs::read_to_string(&path).ok()?;
        log.contains("[DEBUG]").then_some(())
    };
    eventually(Duration::from_secs(30), "a line of the log", logged).await?;
    let said = server.refused(["monitor", "-log-level=loud"]).await?;
    ensure!(said.contains("Unknown log level: loud"), "{said}");
    Ok(())
}

async fn force_leave_of_a_stranger_fails(server: &Subject<Server>) -> anyhow::Result<()> {
    for prune in [["force-leave", "nobody"], ["force-leave", "-prune"]] {
        let mut command = server.consul(prune)?;
        if prune[1] == "-prune" {
            command = command.arguments(["nobody"]);
        }
        let done = command.run().await?;
        ensure!(
            done.code == 1 && done.stderr.contains("No node found with name 'nobody'"),
            "{done:?}"
        );
    }
    Ok(())
}

async fn leave_ends_the_agent(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.alone().await?;
    let said = server.run(["leave"]).await?;
    ensure!(said == "Graceful leave complete\n", "{said}");
    let gone = || async { tokio::net::TcpStream::connect(server.addr()).await.err() };
    let gone = eventually(Duration::from_secs(30), "it ends", gone).await;
    gone.context("it still listens").map(drop)
}
