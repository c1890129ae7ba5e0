//! `quorate etcd2 ls`, `mkdir`, `setdir`, `updatedir` and `rmdir`.

use std::time::Duration;

use clap::Args;

use super::key::ReadArgs;
use super::value::ttl;
use crate::args::value;

/// `quorate etcd2 ls`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 ls
  quorate etcd2 ls --recursive --sort -p /config
")]
pub(crate) struct LsArgs {
    /// The directory
    #[arg(default_value = "/")]
    pub(crate) key: String,
    /// Everything below it, too
    #[arg(long, short)]
    pub(crate) recursive: bool,
    /// Put a slash behind the names of directories
    #[arg(short = 'p')]
    pub(crate) slash: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// A directory, and for how long.
#[derive(Debug, Args)]
pub(crate) struct DirectoryArgs {
    /// The directory
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// It is gone after this long, with everything in it: seconds, or such as 1m30s. Without it, it
    /// stays for ever
    #[arg(long, value_name = "TTL", value_parser = ttl)]
    pub(crate) ttl: Option<Duration>,
}

/// `quorate etcd2 mkdir`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  quorate etcd2 mkdir /config\n  quorate etcd2 mkdir --ttl 60 /sessions/a\n"
)]
pub(crate) struct MkdirArgs {
    #[command(flatten)]
    pub(crate) what: DirectoryArgs,
}

/// `quorate etcd2 setdir`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 setdir --ttl 60 /sessions/a\n")]
pub(crate) struct SetdirArgs {
    #[command(flatten)]
    pub(crate) what: DirectoryArgs,
}

/// `quorate etcd2 updatedir`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 updatedir --ttl 60 /sessions/a\n")]
pub(crate) struct UpdatedirArgs {
    #[command(flatten)]
    pub(crate) what: DirectoryArgs,
}

/// `quorate etcd2 rmdir`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 rmdir /config\n")]
pub(crate) struct RmdirArgs {
    /// The directory
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
}
