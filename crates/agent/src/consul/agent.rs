//! The agent itself: `/v1/agent/…`.

use std::collections::BTreeMap;

use quorate_wire::consul::AgentSelf;
use serde_json::{Value, json};

use super::front::{CONSUL_VERSION, Front, GOSSIP_PORT, SERVER_PORT};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use super::status::server_address;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("agent/self", |request, _| describe(request)),
    Endpoint::get("agent/members", |request, _| members(request)),
    Endpoint::put("agent/join/", |request, _| join(request)).with_get_of_old(),
    Endpoint::put("agent/force-leave/", |request, _| force_leave(request)).with_get_of_old(),
];

/// `GET /v1/agent/self`: who the agent is, as far as clients look.
fn describe(request: Request<'_>) -> Result<Answer, Refused> {
    let front = request.front;
    let mut itself = AgentSelf::default();
    itself.config.datacenter.clone_from(&front.datacenter);
    itself.config.node_name.clone_from(&front.node.name);
    itself.config.node_id.clone_from(&front.node.id);
    itself.config.server = true;
    itself.config.version = CONSUL_VERSION.into();
    itself.debug_config = json!({
        "AdvertiseAddrLAN": front.node.address,
        "Bootstrap": true,
        "Datacenter": front.datacenter,
        "NodeID": front.node.id,
        "NodeName": front.node.name,
        "ServerMode": true,
        "ServerPort": SERVER_PORT,
        "SessionTTLMin": "0s",
        "KVMaxValueSize": quorate_wire::consul::kv::MAX_VALUE_BYTES,
        "TxnMaxReqLen": quorate_wire::consul::txn::MAX_BODY_BYTES,
        "Version": CONSUL_VERSION,
    });
    itself.coord =
        json!({"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001});
    itself.member = member(front);
    itself.stats = stats(front);
    itself.meta = Some(BTreeMap::from([(
        "consul-network-segment".into(),
        String::new(),
    )]));
    Ok(Reply::object(&itself).into())
}

/// `GET /v1/agent/members`: the agent alone.
fn members(request: Request<'_>) -> Result<Answer, Refused> {
    Ok(Reply::object(&[member(request.front)]).into())
}

/// `PUT /v1/agent/join/:address`: this agent has no gossip pool, so joining one fails.
fn join(request: Request<'_>) -> Result<Answer, Refused> {
    let address = request.text_name();
    Err(Reply::server_error(format!(
        "1 error occurred:\n\t* Failed to join {address}: this agent has no gossip pool\n\n"
    ))
    .into())
}

/// `PUT /v1/agent/force-leave/:node`: there is no other node that could leave.
fn force_leave(request: Request<'_>) -> Result<Answer, Refused> {
    let node = request.text_name();
    let text = format!("agent: No node found with name '{node}'");
    Err(Reply::server_error(text).into())
}

/// The agent as a member of its own pool.
fn member(front: &Front) -> Value {
    json!({
        "Name": front.node.name,
        "Addr": front.node.address,
        "Port": GOSSIP_PORT,
        "Tags": {
            "acls": "0",
            "bootstrap": "1",
            "build": format!("{CONSUL_VERSION}:"),
            "dc": front.datacenter,
            "id": front.node.id,
            "port": SERVER_PORT.to_string(),
            "raft_vsn": "3",
            "role": "consul",
            "segment": "",
            "vsn": "2",
            "vsn_max": "3",
            "vsn_min": "2",
        },
        "Status": 1,
        "ProtocolMin": 1,
        "ProtocolMax": 5,
        "ProtocolCur": 2,
        "DelegateMin": 2,
        "DelegateMax": 5,
        "DelegateCur": 4,
    })
}

fn stats(front: &Front) -> BTreeMap<String, BTreeMap<String, String>> {
    let index = front.snapshot().consul().indexes().last().to_string();
    let section = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    };
    BTreeMap::from([
        (
            "agent".into(),
            section(&[("checks", "0"), ("services", "0")]),
        ),
        (
            "build".into(),
            section(&[
                ("prerelease", ""),
                ("revision", ""),
                ("version", CONSUL_VERSION),
            ]),
        ),
        (
            "consul".into(),
            section(&[
                ("acl", "disabled"),
                ("bootstrap", "true"),
                ("known_datacenters", "1"),
                ("leader", "true"),
                ("leader_addr", &server_address(front)),
                ("server", "true"),
            ]),
        ),
        (
            "raft".into(),
            section(&[
                ("applied_index", &index),
                ("commit_index", &index),
                ("state", "Leader"),
            ]),
        ),
        (
            "runtime".into(),
            section(&[
                ("arch", std::env::consts::ARCH),
                ("os", std::env::consts::OS),
            ]),
        ),
    ])
}
