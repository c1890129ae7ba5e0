//! `quorate consul coordinate` and `rtt`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Network coordinates: where nodes are in a space whose distances are round trip times.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul coordinate nodes
  quorate consul coordinate node n1
")]
pub(crate) struct CoordinateArgs {
    #[command(subcommand)]
    pub(crate) verb: CoordinateVerb,
}

/// The verbs of `quorate consul coordinate`.
#[derive(Debug, Subcommand)]
pub(crate) enum CoordinateVerb {
    /// Those of all nodes
    #[command(after_help = "Examples:\n  quorate consul coordinate nodes\n")]
    Nodes(ReadArgs),
    /// Those of the servers, in the network between datacenters
    #[command(after_help = "Examples:\n  quorate consul coordinate datacenters\n")]
    Datacenters,
    /// Those of one node; fails with code 3 if it has none
    #[command(after_help = "Examples:\n  quorate consul coordinate node n1\n")]
    Node(NodeCoordinateArgs),
    /// Set that of a node, from JSON such as `coordinate node --output json` prints
    #[command(after_help = "Examples:\n  quorate consul coordinate update coordinate.json\n")]
    Update(UpdateCoordinateArgs),
}

/// `quorate consul coordinate node`.
#[derive(Debug, Args)]
pub(crate) struct NodeCoordinateArgs {
    /// The node's name
    #[arg(value_parser = value::key)]
    pub(crate) node: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul coordinate update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateCoordinateArgs {
    /// The file with {"Node": …, "Coord": …}; - is standard input
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul rtt`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  quorate consul rtt n1\n  quorate consul rtt n1 n2\n  quorate consul rtt --wan n1.dc1 n2.dc2\n"
)]
pub(crate) struct RttArgs {
    /// One node; with --wan NAME.DATACENTER
    #[arg(value_parser = value::key)]
    pub(crate) node: String,
    /// The other one [default: that of the agent]
    #[arg(value_parser = value::key)]
    pub(crate) other: Option<String>,
    /// Between servers of datacenters
    #[arg(long)]
    pub(crate) wan: bool,
}
