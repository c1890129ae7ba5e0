//! `quorate consul status`.

use clap::{Args, Subcommand};

use super::options::ReadArgs;

/// The state of the servers.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul status leader
  quorate consul status peers
")]
pub(crate) struct StatusArgs {
    #[command(subcommand)]
    pub(crate) verb: StatusVerb,
}

/// The verbs of `quorate consul status`.
#[derive(Debug, Subcommand)]
pub(crate) enum StatusVerb {
    /// The address of the server that leads; fails with code 3 while there is none
    #[command(after_help = "Examples:\n  quorate consul status leader\n")]
    Leader(ReadArgs),
    /// The addresses of all servers
    #[command(after_help = "Examples:\n  quorate consul status peers\n")]
    Peers(ReadArgs),
}
