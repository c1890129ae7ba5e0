//! `quorate etcd alarm`.

use clap::{Args, Subcommand};

/// What keeps the cluster from taking writes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd alarm list
  quorate etcd alarm disarm
")]
pub(crate) struct AlarmArgs {
    #[command(subcommand)]
    pub(crate) verb: AlarmVerb,
}

/// The verbs of `quorate etcd alarm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum AlarmVerb {
    /// The alarms that are raised
    #[command(after_help = "Examples:\n  quorate etcd alarm list\n")]
    List,
    /// Disarm all alarms, after their cause was removed
    #[command(after_help = "Examples:\n  quorate etcd alarm disarm\n")]
    Disarm,
}
