//! `quorate etcd2 version`.

use clap::Args;

/// `quorate etcd2 version`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 version\n")]
pub(crate) struct VersionArgs {}
