//! The settings of `quorate agent` about Serf.

use std::time::Duration;

use quorate::Secret;
use quorate_agent::{Agent, AgentConfig, Bound, EventHandler, GossipConfig, Listen, LogThreshold};

use super::{not_started, read_token};
use crate::args::agent::AgentArgs;
use crate::args::agent::member::MemberArgs;
use crate::args::agent::serf::{SerfArgs, Typed};
use crate::command;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::agent::ListenerView;

/// The token of the RPC, for those who don't want it in a file.
const RPC_AUTH: &str = "SERF_RPC_AUTH";
/// The key of the cluster, likewise.
const ENCRYPT: &str = "QUORATE_ENCRYPT";
/// No key is longer.
const MAX_KEY: usize = 256;
/// How often members are tried unless something else is said.
const RETRY: Duration = Duration::from_secs(30);
/// What helps where nobody could be joined.
const AGAIN: &str = "quorate serf agent --retry-join ADDR, which tries on";

/// Adds Serf's RPC and the membership.
pub(super) fn add(mut settings: AgentConfig, args: &AgentArgs) -> Result<AgentConfig, Failure> {
    for address in &args.serf.serf_rpc {
        let listen = Listen::parse(address).map_err(|error| not_started(error, args))?;
        settings = settings.with_serf_rpc(listen);
    }
    if let Some(token) = rpc_auth(args)? {
        settings = settings.with_serf_rpc_auth(token);
    }
    settings.event_handlers = handlers(args)?;
    match gossip(args)? {
        Some(gossip) => Ok(settings.with_gossip(gossip)),
        None => Ok(settings),
    }
}

fn handlers(args: &AgentArgs) -> Result<Vec<EventHandler>, Failure> {
    let handlers = args.serf.event_handlers.iter();
    let handlers = handlers.map(|handler| handler.parse());
    let handlers: Result<_, _> = handlers.collect();
    handlers.map_err(|error| not_started(error, args))
}

/// Reads the configuration files again and takes the level of the log, event handlers and tags from
/// there, as Serf does. Whether there are any that could be read: `quorate serf agent` has them.
pub(super) async fn reload(
    config: &Config,
    agent: &Agent,
    serf: &SerfArgs,
    log: Option<&LogThreshold>,
) -> Result<bool, Failure> {
    let Some(typed) = &serf.typed else {
        return Ok(false);
    };
    let Typed {
        connection,
        agent: typed,
    } = Typed::clone(typed);
    let now = command::serf::agent::of(config, connection, typed)?;
    let handlers = handlers(&now)?;
    if let (Some(log), Some(level)) = (log, now.log_level) {
        log.set(level);
    }
    agent.set_event_handlers(&handlers);
    let tags = now.serf.member.tags.into_iter().collect();
    // Those of a file are the member's own to change.
    if let (Some(member), None) = (agent.membership(), now.serf.member.tags_file) {
        let changed = member.set_tags(tags).await;
        changed
            .map_err(|error| Failure::caused(Exit::Failure, error).context("change the tags"))?;
    }
    Ok(true)
}

fn rpc_auth(args: &AgentArgs) -> Result<Option<Secret>, Failure> {
    if let Some(token) = &args.serf.rpc_auth {
        return Ok(Some(Secret::new(token.clone())));
    }
    match &args.serf.rpc_auth_file {
        Some(path) => read_token(path).map(Some),
        None if args.serf.serf_rpc.is_empty() => Ok(None),
        None => Ok(from_environment(RPC_AUTH)),
    }
}

fn gossip(args: &AgentArgs) -> Result<Option<GossipConfig>, Failure> {
    let serf = &args.serf;
    let Some(bind) = serf.gossip else {
        if serf.member == MemberArgs::default() {
            return Ok(None);
        }
        let why = "an option of a member needs --gossip, which says where it listens";
        return Err(Failure::usage(why).with_next("quorate agent --gossip 127.0.0.1:7946 …"));
    };
    let mut gossip = GossipConfig::new(bind).with_consul_client(serf.consul_client);
    gossip.join.clone_from(&serf.join);
    if let Some(key) = key(serf)? {
        gossip = gossip.with_key(key);
    }
    of_member(gossip, args).map(Some)
}

fn of_member(mut gossip: GossipConfig, args: &AgentArgs) -> Result<GossipConfig, Failure> {
    let member = args.serf.member.clone();
    if let Some(profile) = &member.profile {
        gossip.profile = profile.parse().map_err(|error| not_started(error, args))?;
    }
    gossip.advertise = member.advertise;
    gossip.retry_interval = member.retry_interval.unwrap_or(gossip.retry_interval);
    gossip.replay = member.replay;
    gossip.keyring_file = member.keyring_file;
    gossip.snapshot = member.snapshot;
    gossip.rejoin_after_leave = member.rejoin;
    gossip.tags.extend(member.tags);
    gossip.tags_file = member.tags_file;
    gossip.compression = !member.disable_compression;
    gossip.coordinates = !member.disable_coordinates;
    gossip.limits = member.limits;
    if let Some(timeout) = member.broadcast_timeout {
        gossip.limits.broadcast_timeout = timeout;
    }
    Ok(gossip)
}

fn key(serf: &SerfArgs) -> Result<Option<Secret>, Failure> {
    match (&serf.member.encrypt, &serf.encrypt_file) {
        (Some(key), _) => {
            let key = input::text(key, MAX_KEY)?;
            Ok(Some(Secret::new(key.trim().to_owned())))
        }
        (None, Some(path)) => read_token(path).map(Some),
        (None, None) => Ok(from_environment(ENCRYPT)),
    }
}

/// Resolves when a member that has to be joined was not: at once, or after the tries that it has.
pub(super) async fn not_joined(agent: &Agent, serf: &SerfArgs) -> Failure {
    let most = serf.member.retry_max.unwrap_or(0);
    let every = serf.member.retry_interval.unwrap_or(RETRY);
    for (members, most) in [(&serf.join_at_once, 1), (&serf.join, most)] {
        for attempt in 1..=most {
            let Some(membership) = agent.membership().filter(|_| !members.is_empty()) else {
                break;
            };
            match membership.join(members, !serf.member.replay).await {
                Ok(_) => break,
                Err(error) if attempt == most => {
                    return Failure::caused(Exit::Failure, error).with_next(AGAIN);
                }
                Err(_) => tokio::time::sleep(every).await,
            }
        }
    }
    std::future::pending().await
}

/// A secret of the environment. An empty one is none.
fn from_environment(name: &str) -> Option<Secret> {
    let value = std::env::var(name).ok()?;
    (!value.is_empty()).then(|| Secret::new(value))
}

pub(super) fn listener(bound: &Bound) -> ListenerView {
    let place = match (bound.addr(), bound.path()) {
        (Some(address), _) => address.to_string(),
        (None, _) => bound.url(),
    };
    let url = bound.url().replacen("http://", "serf://", 1);
    ListenerView {
        protocol: "serf",
        environment: format!("SERF_RPC_ADDR={place}"),
        at: bound.addr().map(|_| url.clone()),
        url,
    }
}
