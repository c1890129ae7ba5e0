//! `quorate etcd version`.

use clap::Args;

/// `quorate etcd version`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd version\n")]
pub(crate) struct VersionArgs {}
