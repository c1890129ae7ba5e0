//! `quorate etcd2 get`, `set`, `mk`, `update`, `refresh` and `rm`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::value::{positive_ttl, ttl};
use crate::args::value;

/// `quorate etcd2 get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 get /message
  quorate etcd2 get --quorum /message
  quorate -o json etcd2 get /message
")]
pub(crate) struct GetArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// How keys are read.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ReadArgs {
    /// In the order of the keys
    #[arg(long)]
    pub(crate) sort: bool,
    /// What a majority of the members agrees on, not what one of them knows
    #[arg(long, short)]
    pub(crate) quorum: bool,
}

/// What is written, and for how long.
#[derive(Debug, Args)]
pub(crate) struct ValueArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// The value; without one, standard input is. One that begins with - needs -- before the key
    pub(crate) value: Option<OsString>,
    /// It is gone after this long: seconds, or such as 1m30s. Without it, it stays for ever
    #[arg(long, value_name = "TTL", value_parser = ttl)]
    pub(crate) ttl: Option<Duration>,
}

/// `quorate etcd2 set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 set /message 'Hello world'
  quorate etcd2 set --ttl 60 /alive yes
  quorate etcd2 set --swap-with-value old /message new
  quorate etcd2 set --swap-with-index 7 /message new
  quorate etcd2 set /message < message.txt
")]
pub(crate) struct SetArgs {
    #[command(flatten)]
    pub(crate) what: ValueArgs,
    /// Only if this is the value now
    #[arg(long, value_name = "VALUE")]
    pub(crate) swap_with_value: Option<String>,
    /// Only if this is the index of the last change
    #[arg(long, value_name = "N")]
    pub(crate) swap_with_index: Option<u64>,
}

/// `quorate etcd2 mk`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 mk /job/owner me
  quorate etcd2 mk --in-order /queue task-1
")]
pub(crate) struct MkArgs {
    #[command(flatten)]
    pub(crate) what: ValueArgs,
    /// Make a key in this directory whose name comes after all others
    #[arg(long)]
    pub(crate) in_order: bool,
}

/// `quorate etcd2 update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 update /message 'Hello again'
  quorate etcd2 update --ttl 60 /alive yes
")]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    pub(crate) what: ValueArgs,
}

/// `quorate etcd2 refresh`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 refresh --ttl 60 /alive\n")]
pub(crate) struct RefreshArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// It is gone after this long: seconds, or such as 1m30s
    #[arg(long, value_name = "TTL", value_parser = positive_ttl)]
    pub(crate) ttl: Duration,
}

/// `quorate etcd2 rm`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 rm /message
  quorate etcd2 rm --recursive /config
  quorate etcd2 rm --with-value old /message
")]
pub(crate) struct RmArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// A directory too, if nothing is in it
    #[arg(long)]
    pub(crate) dir: bool,
    /// A directory with everything in it
    #[arg(long, short)]
    pub(crate) recursive: bool,
    /// Only if this is the value now
    #[arg(long, value_name = "VALUE", conflicts_with_all = ["dir", "recursive"])]
    pub(crate) with_value: Option<String>,
    /// Only if this is the index of the last change
    #[arg(long, value_name = "N", conflicts_with_all = ["dir", "recursive"])]
    pub(crate) with_index: Option<u64>,
}
