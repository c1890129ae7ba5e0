//! `quorate etcd2 machines`.

use clap::Args;

/// `quorate etcd2 machines`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 machines\n")]
pub(crate) struct MachinesArgs {}
