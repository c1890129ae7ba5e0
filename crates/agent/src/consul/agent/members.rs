//! The gossip pool: `/v1/agent/members`, `join`, `force-leave`. Without gossip the agent is alone in it.

use http::StatusCode;
use quorate_gossip::Gossip;
use quorate_wire::consul::agent::{Member, MemberStatus};

use crate::consul::front::{CONSUL_VERSION, Front, GOSSIP_PORT, SERVER_PORT};
use crate::consul::permit::{Permit, require};
use crate::consul::pool;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::log::LogLevel;
use crate::serf;

/// The port of the gossip between datacenters. Nobody listens on it here.
pub(super) const GOSSIP_PORT_WAN: u16 = 8302;

/// Which of the two pools.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pool {
    Lan,
    Wan,
}

impl Pool {
    /// Whatever stands behind `wan=` asks for the pool between datacenters.
    fn of(request: Request<'_>) -> Self {
        match request.params.text("wan") {
            Some(_) => Self::Wan,
            None => Self::Lan,
        }
    }

    fn port(self) -> u16 {
        match self {
            Self::Lan => GOSSIP_PORT,
            Self::Wan => GOSSIP_PORT_WAN,
        }
    }

    fn name(self, front: &Front) -> String {
        match self {
            Self::Lan => front.node.name.clone(),
            Self::Wan => format!("{}.{}", front.node.name, front.datacenter),
        }
    }
}

/// `GET /v1/agent/members`: all of the pool, those that left or failed too.
pub(super) fn members(request: Request<'_>) -> Result<Answer, Refused> {
    let permit = request.permit()?;
    let pool = Pool::of(request);
    match request.params.text("segment") {
        Some(segment) if pool == Pool::Wan && segment != "_all" => {
            Err(Reply::bad_request("Cannot provide a segment with wan=true").into())
        }
        Some(segment) if segment != "_all" => Err(Reply::server_error(
            "Network segments are not supported in this version of Consul",
        )
        .into()),
        _ if pool == Pool::Lan && request.front.pool.is_some() => {
            let gossip = request.front.pool.clone();
            Ok(Answer::later(list(gossip, permit)))
        }
        _ => {
            let mut members = vec![member(request.front, pool)];
            members.retain(|member| permit.node_read(&member.name));
            Ok(Reply::object(&members).into())
        }
    }
}

async fn list(gossip: Option<Gossip>, permit: Permit) -> Reply {
    let members = match &gossip {
        Some(gossip) => gossip.members().await,
        None => Ok(Vec::new()),
    };
    match members {
        Ok(members) => {
            let members = members.iter().map(pool::shown);
            let members = members.filter(|member| permit.node_read(&member.name));
            Reply::object(&members.collect::<Vec<_>>())
        }
        Err(error) => Reply::server_error(error.to_string()),
    }
}

/// `PUT /v1/agent/join/:address`: without a gossip pool the agent joins nobody but itself.
pub(super) fn join(request: Request<'_>) -> Result<Answer, Refused> {
    let address = request.text_name();
    let front = request.front;
    require(request.permit()?.agent_write(&front.node.name))?;
    front.log.record(
        LogLevel::Info,
        "agent",
        "(LAN) joining",
        &[("lan_addresses", &address)],
    );
    if let (Pool::Lan, Some(gossip)) = (Pool::of(request), &front.pool) {
        return Ok(Answer::later(join_pool(gossip.clone(), address)));
    }
    if is_own(front, &address, Pool::of(request)) {
        return Ok(Reply::empty(StatusCode::OK).into());
    }
    let problem = if address.is_empty() {
        "Failed to resolve : lookup : no such host".to_owned()
    } else {
        let (host, _) = split(&address);
        format!("Failed to join {host}: this agent has no gossip pool")
    };
    Err(Reply::server_error(format!("1 error occurred:\n\t* {problem}\n\n")).into())
}

/// Joins a member. Its port is our own unless it is said: members of a pool mostly have one.
async fn join_pool(gossip: Gossip, address: String) -> Reply {
    let address = match split(&address) {
        (host, None) if host.contains(':') => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            format!("[{host}]:{}", gossip.address().port())
        }
        (host, None) => format!("{host}:{}", gossip.address().port()),
        _ => address,
    };
    match gossip.join(&[address], true).await {
        Ok(_) => Reply::empty(StatusCode::OK),
        Err(error) => Reply::server_error(serf::refused(&error)),
    }
}

/// Whether an address, with or without a port, is where the agent would gossip.
fn is_own(front: &Front, address: &str, pool: Pool) -> bool {
    let (host, port) = split(address);
    let port = port.map_or(Some(pool.port()), |port| port.parse().ok());
    host == front.node.address && port == Some(pool.port())
}

/// The host, and the port if there is one.
fn split(address: &str) -> (&str, Option<&str>) {
    match address.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            (host, Some(port))
        }
        _ => (address, None),
    }
}

/// `PUT /v1/agent/force-leave/:node`: without a gossip pool there is no other node that could leave.
pub(super) fn force_leave(request: Request<'_>) -> Result<Answer, Refused> {
    let node = request.text_name();
    let front = request.front;
    require(request.permit()?.operator_write())?;
    let prune = request.params.has("prune");
    if let Some(gossip) = &front.pool {
        let lenient = front.compat == crate::config::Compat::V0_7;
        return Ok(Answer::later(drop_member(
            gossip.clone(),
            node,
            prune,
            lenient,
        )));
    }
    // Consul accepts its own name, in either pool, and stays; clients of 0.7 know no refusal.
    let own = [Pool::Lan, Pool::Wan].map(|pool| pool.name(front));
    if own.contains(&node) || front.compat == crate::config::Compat::V0_7 {
        return Ok(Reply::empty(StatusCode::OK).into());
    }
    let text = format!("agent: No node found with name '{node}'");
    Err(Reply::server_error(text).into())
}

async fn drop_member(gossip: Gossip, node: String, prune: bool, lenient: bool) -> Reply {
    let known = match gossip.members().await {
        Ok(members) => members.iter().any(|member| member.name == node),
        Err(error) => return Reply::server_error(error.to_string()),
    };
    if !known && !lenient {
        return Reply::server_error(format!("agent: No node found with name '{node}'"));
    }
    match gossip.force_leave(node, prune).await {
        Ok(()) => Reply::empty(StatusCode::OK),
        Err(error) => Reply::server_error(serf::refused(&error)),
    }
}

/// The agent as a member of one of the pools.
pub(super) fn member(front: &Front, pool: Pool) -> Member {
    let (build, server) = (format!("{CONSUL_VERSION}:"), SERVER_PORT.to_string());
    let mut tags = vec![
        ("acls", if front.acl.is_some() { "1" } else { "0" }),
        ("bootstrap", "1"),
        ("build", &build),
        ("dc", &front.datacenter),
        ("ft_fs", "1"),
        ("id", &front.node.id),
        ("port", &server),
        ("raft_vsn", "3"),
        ("role", "consul"),
        ("segment", ""),
        ("vsn", "2"),
        ("vsn_max", "3"),
        ("vsn_min", "2"),
    ];
    let wan = GOSSIP_PORT_WAN.to_string();
    if pool == Pool::Lan {
        tags.push(("wan_join_port", &wan));
    }
    let tags = tags.into_iter();
    let mut member = Member::default();
    member.name = pool.name(front);
    member.addr.clone_from(&front.node.address);
    member.port = pool.port();
    member.tags = tags
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    member.status = MemberStatus::Alive;
    (
        member.protocol_min,
        member.protocol_max,
        member.protocol_cur,
    ) = (1, 5, 2);
    (
        member.delegate_min,
        member.delegate_max,
        member.delegate_cur,
    ) = (2, 5, 4);
    member
}
