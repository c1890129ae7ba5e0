//! The start of the membership.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use quorate_gossip::codec::Key;
use quorate_gossip::serf::Coalesce;
use quorate_gossip::{Config, Error, EventStream, Gossip};

use crate::config::{AgentConfig, GossipConfig};
use crate::consul::{Node, client_tags};
use crate::error::AgentError;

/// The folder of keys and snapshot within the data directory.
const FOLDER: &str = "serf";
/// How many events wait for the agent.
const EVENTS: usize = 4096;

/// Starts the membership, if the configuration has one or something that needs one, with all that
/// happens from now on.
pub(crate) async fn membership(
    config: &AgentConfig,
    node: &Node,
) -> Result<Option<(Gossip, EventStream)>, AgentError> {
    let failed = |error: Error| AgentError::Gossip(Box::new(error));
    let settings = match &config.gossip {
        Some(gossip) => in_cluster(gossip, config, node).await?,
        None if config.serf_rpc.is_empty() && config.event_handlers.is_empty() => {
            return Ok(None);
        }
        // A cluster of its own, of which only this machine knows.
        None => member(&node.name, SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0)),
    };
    let gossip = Gossip::start(settings).await.map_err(failed)?;
    let events = gossip.events().await.map_err(failed)?;
    Ok(Some((gossip, events)))
}

/// A member that tells what happens as Serf's agent does.
fn member(node: &str, bind: SocketAddr) -> Config {
    Config::new(node)
        .with_bind(bind)
        .with_event_buffer(EVENTS)
        .with_coalesced_members(Coalesce::agent())
        .with_coalesced_events(Coalesce::agent())
}

async fn in_cluster(
    gossip: &GossipConfig,
    config: &AgentConfig,
    node: &Node,
) -> Result<Config, AgentError> {
    let folder = folder(config.data_dir()).await?;
    let file = |given: &Option<PathBuf>, name: &str| {
        let kept = folder.as_ref().map(|folder| folder.join(name));
        given.clone().or(kept)
    };
    let mut tags = match gossip.consul_client {
        true => client_tags(&config.datacenter, &node.id),
        false => BTreeMap::new(),
    };
    tags.extend(gossip.tags.clone());
    let mut member = member(&node.name, gossip.bind)
        .with_public_bind_without_key(config.allow_remote)
        .with_profile(gossip.profile.profile())
        .with_tags(tags)
        .with_seeds(gossip.join.iter().cloned())
        .with_seed_interval(gossip.retry_interval)
        .with_replay(gossip.replay)
        .with_compression(gossip.compression)
        .with_coordinates(gossip.coordinates)
        .with_limits(gossip.limits.clone())
        .with_rejoin_after_leave(gossip.rejoin_after_leave);
    if let Some(advertise) = gossip.advertise {
        member = member.with_advertise(advertise);
    }
    let keyring = file(&gossip.keyring_file, "local.keyring");
    if let Some(key) = &gossip.key {
        let key = Key::from_base64(key.expose());
        let invalid = |error: quorate_gossip::codec::CipherError| AgentError::GossipKey {
            reason: error.to_string(),
        };
        member = member.with_key(key.map_err(invalid)?);
    }
    if let Some(path) = &gossip.tags_file {
        member = member.with_tags_file(path);
    }
    if let Some(path) = keyring {
        member = member.with_keyring_file(path);
    }
    if let Some(path) = file(&gossip.snapshot, "local.snapshot") {
        member = member.with_snapshot(path);
    }
    Ok(member)
}

/// The folder for what is remembered, which is made if it is not there.
async fn folder(data: Option<&Path>) -> Result<Option<PathBuf>, AgentError> {
    let Some(data) = data else {
        return Ok(None);
    };
    let path = data.join(FOLDER);
    let made = tokio::fs::create_dir_all(&path).await;
    match made {
        Ok(()) => Ok(Some(path)),
        Err(source) => Err(AgentError::Directory { path, source }),
    }
}
