//! `quorate etcd endpoint`.

use clap::{Args, Subcommand};

/// How each server is.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd endpoint status --cluster
  quorate etcd --endpoints 10.0.1.10:2379,10.0.1.11:2379 endpoint health
")]
pub(crate) struct EndpointArgs {
    /// All members of the cluster, not only the servers that were named
    #[arg(long, global = true)]
    pub(crate) cluster: bool,
    #[command(subcommand)]
    pub(crate) verb: EndpointVerb,
}

/// The verbs of `quorate etcd endpoint`.
#[derive(Clone, Copy, Debug, Subcommand)]
pub(crate) enum EndpointVerb {
    /// Whether each server works; fails if one does not
    #[command(after_help = "Examples:\n  quorate etcd endpoint health --cluster\n")]
    Health,
    /// What each server says of itself
    #[command(after_help = "Examples:\n  quorate etcd -w table endpoint status\n")]
    Status,
    /// What the keys of each server amount to: the same on all members
    #[command(after_help = "Examples:\n  quorate etcd endpoint hashkv --cluster --rev 100\n")]
    Hashkv(HashArgs),
}

/// `quorate etcd endpoint hashkv`.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct HashArgs {
    /// Up to this revision [default: up to now]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) rev: i64,
}
