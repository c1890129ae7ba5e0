//! `quorate etcd defrag`.

use std::path::PathBuf;

use clap::Args;

/// `quorate etcd defrag`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd defrag --cluster\n")]
pub(crate) struct DefragArgs {
    /// All members of the cluster, not only the servers that were named
    #[arg(long)]
    pub(crate) cluster: bool,
    /// Not here: says what does it
    #[arg(long, value_name = "PATH")]
    pub(crate) data_dir: Option<PathBuf>,
}
