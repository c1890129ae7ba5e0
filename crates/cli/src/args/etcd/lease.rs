//! `quorate etcd lease`.

use clap::{Args, Subcommand};
use quorate_etcd::v3::LeaseId;

use super::value::lease;

/// Times to live that keys share.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd lease grant 60
  quorate etcd lease keep-alive 694d77aa9e38260f
")]
pub(crate) struct LeaseArgs {
    #[command(subcommand)]
    pub(crate) verb: LeaseVerb,
}

/// The verbs of `quorate etcd lease`.
#[derive(Debug, Subcommand)]
pub(crate) enum LeaseVerb {
    /// Make a lease; its keys are deleted when it ends
    #[command(after_help = "Examples:\n  quorate etcd lease grant 60\n")]
    Grant(GrantArgs),
    /// End a lease: its keys are deleted
    #[command(after_help = "Examples:\n  quorate etcd lease revoke 694d77aa9e38260f\n")]
    Revoke(IdArgs),
    /// How long a lease lives still
    #[command(after_help = "Examples:\n  quorate etcd lease timetolive --keys 694d77aa9e38260f\n")]
    Timetolive(TimeToLiveArgs),
    /// All leases
    #[command(after_help = "Examples:\n  quorate etcd lease list\n")]
    List,
    /// Renew a lease, until a signal or once
    #[command(after_help = "Examples:\n  quorate etcd lease keep-alive --once 694d77aa9e38260f\n")]
    KeepAlive(KeepAliveArgs),
}

/// `quorate etcd lease grant`.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// How long it lives without being renewed, in seconds
    #[arg(allow_negative_numbers = true)]
    pub(crate) ttl: i64,
}

/// A lease.
#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The lease
    #[arg(value_parser = lease)]
    pub(crate) id: LeaseId,
}

/// `quorate etcd lease timetolive`.
#[derive(Debug, Args)]
pub(crate) struct TimeToLiveArgs {
    /// The lease
    #[arg(value_parser = lease)]
    pub(crate) id: LeaseId,
    /// Its keys, too
    #[arg(long)]
    pub(crate) keys: bool,
}

/// `quorate etcd lease keep-alive`.
#[derive(Debug, Args)]
pub(crate) struct KeepAliveArgs {
    /// The lease
    #[arg(value_parser = lease)]
    pub(crate) id: LeaseId,
    /// Renew it once
    #[arg(long)]
    pub(crate) once: bool,
}
