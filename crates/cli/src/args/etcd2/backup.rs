//! `quorate etcd2 backup`, which there is not.

use std::ffi::OsString;

use clap::Args;

/// `quorate etcd2 backup`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 backup

A backup is made of the files of an etcd, by `etcdctl backup` on its machine. Keys can be saved with
-o json etcd2 ls --recursive, and everything that an agent has with quorate snapshot save.
")]
pub(crate) struct BackupArgs {
    /// The options of etcdctl
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(crate) words: Vec<OsString>,
}
