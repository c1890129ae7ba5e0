//! `quorate consul operator` and `keyring`.

use std::time::Duration;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// The servers as a cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul operator raft list-peers
  quorate consul operator autopilot get-config
")]
pub(crate) struct OperatorArgs {
    #[command(subcommand)]
    pub(crate) part: OperatorPart,
}

/// The parts of `quorate consul operator`.
#[derive(Debug, Subcommand)]
pub(crate) enum OperatorPart {
    /// Which servers agree
    Raft(RaftArgs),
    /// What cares for the servers
    Autopilot(AutopilotArgs),
}

/// `quorate consul operator raft`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul operator raft list-peers\n")]
pub(crate) struct RaftArgs {
    #[command(subcommand)]
    pub(crate) verb: RaftVerb,
}

/// The verbs of `quorate consul operator raft`.
#[derive(Debug, Subcommand)]
pub(crate) enum RaftVerb {
    /// The servers that agree, and which of them leads
    #[command(after_help = "Examples:\n  quorate consul operator raft list-peers\n")]
    ListPeers(ReadArgs),
    /// Remove a server that is gone for good
    #[command(
        after_help = "Examples:\n  quorate consul operator raft remove-peer --address 10.0.0.3:8300\n"
    )]
    RemovePeer(RemovePeerArgs),
}

/// `quorate consul operator raft remove-peer`.
#[derive(Debug, Args)]
pub(crate) struct RemovePeerArgs {
    /// Its address
    #[arg(
        long,
        value_name = "HOST:PORT",
        required_unless_present = "id",
        conflicts_with = "id"
    )]
    pub(crate) address: Option<String>,
    /// Its id
    #[arg(long, value_name = "UUID")]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul operator autopilot`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul operator autopilot get-config\n")]
pub(crate) struct AutopilotArgs {
    #[command(subcommand)]
    pub(crate) verb: AutopilotVerb,
}

/// The verbs of `quorate consul operator autopilot`.
#[derive(Debug, Subcommand)]
pub(crate) enum AutopilotVerb {
    /// Its settings
    #[command(after_help = "Examples:\n  quorate consul operator autopilot get-config\n")]
    GetConfig(ReadArgs),
    /// Change settings; those that are not named stay
    #[command(
        after_help = "Examples:\n  quorate consul operator autopilot set-config --cleanup-dead-servers false\n"
    )]
    SetConfig(SetConfigArgs),
    /// How the servers are; fails with code 1 unless they are well
    #[command(after_help = "Examples:\n  quorate consul operator autopilot health\n")]
    Health(ReadArgs),
}

/// `quorate consul operator autopilot set-config`.
#[derive(Debug, Args)]
pub(crate) struct SetConfigArgs {
    /// Remove servers that died when new ones come
    #[arg(long, value_name = "BOOL")]
    pub(crate) cleanup_dead_servers: Option<bool>,
    /// A server that did not hear from the leader for this long is unwell
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) last_contact_threshold: Option<Duration>,
    /// A server that is this many entries behind is unwell
    #[arg(long, value_name = "N")]
    pub(crate) max_trailing_logs: Option<u64>,
    /// The fewest servers that are left when dead ones are removed
    #[arg(long, value_name = "N")]
    pub(crate) min_quorum: Option<u64>,
    /// How long a new server has to be well before it votes
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) server_stabilization_time: Option<Duration>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul keyring`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul keyring list\n")]
pub(crate) struct KeyringArgs {
    #[command(subcommand)]
    pub(crate) verb: KeyringVerb,
}

/// The verbs of `quorate consul keyring`. Keys are read from standard input, so that they stand in
/// no list of processes.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringVerb {
    /// How many nodes have which key
    #[command(after_help = "Examples:\n  quorate consul keyring list\n")]
    List,
    /// Give all members a key, read from standard input
    #[command(after_help = "Examples:\n  quorate consul keyring install < key\n")]
    Install,
    /// Encrypt with the key that is read from standard input
    #[command(after_help = "Examples:\n  quorate consul keyring use < key\n")]
    Use,
    /// Forget the key that is read from standard input
    #[command(after_help = "Examples:\n  quorate consul keyring remove < key\n")]
    Remove,
}
