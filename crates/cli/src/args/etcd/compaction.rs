//! `quorate etcd compaction`.

use clap::Args;

/// `quorate etcd compaction`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd compaction 1000
  quorate etcd compaction --physical 1000
")]
pub(crate) struct CompactionArgs {
    /// What was before this revision is forgotten
    pub(crate) revision: i64,
    /// Wait until it is gone from the database, too
    #[arg(long)]
    pub(crate) physical: bool,
}
