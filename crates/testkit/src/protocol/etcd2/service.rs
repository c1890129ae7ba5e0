//! Who is there, and what was counted: members, machines, statistics, version, health.

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{Client, Member, MemberState};

use super::target::{ALONE, Etcd, MEMBERS};
use super::world::World;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_members_are_listed_with_addresses_that_answer,
        the_leader_is_a_member,
        the_machines_are_the_addresses_of_the_members_in_plain_text,
        the_own_statistics_name_member_and_leader,
        the_leader_counts_its_followers,
        the_store_counts_what_was_done needs [ALONE],
        the_version_is_two_texts,
        health_is_a_word,
        these_answers_are_of_their_types,
        a_follower_knows_nothing_of_the_leaders_statistics needs [MEMBERS],
    ]
    .into()
}

async fn leader(etcd: &Etcd) -> anyhow::Result<Member> {
    etcd.client.members().leader().await?.context("no leader")
}

async fn the_members_are_listed_with_addresses_that_answer(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let members = etcd.client.members().list().await?;
    let listed: Vec<_> = members
        .iter()
        .flat_map(|member| &member.client_urls)
        .collect();
    ensure!(
        listed.contains(&&format!("http://{}", etcd.addr())),
        "{listed:?}"
    );
    for member in &members {
        ensure!(
            member.is_started() && !member.peer_urls.is_empty(),
            "{member:?}"
        );
        ensure!(u64::from_str_radix(&member.id, 16).is_ok(), "{member:?}");
    }
    let version = Client::new(&format!("http://{}", etcd.addr()))?
        .version()
        .await?;
    ensure!(version.server_numbers() >= Some((3, 4)), "{version:?}");
    let answer = etcd.read("/v2/members").await?;
    ensure!(
        answer.text().starts_with("{\"members\":[{\"id\":\""),
        "{}",
        answer.text()
    );
    ensure!(answer.text().ends_with("]}]}\n"), "{}", answer.text());
    ensure!(answer.header("X-Etcd-Cluster-Id").is_some());
    equal(
        "kind",
        answer.header("Content-Type"),
        Some("application/json"),
    )
}

async fn the_leader_is_a_member(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let members = etcd.client.members().list().await?;
    ensure!(members.contains(&leader(etcd).await?), "{members:?}");
    Ok(())
}

async fn the_machines_are_the_addresses_of_the_members_in_plain_text(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let answer = etcd.read("/v2/machines").await?;
    equal(
        "kind",
        answer.header("Content-Type"),
        Some("text/plain; charset=utf-8"),
    )?;
    equal("id", answer.header("X-Etcd-Cluster-Id"), None)?;
    let machines = etcd.client.machines().await?;
    equal("text", answer.text(), machines.join(", "))?;
    let mut machines = machines;
    let members = etcd.client.members().list().await?;
    let mut urls: Vec<_> = members
        .into_iter()
        .flat_map(|member| member.client_urls)
        .collect();
    machines.sort();
    urls.sort();
    equal("machines", machines, urls)
}

async fn the_own_statistics_name_member_and_leader(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let answer = etcd.read("/v2/stats/self").await?;
    equal(
        "kind",
        answer.header("Content-Type"),
        Some("application/json"),
    )?;
    equal("id", answer.header("X-Etcd-Cluster-Id"), None)?;
    ensure!(
        answer.text().starts_with("{\"name\":\""),
        "{}",
        answer.text()
    );
    let asked = Client::new(&format!("http://{}", etcd.addr()))?;
    let stats = asked.stats().this_member().await?;
    let (members, leader) = (asked.members().list().await?, leader(etcd).await?);
    let own = members.iter().find(|member| member.id == stats.id);
    equal("name", own.map(|member| &member.name), Some(&stats.name))?;
    equal("leader", &stats.leader_info.leader, &leader.id)?;
    let leads = stats.state == MemberState::Leader;
    equal("state", leads, stats.id == leader.id)
}

async fn the_leader_counts_its_followers(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let stats = etcd.client.stats().leader().await?;
    let (members, leader) = (etcd.client.members().list().await?, leader(etcd).await?);
    equal("leader", &stats.leader, &leader.id)?;
    equal("followers", stats.followers.len(), members.len() - 1)?;
    ensure!(
        stats
            .followers
            .keys()
            .all(|id| members.iter().any(|member| member.id == *id))
    );
    Ok(())
}

async fn the_store_counts_what_was_done(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "counted").await?;
    let before = etcd.client.stats().store().await?;
    for line in [
        "PUT f value=1",
        "PUT f value=2",
        "PUT f?prevExist=true value=3",
        "PUT f?prevExist=false value=3",
        "PUT g?prevExist=false value=3",
        "POST q value=3",
        "PUT f?prevValue=3 value=4",
        "PUT f?prevValue=3 value=4",
        "DELETE f?prevValue=3",
        "DELETE f?prevValue=4",
        "DELETE f",
        "DELETE g",
        "GET f",
        "GET q",
        "PUT f?ttl=x value=1",
    ] {
        world.ask(line).await?;
    }
    let after = etcd.client.stats().store().await?;
    let counted = [
        ("sets", after.sets_success - before.sets_success, 2),
        ("updates", after.update_success - before.update_success, 1),
        ("creates", after.create_success - before.create_success, 2),
        ("refused creates", after.create_fail - before.create_fail, 1),
        (
            "swaps",
            after.compare_and_swap_success - before.compare_and_swap_success,
            1,
        ),
        (
            "refused swaps",
            after.compare_and_swap_fail - before.compare_and_swap_fail,
            1,
        ),
        ("deletes", after.delete_success - before.delete_success, 1),
        ("refused deletes", after.delete_fail - before.delete_fail, 1),
        ("watchers", after.watchers, 0),
    ];
    for (what, got, expected) in counted {
        equal(what, got, expected)?;
    }
    // etcd counts those that it refused among those that it did.
    let compared = after.compare_and_delete_success + after.compare_and_delete_fail;
    let earlier = before.compare_and_delete_success + before.compare_and_delete_fail;
    equal("compared deletes", compared - earlier, 2)?;
    ensure!(after.gets_success > before.gets_success && after.gets_fail > before.gets_fail);
    let answer = etcd.read("/v2/stats/store").await?;
    ensure!(
        answer.text().starts_with("{\"getsSuccess\":"),
        "{}",
        answer.text()
    );
    Ok(())
}

async fn the_version_is_two_texts(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (answer, version) = (etcd.read("/version").await?, etcd.client.version().await?);
    let (server, cluster) = (&version.server, &version.cluster);
    let expected = format!("{{\"etcdserver\":\"{server}\",\"etcdcluster\":\"{cluster}\"}}");
    equal("body", answer.text(), expected)?;
    equal(
        "kind",
        answer.header("Content-Type"),
        Some("application/json"),
    )?;
    // What python-etcd tells dialects by.
    let dialect: f32 = server.get(..3).unwrap_or_default().parse()?;
    ensure!(dialect >= 3.4, "{server}");
    Ok(())
}

async fn health_is_a_word(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let answer = etcd.read("/health").await?;
    let fields = answer.json()?;
    equal("health", fields["health"].as_str(), Some("true"))?;
    ensure!(etcd.client.health().check().await?.healthy);
    Ok(())
}

async fn these_answers_are_of_their_types(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    for (target, kind) in [
        ("/v2/members", "application/json"),
        ("/v2/members/leader", "application/json"),
        ("/v2/stats/store", "application/json"),
        ("/v2/auth/enable", "application/json"),
        ("/v2/auth/users", "application/json"),
        ("/v2/auth/roles", "application/json"),
        ("/health", "text/plain; charset=utf-8"),
    ] {
        let answer = etcd.read(target).await?;
        equal(target, answer.header("Content-Type"), Some(kind))?;
    }
    Ok(())
}

async fn a_follower_knows_nothing_of_the_leaders_statistics(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let (members, asked) = (etcd.members()?, etcd.asked()?);
    let expected = (403, "{\"message\":\"not current leader\"}".to_owned());
    for attempt in 1.. {
        let before = members.leader().await?;
        let answer = etcd.send("GET", "/v2/stats/leader", &[], "").await?;
        let answer = (answer.status, answer.text().trim_end().to_owned());
        let follows = before != asked && members.leader().await? == before;
        // It followed at the start; an election may have made it the leader.
        if follows || attempt == 10 {
            return equal("answer", answer, expected);
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    Ok(())
}
