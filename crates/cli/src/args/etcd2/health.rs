//! `quorate etcd2 cluster-health` and `health`.

use clap::Args;

/// `quorate etcd2 cluster-health`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 cluster-health
  quorate etcd2 cluster-health --forever
")]
pub(crate) struct ClusterHealthArgs {
    /// Ask again every 10 seconds
    #[arg(long, short)]
    pub(crate) forever: bool,
}

/// `quorate etcd2 health`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 health\n")]
pub(crate) struct HealthArgs {}
