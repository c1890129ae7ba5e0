//! `quorate etcd snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The database of a server as a file.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd snapshot save backup.db\n")]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    pub(crate) verb: SnapshotVerb,
}

/// The verbs of `quorate etcd snapshot`.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotVerb {
    /// Save the database of one server; the file is there as a whole or not at all
    #[command(after_help = "Examples:\n  quorate etcd snapshot save backup.db\n")]
    Save(FileArgs),
    /// What such a file holds
    #[command(after_help = "Examples:\n  quorate etcd -w table snapshot status backup.db\n")]
    Status(FileArgs),
    /// Not here: says what does it
    #[command(after_help = "Examples:\n  quorate etcd snapshot restore backup.db\n")]
    Restore(RestoreArgs),
}

/// A file.
#[derive(Debug, Args)]
pub(crate) struct FileArgs {
    /// The file
    pub(crate) file: PathBuf,
}

/// `quorate etcd snapshot restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The file and all options of etcdutl
    #[arg(
        trailing_var_arg = true,
        allow_hyphen_values = true,
        value_name = "ARGS"
    )]
    pub(crate) words: Vec<std::ffi::OsString>,
}
