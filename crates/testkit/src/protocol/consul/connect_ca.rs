//! The certificate authority, where the mesh is on: our client, and what a real server answers it.
//! One process has no use for an authority, so the agent answers as a server whose mesh is off; that
//! is `the_mesh_is_off` and `the_mesh_of_the_agent_is_off`.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::ErrorKind;
use serde_json::json;
use tokio::time::timeout;

use super::target::{ALONE, Consul, MESH, index_of};
use crate::cases;
use crate::eventually::eventually;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        roots_are_read_as_json_and_as_certificates needs [ALONE, MESH],
        a_service_gets_a_certificate_of_the_authority needs [ALONE, MESH],
        the_configuration_of_the_authority_is_replaced needs [ALONE, MESH],
    ]
    .into()
}

/// A server whose authority is there, which it is a moment after the server.
async fn authority(consul: &Subject<Consul>) -> anyhow::Result<Consul> {
    let meshed = consul.meshed().await?;
    let there = eventually(Duration::from_secs(30), "an authority", || async {
        let roots = meshed.client.connect_ca().roots().await.ok()?;
        (!roots.roots.is_empty()).then_some(())
    });
    there.await?;
    Ok(meshed)
}

async fn roots_are_read_as_json_and_as_certificates(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let meshed = authority(consul).await?;
    let roots = meshed.client.connect_ca().roots().await?;
    equal("one authority", roots.roots.len(), 1)?;
    let root = &roots.roots[0];
    ensure!(root.active && root.id == roots.active_root_id, "{root:?}");
    ensure!(roots.trust_domain.ends_with(".consul"), "{roots:?}");
    let answer = meshed.send("GET", "/v1/connect/ca/roots", "").await?;
    ensure!(index_of(&answer)? > 1);
    let raw = answer.json()?;
    equal(
        "bytes",
        raw["Roots"][0]["RootCert"].as_str(),
        Some(&*root.root_cert),
    )?;
    let pem = meshed.client.connect_ca().roots_pem().await?;
    equal("certificates", pem.trim_end(), root.root_cert.trim_end())?;
    let target = "/v1/connect/ca/roots?pem=true";
    let answer = meshed.send("GET", target, "").await?;
    let kind = answer.header("Content-Type");
    equal("type", kind, Some("application/pem-certificate-chain"))?;
    let of_agent = meshed.client.agent().ca_roots().await?;
    equal(
        "of the agent",
        of_agent.active_root_id,
        roots.active_root_id,
    )?;
    let target = "/v1/agent/connect/ca/roots";
    let answer = meshed.send("GET", target, "").await?;
    ensure!(answer.header("X-Cache").is_some(), "it is always cached");
    let mut watch = meshed.client.connect_ca().watch_roots();
    let first = timeout(Duration::from_secs(20), watch.next()).await??;
    equal("watched", first.value.roots.len(), 1)
}

async fn a_service_gets_a_certificate_of_the_authority(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let meshed = authority(consul).await?;
    let leaf = meshed.client.agent().ca_leaf("web").await?;
    equal("service", leaf.service.as_str(), "web")?;
    ensure!(
        leaf.service_uri.ends_with("/svc/web"),
        "{}",
        leaf.service_uri
    );
    ensure!(leaf.cert_pem.starts_with("-----BEGIN CERTIFICATE-----"));
    ensure!(leaf.private_key_pem.expose().contains("PRIVATE KEY"));
    ensure!(
        !format!("{leaf:?}").contains("PRIVATE KEY"),
        "a secret is shown"
    );
    let valid = (
        leaf.valid_after.to_system_time().context("no beginning")?,
        leaf.valid_before.to_system_time().context("no end")?,
    );
    equal(
        "three days",
        valid.1.duration_since(valid.0)?.as_secs(),
        3 * 24 * 3600,
    )?;
    let again = meshed.client.agent().ca_leaf("web").await?;
    equal("the same", again.serial_number, leaf.serial_number)?;
    let target = "/v1/agent/connect/ca/leaf/web";
    let answer = meshed.send("GET", target, "").await?;
    equal("index", index_of(&answer)?, leaf.modify_index)
}

async fn the_configuration_of_the_authority_is_replaced(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let meshed = authority(consul).await?;
    let authority = meshed.client.connect_ca();
    let mut configuration = authority.configuration().await?;
    equal("provider", configuration.provider.as_str(), "consul")?;
    let config = configuration.config.get_or_insert_default();
    equal("at first", config.get("LeafCertTTL"), Some(&json!("72h")))?;
    config.insert("LeafCertTTL".into(), json!("48h"));
    authority.set_configuration(&configuration).await?;
    let changed = authority.configuration().await?;
    let config = changed.config.context("no configuration")?;
    equal("then", config.get("LeafCertTTL"), Some(&json!("48h")))?;
    ensure!(changed.modify_index > configuration.modify_index);
    let target = "/v1/connect/ca/configuration";
    let answer = meshed.send("GET", target, "").await?;
    equal("no index", answer.header("X-Consul-Index"), None)?;
    let odd = json!({"Provider": "odd", "Config": {}}).to_string();
    let text = "could not initialize provider: unknown CA provider \"odd\"";
    meshed.expect("PUT", target, odd, (500, text)).await?;
    configuration.provider = "odd".into();
    let refused = authority.set_configuration(&configuration).await.err();
    let kind = refused.context("an odd provider was taken")?.kind();
    equal("typed", kind, ErrorKind::InvalidArgument)
}
