//! `quorate consul config`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Configuration entries: how services speak, and where their requests go.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul config write web.hcl
  quorate consul config list --kind service-defaults
  quorate consul config read --kind service-defaults --name web
")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) verb: ConfigVerb,
}

/// The verbs of `quorate consul config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigVerb {
    /// The names of all entries of a kind
    #[command(after_help = "Examples:\n  quorate consul config list --kind service-defaults\n")]
    List(ListConfigArgs),
    /// Show an entry as JSON; fails with code 3 if there is none
    #[command(
        after_help = "Examples:\n  quorate consul config read --kind proxy-defaults --name global\n"
    )]
    Read(ReadConfigArgs),
    /// Create an entry or replace it, from HCL or JSON
    Write(WriteConfigArgs),
    /// Delete an entry
    #[command(
        after_help = "Examples:\n  quorate consul config delete --kind service-defaults --name web\n"
    )]
    Delete(DeleteConfigArgs),
}

/// `quorate consul config list`.
#[derive(Debug, Args)]
pub(crate) struct ListConfigArgs {
    /// The kind, such as service-defaults
    #[arg(long, value_name = "KIND", value_parser = value::key)]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul config read`.
#[derive(Debug, Args)]
pub(crate) struct ReadConfigArgs {
    /// The kind, such as service-defaults
    #[arg(long, value_name = "KIND", value_parser = value::key)]
    pub(crate) kind: String,
    /// The name: that of a service, or global
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul config write`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul config write web.hcl
  quorate consul config write - < web.json
  quorate consul config write --cas --modify-index 42 web.hcl
")]
pub(crate) struct WriteConfigArgs {
    /// The file, or - for standard input
    pub(crate) file: PathBuf,
    /// Only if the entry is still as --modify-index says; fails with code 4 otherwise
    #[arg(long)]
    pub(crate) cas: bool,
    /// The index of the entry that is replaced; 0 is for one that does not exist
    #[arg(long, value_name = "N", default_value_t = 0, requires = "cas")]
    pub(crate) modify_index: u64,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul config delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteConfigArgs {
    /// The kind, such as service-defaults
    #[arg(long, value_name = "KIND", value_parser = value::key)]
    pub(crate) kind: String,
    /// The name: that of a service, or global
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
