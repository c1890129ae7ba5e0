//! `quorate consul`: Consul's own surface, a group a noun, in the words of the `consul` command.

pub(crate) mod acl;
pub(crate) mod agent;
pub(crate) mod catalog;
pub(crate) mod check;
pub(crate) mod config;
pub(crate) mod connect;
pub(crate) mod coordinate;
pub(crate) mod event;
pub(crate) mod health;
pub(crate) mod intention;
pub(crate) mod kv;
pub(crate) mod login;
pub(crate) mod operator;
pub(crate) mod options;
pub(crate) mod query;
pub(crate) mod raw;
pub(crate) mod services;
pub(crate) mod session;
pub(crate) mod snapshot;
pub(crate) mod status;
pub(crate) mod txn;
pub(crate) mod watch;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  quorate consul status leader
  quorate --at consul://127.0.0.1:8500 consul session list
  quorate --output json consul status peers
";

/// Consul's own endpoints, on consul:// and embedded:.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConsulArgs {
    #[command(subcommand)]
    pub(crate) group: Group,
}

/// The groups of `quorate consul`.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Who may do what: tokens, policies, roles, auth methods, binding rules
    Acl(acl::AclArgs),
    /// The agent that is asked, as it sees itself
    Agent(agent::AgentViewArgs),
    /// Which nodes and services there are
    Catalog(catalog::CatalogArgs),
    /// The checks of the agent
    Check(check::ChecksArgs),
    /// How services speak, and where their requests go
    Config(config::ConfigArgs),
    /// The mesh: its authorities and its certificates
    Connect(connect::ConnectArgs),
    /// Where nodes are in the network
    Coordinate(coordinate::CoordinateArgs),
    /// Where requests for a service end up
    DiscoveryChain(connect::DiscoveryChainArgs),
    /// Short messages to every agent
    Event(event::EventArgs),
    /// Have the pool count a node as gone
    ForceLeave(agent::ForceLeaveArgs),
    /// Who is well: checks, and instances with their checks
    Health(health::HealthArgs),
    /// Which services may connect to which others
    Intention(intention::IntentionArgs),
    /// Join the agent to the pool of others
    Join(agent::JoinArgs),
    /// The keys that gossip is encrypted with
    Keyring(operator::KeyringArgs),
    /// Keys and values, with all that Consul knows of them
    Kv(kv::KvArgs),
    /// Have the agent leave its pool and end
    Leave(agent::LeaveArgs),
    /// Log in by an auth method: a token for a proof of who one is
    Login(login::LoginArgs),
    /// End the token that a login made
    Logout(login::LogoutArgs),
    /// Put the node or a service into maintenance, or take it out
    Maint(agent::MaintArgs),
    /// The members of the pool
    Members(agent::MembersArgs),
    /// The agent's log as it is written
    Monitor(agent::MonitorArgs),
    /// The servers as a cluster: Raft and autopilot
    Operator(operator::OperatorArgs),
    /// Searches for a service, stored and run by name
    Query(Box<query::QueryArgs>),
    /// Any request to any path
    Raw(raw::RawArgs),
    /// Have the agent read its configuration again
    Reload(agent::ReloadArgs),
    /// The round trip time between two nodes, as their coordinates say
    Rtt(coordinate::RttArgs),
    /// The services of the agent
    Services(services::ServicesArgs),
    /// Create, renew, list and end sessions
    Session(session::SessionArgs),
    /// Save the whole state, and restore it
    Snapshot(snapshot::SnapshotArgs),
    /// Who leads, and who takes part
    Status(status::StatusArgs),
    /// Operations that happen together or not at all
    Txn(txn::TxnArgs),
    /// Follow something, and run a command at each change
    Watch(watch::WatchArgs),
}
