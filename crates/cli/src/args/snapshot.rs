//! `quorate snapshot`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Save everything into a file, and restore it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate snapshot save backup.snap
  quorate snapshot inspect backup.snap
  quorate snapshot restore backup.snap
")]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    pub(crate) command: SnapshotCommand,
}

/// The verbs of `quorate snapshot`.
#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Save everything: keys, sessions, services, access rules and the rest
    #[command(after_help = "\
Examples:
  quorate snapshot save backup.snap
  quorate snapshot save - | ssh vault 'cat > backup.snap'

The file is a secret: it holds all keys and all tokens. It is replaced only when all of it is there,
verified and durable.
")]
    Save(SaveArgs),
    /// Put what a snapshot holds in the place of everything
    #[command(after_help = "\
Examples:
  quorate snapshot restore backup.snap
  quorate snapshot restore --yes - < backup.snap

A file is verified before anything is sent. A real Consul restores only what a real Consul has saved,
and an embedded agent only what an embedded agent has saved.
")]
    Restore(RestoreArgs),
    /// Verify a snapshot and say what it holds, without a server
    #[command(
        after_help = "Examples:\n  quorate snapshot inspect backup.snap\n  quorate --output json snapshot inspect backup.snap\n"
    )]
    Inspect(InspectArgs),
}

/// `quorate snapshot save`.
#[derive(Debug, Args)]
pub(crate) struct SaveArgs {
    /// The file; - is standard output
    pub(crate) file: PathBuf,
}

/// `quorate snapshot restore`.
#[derive(Debug, Args)]
pub(crate) struct RestoreArgs {
    /// The file; - is standard input
    pub(crate) file: PathBuf,
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
}

/// `quorate snapshot inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The file; - is standard input
    pub(crate) file: PathBuf,
}
