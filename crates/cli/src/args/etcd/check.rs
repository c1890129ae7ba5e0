//! `quorate etcd check`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::value;

/// Whether the cluster is fast enough.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd check perf --load s\n")]
pub(crate) struct CheckArgs {
    #[command(subcommand)]
    pub(crate) verb: CheckVerb,
}

/// The verbs of `quorate etcd check`.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckVerb {
    /// Write for 60 s as many clients do, and say whether that is fast enough
    #[command(after_help = "\
Examples:
  quorate etcd check perf --load m
  quorate etcd check perf --prefix /check-perf/ --auto-compact
")]
    Perf(PerfArgs),
}

/// `quorate etcd check perf`.
#[derive(Debug, Args)]
pub(crate) struct PerfArgs {
    /// How much is written: 150, 1000, 8000 or 15000 keys a second of 50, 200, 500 or 1000 clients
    #[arg(long, value_enum, default_value = "s", value_name = "LOAD")]
    pub(crate) load: Load,
    /// Where the keys are written; they are deleted at the end
    #[arg(long, value_name = "PREFIX", default_value = "/etcdctl-check-perf/")]
    pub(crate) prefix: String,
    /// For how long; etcdctl has no such option
    #[arg(long, value_name = "D", default_value = "60s", value_parser = value::positive_duration)]
    pub(crate) duration: Duration,
    /// Compact the history at the end
    #[arg(long)]
    pub(crate) auto_compact: bool,
    /// Defragment the servers that were named at the end
    #[arg(long)]
    pub(crate) auto_defrag: bool,
}

/// How much is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Load {
    /// 150 keys a second
    #[value(name = "s", alias = "small")]
    Small,
    /// 1,000 keys a second
    #[value(name = "m", alias = "medium")]
    Medium,
    /// 8,000 keys a second
    #[value(name = "l", alias = "large")]
    Large,
    /// 15,000 keys a second
    #[value(name = "xl", alias = "xLarge")]
    ExtraLarge,
}
