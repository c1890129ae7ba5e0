//! `quorate etcd2 stats`.

use clap::{Args, Subcommand};

/// What servers count.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 stats self
  quorate -o json etcd2 stats store
")]
pub(crate) struct StatsArgs {
    #[command(subcommand)]
    pub(crate) verb: StatsVerb,
}

/// The verbs of `quorate etcd2 stats`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum StatsVerb {
    /// What the server that answers says of itself
    #[command(name = "self", after_help = "Examples:\n  quorate etcd2 stats self\n")]
    This,
    /// What the leader says of its followers
    #[command(after_help = "Examples:\n  quorate etcd2 stats leader\n")]
    Leader,
    /// How often keys were read, written and deleted on the server that answers
    #[command(after_help = "Examples:\n  quorate etcd2 stats store\n")]
    Store,
}
