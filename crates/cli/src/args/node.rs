//! `quorate node`.

use clap::{Args, Subcommand};

use super::value;

/// Everything about nodes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate node ls
  quorate node show web-7
  quorate node watch
")]
pub(crate) struct NodeArgs {
    #[command(subcommand)]
    pub(crate) command: NodeCommand,
}

/// The verbs of `quorate node`.
#[derive(Debug, Subcommand)]
pub(crate) enum NodeCommand {
    /// List the nodes and how they are
    #[command(after_help = "Examples:\n  quorate node ls\n  quorate --output json node ls\n")]
    Ls(LsArgs),
    /// A node with its services and checks
    #[command(after_help = "Examples:\n  quorate node show web-7\n")]
    Show(ShowArgs),
    /// Print one line for each node that comes, changes or goes
    #[command(after_help = "Examples:\n  quorate node watch\n  quorate --output json node watch\n")]
    Watch(WatchArgs),
}

/// `quorate node ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {}

/// `quorate node show`.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The node's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// `quorate node watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArgs {}
