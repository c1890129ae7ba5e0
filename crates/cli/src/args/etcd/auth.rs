//! `quorate etcd auth`.

use clap::{Args, Subcommand};

/// Whether users and roles count.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd auth status
  quorate etcd auth enable
")]
pub(crate) struct AuthArgs {
    #[command(subcommand)]
    pub(crate) verb: AuthVerb,
}

/// The verbs of `quorate etcd auth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub(crate) enum AuthVerb {
    /// From now on they count; there has to be a user root
    #[command(after_help = "Examples:\n  quorate etcd auth enable\n")]
    Enable,
    /// From now on everybody may do everything
    #[command(after_help = "Examples:\n  quorate etcd --user root auth disable\n")]
    Disable,
    /// Say whether they count
    #[command(after_help = "Examples:\n  quorate etcd auth status\n")]
    Status,
}
