//! Who the agent is: `GET /v1/agent/self`.

use std::collections::BTreeMap;

use quorate_gossip::Gossip;
use quorate_wire::consul::{AgentSelf, kv, txn};
use serde_json::{Map, Value, json};

use super::members::{GOSSIP_PORT_WAN, Pool, member};
use crate::consul::front::{CONSUL_VERSION, Front, GOSSIP_PORT, SERVER_PORT};
use crate::consul::permit::require;
use crate::consul::pool;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::consul::resolver::Resolver;
use crate::consul::status::server_address;

/// What Consul's configuration is where it says nothing about the agent.
const DEBUG_CONFIG: &str = include_str!("debug_config.json");

type Section = BTreeMap<String, String>;

/// `GET /v1/agent/self`: who the agent is.
pub(super) fn describe(request: Request<'_>) -> Result<Answer, Refused> {
    let front = request.front;
    require(request.permit()?.agent_read(&front.node.name))?;
    let mut itself = AgentSelf::default();
    let config = &mut itself.config;
    config.datacenter.clone_from(&front.datacenter);
    config.node_name.clone_from(&front.node.name);
    config.node_id.clone_from(&front.node.id);
    config.server = true;
    config.version = CONSUL_VERSION.into();
    if !front.strict {
        config.others = of_old(front);
    }
    itself.debug_config = debug_config(front);
    itself.coord =
        json!({"Vec": [0, 0, 0, 0, 0, 0, 0, 0], "Error": 1.5, "Adjustment": 0, "Height": 0.00001});
    itself.member = member(front, Pool::Lan);
    itself.stats = stats(front);
    itself.meta = Some([("consul-network-segment".into(), String::new())].into());
    if let Some(gossip) = front.pool.clone() {
        return Ok(Answer::later(in_pool(itself, gossip)));
    }
    Ok(Reply::object(&itself).into())
}

/// The same with what the pool knows of it.
async fn in_pool(mut itself: AgentSelf, gossip: Gossip) -> Reply {
    let members = gossip.members().await.unwrap_or_default();
    let own = members.iter().find(|member| member.name == gossip.name());
    if let Some(own) = own {
        itself.member = pool::shown(own);
    }
    if let Ok(Some(place)) = gossip.coordinate().await {
        itself.coord = json!({"Vec": place.vector.0, "Error": place.error,
            "Adjustment": place.adjustment, "Height": place.height});
    }
    Reply::object(&itself)
}

/// The configuration as agents before 1.0 showed it, which their clients look into.
fn of_old(front: &Front) -> Map<String, Value> {
    let fields = json!({
        "AdvertiseAddr": front.node.address,
        "BindAddr": front.node.address,
        "Bootstrap": true,
        "CAFile": "",
        "CertFile": "",
        "ClientAddr": front.node.address,
        "DNSRecursor": "",
        "DNSRecursors": [],
        "DataDir": data_dir(front),
        "Domain": "consul.",
        "EnableDebug": false,
        "EnableSyslog": false,
        "KeyFile": "",
        "LeaveOnTerm": false,
        "LogLevel": "INFO",
        "PidFile": "",
        "Ports": {
            "DNS": -1,
            "HTTP": http_port(front),
            "HTTPS": -1,
            "RPC": 8400,
            "SerfLan": GOSSIP_PORT,
            "SerfWan": GOSSIP_PORT_WAN,
            "Server": SERVER_PORT,
        },
        "Protocol": 2,
        "RejoinAfterLeave": false,
        // In nanoseconds: Patroni corrects its own TTL by it.
        "SessionTTLMin": u64::try_from(front.session_ttl_min.as_nanos()).unwrap_or(u64::MAX),
        "SkipLeaveOnInt": true,
        "StartJoin": [],
        "StatsiteAddr": "",
        "UiDir": "",
        "VerifyIncoming": false,
        "VerifyOutgoing": false,
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn debug_config(front: &Front) -> Value {
    // The file is ours, and a test reads it.
    let mut config: Value = serde_json::from_str(DEBUG_CONFIG).unwrap_or_default();
    let address = &front.node.address;
    let tcp = |port: u16| format!("tcp://{address}:{port}");
    let http = front.places.iter();
    let http: Vec<_> = http
        .map(|place| place.url().replace("http://", "tcp://"))
        .collect();
    let own = json!({
        "ACLDatacenter": front.datacenter,
        "AdvertiseAddrLAN": address,
        "AdvertiseAddrWAN": address,
        "BindAddr": address,
        "ClientAddrs": [address],
        "DataDir": data_dir(front),
        "Datacenter": front.datacenter,
        "DevMode": front.data_dir.is_none(),
        "HTTPAddrs": http,
        "HTTPPort": http_port(front),
        "KVMaxValueSize": kv::MAX_VALUE_BYTES,
        "NodeID": front.node.id,
        "NodeName": front.node.name,
        "PrimaryDatacenter": front.datacenter,
        "RPCAdvertiseAddr": tcp(SERVER_PORT),
        "RPCBindAddr": tcp(SERVER_PORT),
        "SerfAdvertiseAddrLAN": tcp(GOSSIP_PORT),
        "SerfAdvertiseAddrWAN": tcp(GOSSIP_PORT_WAN),
        "SerfBindAddrLAN": tcp(GOSSIP_PORT),
        "SerfBindAddrWAN": tcp(GOSSIP_PORT_WAN),
        "SerfPortLAN": GOSSIP_PORT,
        "SerfPortWAN": GOSSIP_PORT_WAN,
        "ServerPort": SERVER_PORT,
        "SessionTTLMin": format!("{}s", front.session_ttl_min.as_secs_f64()),
        "TaggedAddresses": {
            "lan": address, "lan_ipv4": address, "wan": address, "wan_ipv4": address,
        },
        "TxnMaxReqLen": txn::MAX_BODY_BYTES,
        "Version": CONSUL_VERSION,
    });
    if let (Value::Object(config), Value::Object(own)) = (&mut config, own) {
        config.extend(own);
        if let Some(Value::Object(acl)) = front.acl.as_ref().map(Resolver::settings) {
            config.extend(acl);
        }
    }
    config
}

fn data_dir(front: &Front) -> String {
    let path = front.data_dir.as_deref();
    path.map(|path| path.display().to_string())
        .unwrap_or_default()
}

/// The port of the first TCP listener; -1 without one, as in Consul.
fn http_port(front: &Front) -> i32 {
    let mut ports = front.places.iter().filter_map(|place| place.addr());
    ports.next().map_or(-1, |address| address.port().into())
}

/// The counters, which Consul shows as texts.
fn stats(front: &Front) -> BTreeMap<String, Section> {
    let index = front.snapshot().consul().indexes().last().to_string();
    let leader = server_address(front);
    let peers = format!("[{{Suffrage:Voter ID:{} Address:{leader}}}]", front.node.id);
    let acl = if front.acl.is_some() {
        "enabled"
    } else {
        "disabled"
    };
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let tasks = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    let (cpus, tasks) = (cpus.to_string(), tasks.to_string());
    let gossip = |member_time: &str| {
        let zeros = [
            "coordinate_resets",
            "event_queue",
            "failed",
            "health_score",
            "intent_queue",
            "left",
            "query_queue",
        ];
        let mut section: Section = zeros.map(|name| (name.into(), "0".into())).into();
        section.extend(texts(&[
            ("encrypted", "false"),
            ("event_time", "1"),
            ("member_time", member_time),
            ("members", "1"),
            ("query_time", "1"),
        ]));
        section
    };
    [
        ("agent", agent_section(front)),
        (
            "build",
            texts(&[
                ("prerelease", ""),
                ("revision", ""),
                ("version", CONSUL_VERSION),
            ]),
        ),
        (
            "consul",
            texts(&[
                ("acl", acl),
                ("bootstrap", "true"),
                ("known_datacenters", "1"),
                ("leader", "true"),
                ("leader_addr", &leader),
                ("server", "true"),
            ]),
        ),
        ("raft", raft_section(&index, &peers)),
        (
            "runtime",
            texts(&[
                ("arch", go_arch()),
                ("cpu_count", &cpus),
                ("goroutines", &tasks),
                ("max_procs", &cpus),
                ("os", std::env::consts::OS),
                ("version", concat!("quorate ", env!("CARGO_PKG_VERSION"))),
            ]),
        ),
        ("serf_lan", gossip("2")),
        ("serf_wan", gossip("2")),
    ]
    .map(|(name, section)| (name.to_owned(), section))
    .into()
}

/// What is registered at the agent.
fn agent_section(front: &Front) -> Section {
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let checks: Vec<_> = state.local_checks().collect();
    let ttls = checks.iter().filter(|check| check.ttl().is_some()).count();
    let scripts = checks.iter().filter(|check| check.is_script()).count();
    let count = |name: &str, count: usize| (name.to_owned(), count.to_string());
    [
        count("check_monitors", scripts),
        count("check_ttls", ttls),
        count("checks", checks.len()),
        count("services", state.local_services().count()),
    ]
    .into()
}

fn raft_section(index: &str, peers: &str) -> Section {
    texts(&[
        ("applied_index", index),
        ("commit_index", index),
        ("fsm_pending", "0"),
        ("last_contact", "0"),
        ("last_log_index", index),
        ("last_log_term", "2"),
        ("last_snapshot_index", "0"),
        ("last_snapshot_term", "0"),
        ("latest_configuration", peers),
        ("latest_configuration_index", "0"),
        ("num_peers", "0"),
        ("protocol_version", "3"),
        ("protocol_version_max", "3"),
        ("protocol_version_min", "0"),
        ("snapshot_version_max", "1"),
        ("snapshot_version_min", "0"),
        ("state", "Leader"),
        ("term", "2"),
    ])
}

/// The processor as Go calls it.
fn go_arch() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        other => other,
    }
}

fn texts(pairs: &[(&str, &str)]) -> Section {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_on_file_is_an_object() {
        let config: Value = serde_json::from_str(DEBUG_CONFIG).unwrap();
        assert!(config.as_object().is_some_and(|fields| fields.len() > 150));
    }
}
