//! `quorate serf`: Serf's RPC, in the words of `serf` 0.10.

pub(crate) mod agent;
pub(crate) mod connection;
pub(crate) mod coordinate;
pub(crate) mod event;
pub(crate) mod format;
pub(crate) mod key;
pub(crate) mod member;
pub(crate) mod monitor;
pub(crate) mod query;
pub(crate) mod stats;

use clap::{Args, Subcommand};

use super::flag;
use super::version::VersionArgs;

const EXAMPLES: &str = "\
Examples:
  quorate serf members --status alive --tag role=web
  quorate serf event deploy v17
  quorate serf query uptime
  quorate --at serf://10.0.0.1:7373 serf join 10.0.0.2
  quorate serf --rpc-addr 10.0.0.1:7373 monitor --log-level debug
";

const WHERE: &str = "\
Where: --rpc-addr; else --at or $QUORATE_URL, if they say serf://…; else $SERF_RPC_ADDR; else
127.0.0.1:7373. The token: the URL's ?AuthKey=…, --rpc-auth, --token-file or $SERF_RPC_AUTH. An
agent: serf agent, or quorate agent --serf-rpc 127.0.0.1:7373.

To a pipe, and with --format, what is printed is what serf 0.10 prints; a terminal gets tables, and
-o json gives programs more. Exit codes are those of every quorate command: 3 where there is no such
member, 6 where no agent can be reached (serf: 1).
";

/// The RPC of Serf, in the words of the serf command.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{WHERE}\n{EXAMPLES}"),
    mut_args(flag::as_in_go),
    mut_subcommands(flag::everywhere)
)]
pub(crate) struct SerfArgs {
    #[command(flatten)]
    pub(crate) connection: connection::ConnectionArgs,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

impl SerfArgs {
    /// Whether it serves clients, rather than being one.
    pub(crate) fn is_agent(&self) -> bool {
        matches!(self.verb, Verb::Agent(_))
    }
}

/// The verbs of `quorate serf`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Be a member of a cluster, and serve clients of Serf
    Agent(Box<agent::AgentArgs>),
    /// List the members that the agent knows
    Members(member::MembersArgs),
    /// Send an event to all members
    Event(event::EventArgs),
    /// Ask all members a question, and print what they answer
    Query(query::QueryArgs),
    /// Print the log of the agent and what happens in the cluster, until interrupted
    Monitor(monitor::MonitorArgs),
    /// Make the agent join others
    Join(member::JoinArgs),
    /// Make the agent leave the cluster and end
    Leave(member::LeaveArgs),
    /// Make a failed member one that has left
    ForceLeave(member::ForceLeaveArgs),
    /// The keys with which the cluster encrypts
    Keys(key::KeysArgs),
    /// Change the tags of the agent
    Tags(member::TagsArgs),
    /// How the agent is
    Info(stats::InfoArgs),
    /// How long a round trip between two members takes
    Rtt(coordinate::RttArgs),
    /// Whether all members that are alive can be reached
    Reachability(query::ReachabilityArgs),
    /// Make a key for a cluster
    Keygen(key::KeygenArgs),
    /// Print the version, and the versions of the protocol that it speaks
    #[command(after_help = "Examples:\n  quorate serf version\n")]
    Version(VersionArgs),
}
