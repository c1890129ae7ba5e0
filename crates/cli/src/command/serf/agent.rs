//! `quorate serf agent`: the options of `serf agent` as those of `quorate agent`.

use std::net::{Ipv4Addr, SocketAddr};

use quorate_agent::LogLevel;

use super::configuration;
use super::connection::DEFAULT;
use crate::args::agent::AgentArgs;
use crate::args::agent::serf::{SerfArgs as Membership, Typed as Again};
use crate::args::serf::agent::{AgentArgs as Typed, RefusedArgs};
use crate::args::serf::connection::ConnectionArgs;
use crate::config::Config;
use crate::failure::Failure;

/// Where it listens if nobody says.
const BIND: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 7946);
/// What is not there, by option and by key, and what to do instead.
pub(super) const REFUSED: [(&str, &str); 10] = [
    ("discover", MULTICAST),
    ("mdns", MULTICAST),
    ("iface", INTERFACE),
    ("interface", INTERFACE),
    ("enable_syslog", SYSLOG),
    ("syslog_facility", SYSLOG),
    ("statsite_addr", METRICS),
    ("statsd_addr", METRICS),
    ("msgpack_use_new_time_format", "no time is sent"),
    ("disable_name_resolution", CONFLICTS),
];
const MULTICAST: &str = "members are not looked for by multicast: name some with --retry-join";
const INTERFACE: &str = "it listens at addresses, not at interfaces: --bind ADDR";
const SYSLOG: &str = "the log is on standard error: quorate serf agent … 2>&1 | logger -t serf";
const METRICS: &str = "no metrics are sent: quorate serf info -o json has them";
const CONFLICTS: &str = "when two have one name, the members always say who keeps it";
const PROTOCOL: &str = "it speaks version 5 of the protocol, which members since 2 understand";

/// What `quorate agent` is told.
pub(crate) fn of(
    config: &Config,
    mut connection: ConnectionArgs,
    mut typed: Typed,
) -> Result<AgentArgs, Failure> {
    let again = Again {
        connection: connection.clone(),
        agent: typed.clone(),
    };
    configuration::add(&mut typed, &mut connection)?;
    check(config, &connection, &typed)?;
    let role = typed.role.map(|role| ("role".to_owned(), role));
    typed.member.tags.extend(role);
    let address = connection.rpc_addr.unwrap_or_else(|| DEFAULT.to_owned());
    Ok(AgentArgs {
        memory: typed.data.is_none(),
        data: typed.data,
        node: typed.node,
        consul_http: Vec::new(),
        consul_compat: None,
        etcd: Vec::new(),
        etcd_strict: false,
        etcd_min_lease_ttl: None,
        serf: Membership {
            serf_rpc: vec![address],
            rpc_auth: connection.rpc_auth,
            rpc_auth_file: config.token_file.clone(),
            gossip: Some(typed.bind.unwrap_or(BIND)),
            join: [typed.retry_join, typed.join.clone()].concat(),
            join_at_once: typed.join,
            member: typed.member,
            encrypt_file: None,
            event_handlers: typed.event_handler,
            consul_client: false,
            typed: Some(Box::new(again)),
            goodbye: typed.goodbye,
        },
        script_checks: false,
        acl_default_policy: None,
        acl_management_token_file: None,
        idle_timeout: None,
        log_level: Some(typed.log_level.unwrap_or(LogLevel::Info)),
        allow_remote: typed.allow_remote,
    })
}

/// What can't be together, and what is not there.
fn check(config: &Config, connection: &ConnectionArgs, typed: &Typed) -> Result<(), Failure> {
    let Typed { member, role, .. } = typed;
    let RefusedArgs {
        discover,
        iface,
        syslog,
        protocol,
    } = &typed.refused;
    let tags = role.is_some() || !member.tags.is_empty();
    let kept = typed.data.is_some() || member.snapshot.is_some();
    let refusals = [
        (
            connection.rpc_auth.is_some() && config.token_file.is_some(),
            "the token stands in two places: --token-file, and --rpc-auth or a configuration file",
        ),
        (
            tags && member.tags_file.is_some(),
            "tags are in --tags-file, or given one by one: not both",
        ),
        (
            member.rejoin && !kept,
            "--rejoin needs --snapshot or --data, where members are remembered",
        ),
        (discover.is_some(), MULTICAST),
        (iface.is_some(), INTERFACE),
        (*syslog, SYSLOG),
        (protocol.is_some_and(|version| version != 5), PROTOCOL),
    ];
    match refusals.iter().find(|(wrong, _)| *wrong) {
        Some((_, why)) => Err(Failure::usage(why).with_next("quorate serf agent --help")),
        None => Ok(()),
    }
}
