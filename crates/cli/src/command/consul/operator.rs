//! `quorate consul operator` and `keyring`.

use std::io;

use quorate_consul::wire::operator::{
    AutopilotConfig, AutopilotConfigRequest, Keyring, RaftServer, ServerHealth,
};
use quorate_consul::{Secret, WriteOptions};

use super::Context;
use crate::args::consul::operator::{
    AutopilotVerb, KeyringVerb, OperatorPart, RaftVerb, RemovePeerArgs, SetConfigArgs,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

/// More than any key has.
const MAX_KEY_BYTES: usize = 4096;

const PEERS: &[Column<RaftServer>] = &[
    Column::new("NODE", |server| server.node.clone()),
    Column::new("ID", |server| server.id.clone()),
    Column::new("ADDRESS", |server| server.address.clone()),
    Column::new("STATE", |server| {
        if server.leader { "leader" } else { "follower" }.into()
    }),
    Column::new("VOTER", |server| server.voter.to_string()),
    Column::new("RAFTPROTOCOL", |server| server.protocol_version.clone()),
];

const HEALTH: &[Column<ServerHealth>] = &[
    Column::new("NODE", |server| server.name.clone()),
    Column::new("ADDRESS", |server| server.address.clone()),
    Column::new("SERF", |server| server.serf_status.clone()),
    Column::new("HEALTHY", |server| server.healthy.to_string()),
    Column::new("LEADER", |server| server.leader.to_string()),
    Column::new("VOTER", |server| server.voter.to_string()),
    Column::new("VERSION", |server| server.version.clone()),
];

/// Keys are secret: shown is how many nodes have how many.
const KEYRINGS: &[Column<Keyring>] = &[
    Column::new("POOL", |ring| if ring.wan { "WAN" } else { "LAN" }.into()),
    Column::new("DC", |ring| ring.datacenter.clone()),
    Column::new("KEYS", |ring| ring.keys.len().to_string()),
    Column::new("NODES", |ring| ring.num_nodes.to_string()),
];

pub(super) async fn run(context: Context<'_>, part: OperatorPart) -> Result<Exit, Failure> {
    match part {
        OperatorPart::Raft(args) => raft(context, args.verb).await,
        OperatorPart::Autopilot(args) => autopilot(context, args.verb).await,
    }
}

async fn raft(context: Context<'_>, verb: RaftVerb) -> Result<Exit, Failure> {
    let raft = context.client.operator().raft();
    match verb {
        RaftVerb::ListPeers(read) => {
            let found = raft.configuration_with(&read.options()).await?;
            context
                .config
                .screen
                .show(&Rows::new(found.value.servers, PEERS))?;
        }
        RaftVerb::RemovePeer(RemovePeerArgs { address, id, write }) => {
            let options: WriteOptions = write.options();
            match (address, id) {
                (Some(address), _) => raft.remove_peer_by_address_with(&address, &options).await?,
                (None, id) => {
                    let id = id.unwrap_or_default();
                    raft.remove_peer_by_id_with(&id, &options).await?;
                }
            }
        }
    }
    Ok(Exit::Success)
}

async fn autopilot(context: Context<'_>, verb: AutopilotVerb) -> Result<Exit, Failure> {
    let (autopilot, screen) = (
        context.client.operator().autopilot(),
        &context.config.screen,
    );
    match verb {
        AutopilotVerb::GetConfig(read) => {
            let config = autopilot.configuration_with(&read.options()).await?;
            screen.show(&Object::of(config.value))?;
        }
        AutopilotVerb::SetConfig(args) => {
            let current = autopilot.configuration().await?;
            let changed = changed(&current, &args);
            // Nobody else's change is overwritten.
            let set = autopilot
                .cas_configuration_with(&changed, current.modify_index, &args.write.options())
                .await?;
            if !set {
                return Err(Failure::new(
                    Exit::Conflict,
                    "somebody else changed the settings at the same time",
                )
                .with_next("the same command again"));
            }
        }
        AutopilotVerb::Health(read) => {
            let health = autopilot.health_with(&read.options()).await?.value;
            let healthy = health.healthy;
            screen.show(&Rows::new(health.servers, HEALTH))?;
            if !healthy {
                return Ok(Exit::Failure);
            }
        }
    }
    Ok(Exit::Success)
}

fn changed(current: &AutopilotConfig, args: &SetConfigArgs) -> AutopilotConfigRequest {
    let mut request = AutopilotConfigRequest::from(current);
    if let Some(cleanup) = args.cleanup_dead_servers {
        request = request.with_cleanup_dead_servers(cleanup);
    }
    if let Some(threshold) = args.last_contact_threshold {
        request = request.with_last_contact_threshold(threshold);
    }
    if let Some(entries) = args.max_trailing_logs {
        request = request.with_max_trailing_logs(entries);
    }
    if let Some(servers) = args.min_quorum {
        request = request.with_min_quorum(servers);
    }
    if let Some(time) = args.server_stabilization_time {
        request = request.with_server_stabilization_time(time);
    }
    request
}

pub(super) async fn keyring(context: Context<'_>, verb: KeyringVerb) -> Result<Exit, Failure> {
    let keyring = context.client.operator().keyring();
    match verb {
        KeyringVerb::List => {
            let rings = keyring.list().await?;
            context.config.screen.show(&Rows::new(rings, KEYRINGS))?;
        }
        KeyringVerb::Install => keyring.install(&key()?).await?,
        KeyringVerb::Use => keyring.use_key(&key()?).await?,
        KeyringVerb::Remove => keyring.remove(&key()?).await?,
    }
    Ok(Exit::Success)
}

/// The key on standard input.
fn key() -> Result<Secret, Failure> {
    let bytes = input::read(io::stdin().lock(), "standard input", MAX_KEY_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::usage("the key is no text"))?;
    Ok(Secret::new(text.trim()))
}
