//! `consul catalog`, `services`, `maint` and `rtt`.

use std::time::Duration;

use anyhow::ensure;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::area::{CATALOG, COORDINATES, SERVICES};
use crate::members::rows;
use crate::server::{NODE, Server};

const SOON: Duration = Duration::from_secs(60);

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        catalog_nodes_shows_the_node needs [CATALOG],
        catalog_services_shows_what_is_registered needs [CATALOG, SERVICES],
        catalog_datacenters_shows_the_one needs [CATALOG],
        services_registers_from_flags_and_files needs [CATALOG, SERVICES],
        maint_of_the_node_begins_and_ends needs [SERVICES],
        maint_of_a_service_begins_and_ends needs [SERVICES],
        rtt_of_the_node_to_itself_is_short needs [COORDINATES],
    ]
    .into()
}

async fn catalog_nodes_shows_the_node(server: &Subject<Server>) -> anyhow::Result<()> {
    let shown = server.run(["catalog", "nodes"]).await?;
    let rows = rows(&shown);
    let row = rows.iter().find(|row| row[0] == NODE);
    ensure!(
        row.is_some_and(|row| row[1].len() == 8 && row[2..] == ["127.0.0.1", "dc1"]),
        "{shown}"
    );
    let shown = server.run(["catalog", "nodes", "-detailed"]).await?;
    ensure!(
        shown.contains("lan=127.0.0.1") && shown.contains("consul-network-segment="),
        "{shown}"
    );
    let shown = server
        .run(["catalog", "nodes", "-service=consul", "-near=_agent"])
        .await?;
    ensure!(shown.contains(NODE), "{shown}");
    let shown = server
        .run(["catalog", "nodes", "-filter", "Node == nobody"])
        .await?;
    ensure!(!shown.contains(NODE), "{shown}");
    let shown = server
        .run(["catalog", "nodes", "-node-meta=none=1"])
        .await?;
    ensure!(!shown.contains(NODE), "{shown}");
    Ok(())
}

async fn catalog_datacenters_shows_the_one(server: &Subject<Server>) -> anyhow::Result<()> {
    let shown = server.run(["catalog", "datacenters"]).await?;
    ensure!(shown == "dc1\n", "{shown}");
    Ok(())
}

async fn catalog_services_shows_what_is_registered(server: &Subject<Server>) -> anyhow::Result<()> {
    server
        .run(["services", "register", "-name=listed", "-tag=a", "-tag=b"])
        .await?;
    let listed = || async {
        let shown = server.run(["catalog", "services", "-tags"]).await;
        let shown = shown.map_err(|error| error.to_string())?;
        let rows: Vec<Vec<_>> = shown
            .lines()
            .map(|line| line.split_whitespace().collect())
            .collect();
        rows.contains(&vec!["listed", "a,b"])
            .then_some(())
            .ok_or(shown)
    };
    eventually_ok(SOON, "the service is listed", listed).await?;
    let node = format!("-node={NODE}");
    let shown = server.run(["catalog", "services", &node]).await?;
    ensure!(shown.lines().any(|line| line == "listed"), "{shown}");
    ensure!(shown.lines().any(|line| line == "consul"), "{shown}");
    Ok(())
}

async fn services_registers_from_flags_and_files(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server
        .run([
            "services",
            "register",
            "-name=flags",
            "-id=flags-1",
            "-port=80",
            "-address=10.0.0.1",
            "-tag=t",
            "-meta=k=v",
        ])
        .await?;
    ensure!(said == "Registered service: flags\n", "{said}");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("file.json");
    let definition = r#"{"service":{"name":"file","port":1,"check":{"ttl":"10m"}}}"#;
    std::fs::write(&file, definition)?;
    let file = &*file.to_string_lossy();
    let said = server.run(["services", "register", file]).await?;
    ensure!(said == "Registered service: file\n", "{said}");
    let shown = || async {
        let listed = server.run(["catalog", "services"]).await;
        let listed = listed.map_err(|error| error.to_string())?;
        let both = ["flags", "file"].iter().all(|name| listed.contains(name));
        both.then_some(()).ok_or(listed)
    };
    eventually_ok(SOON, "both are listed", shown).await?;
    let said = server
        .run(["services", "deregister", "-id=flags-1"])
        .await?;
    ensure!(said == "Deregistered service: flags-1\n", "{said}");
    let said = server.run(["services", "deregister", file]).await?;
    ensure!(said == "Deregistered service: file\n", "{said}");
    let gone = || async {
        let listed = server.run(["catalog", "services"]).await;
        let listed = listed.map_err(|error| error.to_string())?;
        let any = ["flags", "file"].iter().any(|name| listed.contains(name));
        (!any).then_some(()).ok_or(listed)
    };
    eventually_ok(SOON, "both are gone", gone).await?;
    // What is not there is deregistered too, or not: the same on both.
    let said = server.run(["services", "deregister", "-id=none"]).await?;
    ensure!(said == "Deregistered service: none\n", "{said}");
    Ok(())
}

async fn maint_of_the_node_begins_and_ends(server: &Subject<Server>) -> anyhow::Result<()> {
    // The others' services would be down with the node.
    let server = server.alone().await?;
    ensure!(server.run(["maint"]).await?.is_empty());
    let said = server
        .run(["maint", "-enable", "-reason=it is worn"])
        .await?;
    ensure!(said == "Node maintenance is now enabled\n", "{said}");
    let shown = server.run(["maint"]).await?;
    let expected = format!("Node:\n  Name:   {NODE}\n  Reason: it is worn\n\n");
    ensure!(shown == expected, "{shown}");
    let said = server.run(["maint", "-disable"]).await?;
    ensure!(said == "Node maintenance is now disabled\n", "{said}");
    ensure!(server.run(["maint"]).await?.is_empty());
    Ok(())
}

async fn maint_of_a_service_begins_and_ends(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.alone().await?;
    server.run(["services", "register", "-name=worn"]).await?;
    let said = server.run(["maint", "-enable", "-service=worn"]).await?;
    ensure!(
        said == "Service maintenance is now enabled for \"worn\"\n",
        "{said}"
    );
    let shown = server.run(["maint"]).await?;
    ensure!(
        shown.starts_with("Service:\n  ID:     worn\n  Reason: Maintenance mode is enabled"),
        "{shown}"
    );
    server.run(["maint", "-disable", "-service=worn"]).await?;
    ensure!(server.run(["maint"]).await?.is_empty());
    let said = server
        .refused(["maint", "-enable", "-service=none"])
        .await?;
    ensure!(said.contains("404"), "{said}");
    Ok(())
}

async fn rtt_of_the_node_to_itself_is_short(server: &Subject<Server>) -> anyhow::Result<()> {
    // Nodes tell their place every now and then.
    let rtt = || async {
        let done = server
            .consul(["rtt", NODE, NODE])
            .map_err(|error| error.to_string())?;
        let done = done.run().await.map_err(|error| error.to_string())?;
        let told = done
            .stdout
            .starts_with(&format!("Estimated {NODE} <-> {NODE} rtt: "));
        told.then_some(()).ok_or_else(|| format!("{done:?}"))
    };
    eventually_ok(SOON, "a distance", rtt).await?;
    let said = server.refused(["rtt", "nobody", NODE]).await?;
    ensure!(
        said == "Could not find a coordinate for node \"nobody\"",
        "{said}"
    );
    Ok(())
}
