use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::server::SerfOptions;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::SOON;
use crate::run::Running;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        members_join_are_listed_and_leave,
        a_failed_member_is_made_to_leave_and_one_that_is_alive_is_not_pruned,
        tags_are_set_and_deleted,
        members_are_listed_and_followed_on_every_backend,
        all_members_are_reached_or_named,
        the_round_trip_of_two_members_is_estimated,
    ]
    .into()
}

/// Two agents that know each other.
async fn pair(server: &Server) -> anyhow::Result<(Server, Server)> {
    let one = server.alone(SerfOptions::named("alpha")).await?;
    let other = server
        .alone(SerfOptions::named("beta").with_tag("role", "db"))
        .await?;
    one.joins(&other).await?;
    until(&one, "beta", "alive").await?;
    Ok((one, other))
}

/// Waits until a member has this status.
async fn until(server: &Server, name: &str, status: &str) -> anyhow::Result<()> {
    loop {
        let found = server
            .json(format!("members --name {name} --status {status}"))
            .await?;
        if found.as_array().context("a list")?.len() == 1 {
            return Ok(());
        }
        sleep(Duration::from_millis(50)).await;
    }
}

async fn members_join_are_listed_and_leave(server: &Subject<Server>) -> anyhow::Result<()> {
    let (one, other) = pair(server).await?;
    let members = one.json("members --tag role=db").await?;
    let beta = &members[0];
    ensure!(
        beta["name"] == "beta" && beta["addr"] == other.gossip()?,
        "{members}"
    );
    ensure!(beta["tags"] == json!({"role": "db"}), "{members}");
    ensure!(beta["protocol"]["version"] == 5, "{members}");
    other.prints("leave", "Graceful leave complete\n").await?;
    until(&one, "beta", "left").await?;
    let said = one.fails("join 127.0.0.1:1", 1).await?;
    ensure!(
        said.contains("connection refused") && said.contains("next: "),
        "{said}"
    );
    Ok(())
}

async fn a_failed_member_is_made_to_leave_and_one_that_is_alive_is_not_pruned(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let (one, other) = pair(server).await?;
    let said = one.fails("force-leave --prune beta", 4).await?;
    ensure!(said.contains("beta is alive"), "{said}");
    let said = one.fails("force-leave nobody", 3).await?;
    ensure!(said.contains("quorate serf members"), "{said}");
    other.kill().await?;
    until(&one, "beta", "failed").await?;
    one.prints("force-leave beta", "").await?;
    until(&one, "beta", "left").await?;
    let done = one.json("force-leave --prune beta").await?;
    ensure!(
        done == json!({"name": "beta", "status_before": "left", "pruned": true}),
        "{done}"
    );
    one.prints("members --name beta --format text", "\n").await
}

async fn tags_are_set_and_deleted(server: &Subject<Server>) -> anyhow::Result<()> {
    let alone = server.fresh().await?;
    let said = "Successfully updated agent tags\n";
    alone
        .prints("tags --set dc=eu --set empty= --delete role", said)
        .await?;
    let members = alone.json("members").await?;
    ensure!(
        members[0]["tags"] == json!({"dc": "eu", "empty": ""}),
        "{members}"
    );
    let done = alone.json("tags --delete dc").await?;
    ensure!(done == json!({"set": 0, "deleted": 1}), "{done}");
    alone.fails("tags", 2).await?;
    alone.fails("tags --set nothing", 2).await?;
    let long = "x".repeat(600);
    let said = alone.fails(format!("tags --set a={long}"), 2).await?;
    ensure!(said.contains("512 bytes"), "{said}");
    Ok(())
}

async fn all_members_are_reached_or_named(server: &Subject<Server>) -> anyhow::Result<()> {
    let (one, other) = pair(server).await?;
    let reached = || async {
        let said = one.ok("reachability --verbose").await?;
        let expected = "Total members: 2, live members: 2\nStarting reachability test...\n";
        ensure!(said.starts_with(expected), "{said}");
        ensure!(said.contains("\tAck from 'beta'\n"), "{said}");
        ensure!(
            said.ends_with("Successfully contacted all live nodes\n"),
            "{said}"
        );
        anyhow::Ok(())
    };
    eventually_ok(SOON, "both are reached", reached).await?;
    other.kill().await?;
    until(&one, "beta", "failed").await?;
    let alone = || async {
        let found = one.json("--timeout 500ms reachability").await?;
        ensure!(
            found["members"] == 2 && found["acks"] == json!(["alpha"]),
            "{found}"
        );
        ensure!(found["missing"] == json!([]), "{found}");
        anyhow::Ok(())
    };
    Ok(eventually_ok(SOON, "it reaches itself", alone).await?)
}

async fn the_round_trip_of_two_members_is_estimated(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let (one, _other) = pair(server).await?;
    // A member learns its coordinate with its first probe.
    let said = loop {
        let done = one.run("serf rtt beta", "").await?;
        if done.code == 0 {
            break done.stdout;
        }
        ensure!(done.code == 3, "{done:?}");
        sleep(Duration::from_millis(100)).await;
    };
    ensure!(said.starts_with("Estimated beta <-> alpha rtt: "), "{said}");
    let found = one.json("rtt alpha beta").await?;
    ensure!(
        found["seconds"].as_f64().is_some_and(|time| time > 0.0),
        "{found}"
    );
    let said = one.fails("rtt alpha nobody", 3).await?;
    ensure!(
        said.contains("Could not find a coordinate for node \"nobody\""),
        "{said}"
    );
    Ok(())
}

async fn members_are_listed_and_followed_on_every_backend(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let one = server.alone(SerfOptions::named("alpha")).await?;
    let other = server
        .alone(SerfOptions::named("beta").with_tag("role", "db"))
        .await?;
    let at = format!("--at serf://{}", one.rpc()?);
    let mut watch = Running::of(one.command(&format!("{at} -o json members --watch")))?;
    let mut told = async |word: &str, name: &str| loop {
        let event: Value = serde_json::from_str(&watch.line().await?)?;
        if event["event"] == word && event["name"] == name {
            return anyhow::Ok(event);
        }
    };
    told("joined", "alpha").await?;
    one.joins(&other).await?;
    let joined = told("joined", "beta").await?;
    ensure!(joined["tags"] == json!({"role": "db"}), "{joined}");
    let listed = one.run(&format!("{at} members"), "").await?;
    let line = format!("beta   {}  alive   role=db", other.gossip()?);
    ensure!(listed.stdout.lines().any(|it| it == line), "{listed:?}");
    other.ok("leave").await?;
    told("left", "beta").await?;
    Ok(())
}
