use std::process::Stdio;

use anyhow::{Context as _, ensure};
use quorate_consul::{Client, MemberStatus};
use quorate_testkit::server::{ConsulOptions, ConsulServer, ReservedPort};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use tokio::process::Command;

use crate::cluster::Ground;
use crate::member::Ours;
use crate::{CONSUL, LONG};

pub(crate) fn cases() -> Vec<Case<Ground>> {
    cases![Ground;
        an_agent_of_ours_is_a_member_of_the_pool_of_a_real_consul needs [CONSUL],
    ]
    .into()
}

/// Waits until `consul members` has such a line about us.
async fn listed(consul: &ConsulServer, words: &[&str]) -> anyhow::Result<()> {
    let list = || async {
        let mut command = Command::new(consul.program());
        let command = command.arg("members").kill_on_drop(true);
        let command = command.env("CONSUL_HTTP_ADDR", consul.addr().to_string());
        let output = command.stdin(Stdio::null()).output().await?;
        let said = String::from_utf8(output.stdout)?;
        let ours = said
            .lines()
            .map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ours = ours.into_iter().find(|line| line.first() == Some(&"ours"));
        let fits = ours.is_some_and(|line| words.iter().all(|word| line.contains(word)));
        ensure!(fits, "{said}");
        Ok(())
    };
    Ok(eventually_ok(LONG, format!("consul members: {words:?}"), list).await?)
}

/// Waits until our node is in the catalog, there, or not.
async fn in_catalog(consul: &Client, address: Option<&str>) -> anyhow::Result<()> {
    let look = || async {
        let nodes = consul.catalog().nodes().await?;
        let ours = nodes.iter().find(|node| node.node == "ours");
        let there = ours.map(|node| node.address.as_str());
        ensure!(there == address, "{nodes:?}");
        Ok(())
    };
    Ok(eventually_ok(LONG, format!("/v1/catalog/nodes: {address:?}"), look).await?)
}

async fn an_agent_of_ours_is_a_member_of_the_pool_of_a_real_consul(
    _: &Subject<Ground>,
) -> anyhow::Result<()> {
    let server = ConsulServer::start(ConsulOptions::new()).await?;
    let consul = Client::new(&server.url())?;
    let (http, gossip) = (ReservedPort::new()?.share()?, ReservedPort::new()?);
    let line = format!(
        "--node ours --consul-http {} --gossip 127.0.0.2:{} --consul-client --join {}",
        http.addr(),
        gossip.port(),
        server.gossip_addr()
    );
    let (mut ours, _) = Ours::start(&line, None).await?;
    listed(&server, &["alive", "client", "dc1"]).await?;
    in_catalog(&consul, Some("127.0.0.2")).await?;
    let own = Client::new(&format!("http://{}", http.addr()))?;
    let known = || async {
        let members = own.agent().members().await?;
        let known = members.iter().find(|one| one.name == server.node_name());
        let known = known.context("it is no member")?;
        ensure!(known.status == MemberStatus::Alive, "{known:?}");
        ensure!(known.tags["role"] == "consul", "{known:?}");
        anyhow::Ok(())
    };
    eventually_ok(LONG, "we know the server", known).await?;

    ours.kill().await?;
    listed(&server, &["failed"]).await?;
    ours.restart().await?;
    listed(&server, &["alive"]).await?;
    in_catalog(&consul, Some("127.0.0.2")).await?;
    ours.leave().await?;
    listed(&server, &["left"]).await?;
    in_catalog(&consul, None).await
}
