//! `quorate consul`: Consul's own surface, a group a noun, in the words of the `consul` command.

pub(crate) mod agent;
pub(crate) mod event;
pub(crate) mod operator;
pub(crate) mod options;
pub(crate) mod session;
pub(crate) mod status;

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
    /// The agent that is asked, as it sees itself
    Agent(agent::AgentViewArgs),
    /// Short messages to every agent
    Event(event::EventArgs),
    /// Have the pool count a node as gone
    ForceLeave(agent::ForceLeaveArgs),
    /// Join the agent to the pool of others
    Join(agent::JoinArgs),
    /// The keys that gossip is encrypted with
    Keyring(operator::KeyringArgs),
    /// Have the agent leave its pool and end
    Leave(agent::LeaveArgs),
    /// Put the node or a service into maintenance, or take it out
    Maint(agent::MaintArgs),
    /// The members of the pool
    Members(agent::MembersArgs),
    /// The agent's log as it is written
    Monitor(agent::MonitorArgs),
    /// The servers as a cluster: Raft and autopilot
    Operator(operator::OperatorArgs),
    /// Have the agent read its configuration again
    Reload(agent::ReloadArgs),
    /// Create, renew, list and end sessions
    Session(session::SessionArgs),
    /// Who leads, and who takes part
    Status(status::StatusArgs),
}
