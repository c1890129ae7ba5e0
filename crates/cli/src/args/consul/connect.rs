//! `quorate consul connect` and `discovery-chain`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// The mesh: its authorities and its certificates.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul connect ca get-config
  quorate consul connect roots
  quorate consul connect leaf web
")]
pub(crate) struct ConnectArgs {
    #[command(subcommand)]
    pub(crate) part: ConnectPart,
}

/// The parts of `quorate consul connect`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConnectPart {
    /// How certificates are made
    Ca(CaArgs),
    /// The authorities that are trusted
    #[command(
        after_help = "Examples:\n  quorate consul connect roots\n  quorate consul connect roots --pem\n"
    )]
    Roots(RootsArgs),
    /// A certificate for a service, with its key, from the agent
    #[command(after_help = "Examples:\n  quorate consul connect leaf web\n")]
    Leaf(LeafArgs),
}

/// `quorate consul connect ca`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul connect ca get-config\n")]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    pub(crate) verb: CaVerb,
}

/// The verbs of `quorate consul connect ca`.
#[derive(Debug, Subcommand)]
pub(crate) enum CaVerb {
    /// Show the settings as JSON
    #[command(after_help = "Examples:\n  quorate consul connect ca get-config\n")]
    GetConfig(ReadArgs),
    /// Replace the settings
    #[command(
        after_help = "Examples:\n  quorate consul connect ca set-config --config-file ca.json\n"
    )]
    SetConfig(SetCaArgs),
}

/// `quorate consul connect ca set-config`.
#[derive(Debug, Args)]
pub(crate) struct SetCaArgs {
    /// The settings as JSON; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) config_file: PathBuf,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul connect roots`.
#[derive(Debug, Args)]
pub(crate) struct RootsArgs {
    /// The certificates alone, as PEM
    #[arg(long)]
    pub(crate) pem: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul connect leaf`.
#[derive(Debug, Args)]
pub(crate) struct LeafArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) service: String,
}

/// `quorate consul discovery-chain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  quorate consul discovery-chain web\n  quorate consul discovery-chain --compile-dc dc2 web\n"
)]
pub(crate) struct DiscoveryChainArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) service: String,
    /// As seen from this datacenter
    #[arg(long, value_name = "NAME")]
    pub(crate) compile_dc: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
