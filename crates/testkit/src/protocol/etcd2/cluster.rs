//! Three members: each answers for all, and one may be missing.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{Change, GetOptions, Timeouts, WatchOptions};

use super::stream::Stream;
use super::target::{Etcd, MEMBERS};
use super::world::World;
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        every_member_takes_writes_and_tells_of_them needs [MEMBERS],
        one_member_of_three_stops_in_the_middle needs [MEMBERS],
        reads_writes_and_watches_go_on_when_the_leader_is_killed needs [MEMBERS],
        a_minority_reads_what_it_has_and_writes_nothing needs [MEMBERS],
        a_member_is_added_changed_and_removed needs [MEMBERS],
    ]
    .into()
}

const SOON: Duration = Duration::from_secs(50);

/// The member that bytes go to follows: it passes writes on, without a redirect.
async fn every_member_takes_writes_and_tells_of_them(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true").await?;
    world
        .play(&[("PUT f value=1", "201 set /f='1' @A")])
        .await?;
    watch
        .expect(&mut world, &["set /f='1' @A", "the end"])
        .await?;
    world
        .play(&[("GET f?quorum=true", "200 get /f='1' @A")])
        .await?;
    let (keys, quorum) = (etcd.client.keys(), GetOptions::new().with_quorum());
    let node = keys.get_with(&world.key("f"), &quorum).await?;
    let node = node.value.context("no key")?;
    equal("index", node.modified_index, world.index('A'))
}

/// While the other cases run: those before it have three members, those after it two.
async fn one_member_of_three_stops_in_the_middle(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let members = etcd.members()?;
    let (asked, leader) = (etcd.asked()?, members.leader().await?);
    let mut watch = Stream::open(etcd, &world, "f?wait=true&stream=true").await?;
    world
        .play(&[("PUT f value=1", "201 set /f='1' @A")])
        .await?;
    let stopped = (0..3).find(|member| *member != asked && *member != leader);
    members.server(stopped.context("no other")?).kill()?;
    world
        .play(&[
            ("PUT f value=2", "200 set /f='2' @B was /f='1' @A"),
            ("GET f", "200 get /f='2' @B"),
            ("GET f?quorum=true", "200 get /f='2' @B"),
        ])
        .await?;
    let events = ["set /f='1' @A", "set /f='2' @B was /f='1' @A"];
    watch.expect(&mut world, &events).await?;
    let key = world.key("g");
    etcd.client.keys().set(&key, "1").await?;
    ensure!(etcd.client.keys().contains(&key).await?);
    Ok(())
}

/// The typed client with all addresses; a write whose fate is unknown is looked up.
async fn reads_writes_and_watches_go_on_when_the_leader_is_killed(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.another_cluster().await?;
    let members = etcd.members()?;
    let keys = etcd.client.keys();
    let options = WatchOptions::new()
        .with_recursive()
        .with_poll(Duration::from_secs(2));
    let mut watch = keys.watch_with("/d", options);
    let listed = loop {
        // It tells that nobody leads, and goes on.
        if let Ok(change) = watch.next().await {
            break change;
        }
    };
    ensure!(matches!(listed, Change::Listed { .. }), "{listed:?}");
    let mut killed = None;
    for round in 0..30 {
        if round == 10 {
            let leader = members.leader().await?;
            members.server(leader).kill()?;
            killed = Some(leader);
        }
        if let (20, Some(member)) = (round, killed) {
            members.server(member).restart().await?;
        }
        let key = format!("/d/{round}");
        let write = || async {
            match keys.set(&key, "1").await {
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        };
        eventually_ok(SOON, "a write", write).await?;
        let quorum = GetOptions::new().with_quorum();
        let read = || async {
            let answer = keys.get_with(&key, &quorum).await;
            let answer = answer.map_err(|error| error.to_string())?;
            answer.value.ok_or("it is lost".to_owned())
        };
        eventually_ok(SOON, "a read", read).await?;
    }
    // Every key is told, in the order of its writing; a write that was repeated twice, perhaps.
    let mut seen = Vec::new();
    while seen.len() < 30 {
        let change = tokio::time::timeout(SOON, watch.next()).await;
        match change.context("the watch is silent")? {
            Ok(Change::Event(event)) => {
                let key = event.node.context("no node")?.key;
                if !seen.contains(&key) {
                    seen.push(key);
                }
            }
            Ok(other) => anyhow::bail!("{other:?}"),
            // It is told that nobody leads, and goes on.
            Err(_) => {}
        }
    }
    let expected: Vec<_> = (0..30).map(|round| format!("/d/{round}")).collect();
    equal("keys", seen, expected)
}

async fn a_minority_reads_what_it_has_and_writes_nothing(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.another_cluster().await?;
    let (members, asked) = (etcd.members()?, etcd.asked()?);
    let mut world = World::within(&etcd, "minority").await?;
    world.ask("PUT f value=1").await?;
    for member in (0..3).filter(|member| *member != asked) {
        members.server(member).kill()?;
    }
    world.play(&[("GET f", "200 get /f='1' @A")]).await?;
    for line in ["GET f?quorum=true", "PUT f value=2", "DELETE f"] {
        let told = world.ask(line).await?;
        ensure!(
            told.starts_with("500 300 Raft Internal Error (etcdserver: "),
            "{line}: {told}"
        );
    }
    let sick = || async {
        let answer = etcd.send("GET", "/health", &[], "").await;
        let answer = answer.map_err(|error| error.to_string())?;
        match (answer.status, answer.json()) {
            (503, Ok(fields)) if fields["health"] == "false" => Ok(()),
            other => Err(format!("{other:?}")),
        }
    };
    eventually_ok(SOON, "it is not healthy", sick).await?;
    let answer = etcd.send("GET", "/v2/members/leader", &[], "").await?;
    let expected = (503, "{\"message\":\"During election\"}".to_owned());
    equal(
        "leader",
        (answer.status, answer.text().trim_end().to_owned()),
        expected,
    )?;
    let patience = Timeouts::default().with_overall(Some(Duration::from_secs(10)));
    let url = format!("http://{}", etcd.addr());
    let client = quorate_etcd::v2::Client::builder()
        .address(&url)
        .timeouts(patience)
        .build()?;
    let leader = || async { client.members().leader().await };
    let leader = eventually_ok(SOON, "who leads", leader).await?;
    equal("typed leader", leader, None)?;
    let health = || async { client.health().check().await };
    let health = eventually_ok(SOON, "how it is", health).await?;
    equal("typed health", health.healthy, false)?;
    let refused = client.keys().set("/minority/f", "3").await;
    let refused = refused.err().context("it is written")?;
    equal(
        "outcome",
        refused.outcome(),
        quorate_etcd::v2::Outcome::Unknown,
    )
}

async fn a_member_is_added_changed_and_removed(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.another_cluster().await?;
    let json = "application/json";
    let send = async |method: &str, target: &str, body: &str| {
        let headers = [("Content-Type", json)];
        let answer = etcd.send(method, target, &headers, body).await?;
        anyhow::Ok((answer.status, answer.text().trim_end().to_owned()))
    };
    let members = etcd.client.members();
    let list = || async { members.list().await };
    let own = eventually_ok(SOON, "the members", list).await?;
    let taken = format!("{{\"peerURLs\":[\"{}\"]}}", own[0].peer_urls[0]);
    let exists = (
        409,
        "{\"message\":\"membership: peerURL exists\"}".to_owned(),
    );
    // A member that has not known the others for long takes none.
    let refused = || async {
        let answer = send("POST", "/v2/members", &taken).await;
        let answer = answer.map_err(|error| error.to_string())?;
        let is_so = answer == exists;
        is_so.then_some(()).ok_or(format!("{answer:?}"))
    };
    eventually_ok(SOON, "a taken address is refused", refused).await?;
    let added = members.add(["http://127.0.0.1:1"]).await?;
    ensure!(
        !added.is_started() && added.client_urls.is_empty(),
        "{added:?}"
    );
    equal("four", members.list().await?.len(), 4)?;
    let target = format!("/v2/members/{}", added.id);
    let elsewhere = "{\"peerURLs\":[\"http://127.0.0.1:2\"]}";
    equal(
        "changed",
        send("PUT", &target, elsewhere).await?,
        (204, String::new()),
    )?;
    equal(
        "to what is taken",
        send("PUT", &target, &taken).await?.0,
        409,
    )?;
    members.update(&added.id, ["http://127.0.0.1:3"]).await?;
    let listed = members.list().await?;
    let listed = listed
        .iter()
        .find(|member| member.id == added.id)
        .context("not listed")?;
    equal(
        "peers",
        &listed.peer_urls,
        &["http://127.0.0.1:3".to_owned()],
    )?;
    members.remove(&added.id).await?;
    equal("three", members.list().await?, own)?;
    let gone = format!(
        "{{\"message\":\"Member permanently removed: {}\"}}",
        added.id
    );
    equal(
        "removed twice",
        send("DELETE", &target, "").await?,
        (410, gone),
    )
}
