//! `quorate consul snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::WriteArgs;

/// Snapshots: the servers' whole state in one file.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul snapshot save backup.snap
  quorate consul snapshot inspect backup.snap
  quorate consul snapshot restore backup.snap
")]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    pub(crate) verb: SnapshotVerb,
}

/// The verbs of `quorate consul snapshot`.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotVerb {
    /// Save the state into a file, which is replaced only by a whole snapshot
    #[command(after_help = "Examples:\n  quorate consul snapshot save backup.snap\n")]
    Save(SaveArgs),
    /// Put the state of a file in the place of all that there is
    #[command(after_help = "Examples:\n  quorate consul snapshot restore backup.snap\n")]
    Restore(RestoreArgs),
    /// What is in a file; no server is needed
    #[command(after_help = "Examples:\n  quorate consul snapshot inspect backup.snap\n")]
    Inspect(InspectArgs),
}

/// `quorate consul snapshot save`.
#[derive(Debug, Args)]
pub(crate) struct SaveArgs {
    /// The file
    pub(crate) file: PathBuf,
    /// Save this datacenter instead of the server's own
    #[arg(long, alias = "datacenter", value_name = "NAME")]
    pub(crate) dc: Option<String>,
    /// Any server may save, also while there is no leader
    #[arg(long)]
    pub(crate) stale: bool,
}

/// `quorate consul snapshot restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul snapshot inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file
    pub(crate) file: PathBuf,
}
