use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        members_are_listed_and_one_leads,
        members_that_are_not_there_are_told,
        the_health_of_the_cluster_is_told_member_by_member,
        versions_machines_and_statistics_are_shown,
    ]
    .into()
}

async fn members_are_listed_and_one_leads(server: &Subject<Server>) -> anyhow::Result<()> {
    let members = server.json("member list").await?;
    let member = &members[0];
    ensure!(
        member["isLeader"] == true && member["clientURLs"][0] == server.url,
        "{members}"
    );
    let (id, name) = (
        member["id"].as_str().unwrap(),
        member["name"].as_str().unwrap(),
    );
    let peers = member["peerURLs"][0].as_str().unwrap_or_default();
    let line = format!(
        "{id}: name={name} peerURLs={peers} clientURLs={} isLeader=true\n",
        server.url
    );
    server.prints("member list", &line).await?;
    server.prints("member leader", &line).await
}

async fn members_that_are_not_there_are_told(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.fails("member remove 2a", 3).await?;
    ensure!(said.contains("No such member: 2a"), "{said}");
    server
        .fails("member update 2a http://127.0.0.1:1", 3)
        .await?;
    let said = server.fails("member add new nonsense", 2).await?;
    ensure!(said.contains("nonsense"), "{said}");
    Ok(())
}

async fn the_health_of_the_cluster_is_told_member_by_member(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let id = server.json("member list").await?[0]["id"].clone();
    let expected = format!(
        "member {} is healthy: got healthy result from {}\ncluster is healthy\n",
        id.as_str().unwrap(),
        server.url
    );
    server.prints("cluster-health", &expected).await?;
    let json = server.json("cluster-health").await?;
    ensure!(
        json["health"] == "healthy" && json["members"][0]["id"] == id,
        "{json}"
    );
    let said = server.fails(
        "--endpoints http://127.0.0.1:1 --timeout 300ms cluster-health",
        6,
    );
    ensure!(said.await?.contains("cluster may be unhealthy"));
    let json = server.json("health").await?;
    ensure!(
        json[0]["address"] == server.url && json[0]["healthy"] == true,
        "{json}"
    );
    let both = format!(
        "--endpoints {},http://127.0.0.1:1 --timeout 300ms health",
        server.url
    );
    server.fails(both, 1).await?;
    let mut forever = server.start("cluster-health --forever")?;
    ensure!(forever.line().await?.contains("is healthy"));
    Ok(())
}

async fn versions_machines_and_statistics_are_shown(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server
        .prints("machines", &format!("{}\n", server.url))
        .await?;
    let version = server.json("version").await?;
    ensure!(
        version["etcdserver"]
            .as_str()
            .is_some_and(|it| it.starts_with("3.")),
        "{version}"
    );
    ensure!(server.ok("version").await?.contains("etcdserver"));
    let own = server.json("stats self").await?;
    ensure!(own["state"] == "StateLeader", "{own}");
    ensure!(server.ok("stats self").await?.contains("leaderInfo.leader"));
    let leader = server.json("stats leader").await?;
    ensure!(leader["leader"] == own["id"], "{leader}");
    server.ok("set /cs/a 1").await?;
    let store = server.json("stats store").await?;
    ensure!(store["setsSuccess"].as_u64() > Some(0), "{store}");
    Ok(())
}
