//! `quorate consul kv`.

use std::ffi::OsString;

use clap::{ArgGroup, Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Keys and values, with all that Consul knows of them. `quorate kv` does the same on every
/// backend.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul kv put --flags 42 app/port 8080
  quorate consul kv get --detailed app/port
  quorate consul kv get --keys app/
  quorate consul kv delete --recurse app/
")]
pub(crate) struct KvArgs {
    #[command(subcommand)]
    pub(crate) verb: KvVerb,
}

/// The verbs of `quorate consul kv`.
#[derive(Debug, Subcommand)]
pub(crate) enum KvVerb {
    /// Print a value; fails with code 3 if there is none
    Get(GetArgs),
    /// Write a key; fails with code 4 if a condition does not hold
    Put(PutArgs),
    /// Delete a key, or all that begin so; fails with code 4 if a condition does not hold
    Delete(DeleteArgs),
    /// Write all keys that begin so as JSON, for import
    #[command(after_help = "Examples:\n  quorate consul kv export app/ > app.json\n")]
    Export(ExportArgs),
    /// Write the keys of an export, with their flags
    #[command(after_help = "Examples:\n  quorate consul kv import @app.json\n")]
    Import(ImportArgs),
}

/// `quorate consul kv get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul kv get app/port
  quorate consul kv get --detailed app/port
  quorate consul kv get --recurse app/
  quorate consul kv get --keys --separator . app.
  quorate consul kv get --index 17 --wait 1m app/port
")]
pub(crate) struct GetArgs {
    /// The key, or how keys begin
    #[arg(default_value = "", required_unless_present_any = ["recurse", "keys"])]
    pub(crate) key: String,
    /// All keys that begin so, with their values
    #[arg(long, conflicts_with = "keys")]
    pub(crate) recurse: bool,
    /// The names of the keys that begin so
    #[arg(long)]
    pub(crate) keys: bool,
    /// End names behind this; with --keys
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "/",
        hide_default_value = false
    )]
    pub(crate) separator: String,
    /// Indexes, flags and the session that holds it too
    #[arg(long, conflicts_with = "keys")]
    pub(crate) detailed: bool,
    /// Values as base64
    #[arg(long, conflicts_with = "keys")]
    pub(crate) base64: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul kv put`.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  quorate consul kv put app/port 8080
  quorate consul kv put app/licence @licence.txt
  quorate consul kv put --cas --modify-index 844 app/port 8081
  quorate consul kv put --acquire --session 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11 app/leader n1
",
    group = ArgGroup::new("locking").args(["acquire", "release"])
)]
pub(crate) struct PutArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// The value: the value itself, @FILE or - for standard input
    #[arg(default_value = "")]
    pub(crate) data: OsString,
    /// The value is base64
    #[arg(long)]
    pub(crate) base64: bool,
    /// A number that Consul keeps beside the value
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) flags: u64,
    /// Only if the key is at --modify-index; 0 means that it does not exist
    #[arg(long, requires = "modify_index", conflicts_with_all = ["acquire", "release"])]
    pub(crate) cas: bool,
    /// The ModifyIndex of the key
    #[arg(long, value_name = "INDEX", requires = "cas")]
    pub(crate) modify_index: Option<u64>,
    /// Only if the key is free; then --session holds it
    #[arg(long, requires = "session")]
    pub(crate) acquire: bool,
    /// Only if --session holds the key; then nobody does
    #[arg(long, requires = "session")]
    pub(crate) release: bool,
    /// The session's id
    #[arg(long, value_name = "ID", requires = "locking")]
    pub(crate) session: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul kv delete`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul kv delete app/port
  quorate consul kv delete --recurse app/
  quorate consul kv delete --cas --modify-index 844 app/port
")]
pub(crate) struct DeleteArgs {
    /// The key, or how keys begin
    #[arg(default_value = "", required_unless_present = "recurse")]
    pub(crate) key: String,
    /// All keys that begin so
    #[arg(long, conflicts_with = "cas")]
    pub(crate) recurse: bool,
    /// Only if the key is at --modify-index
    #[arg(long, requires = "modify_index")]
    pub(crate) cas: bool,
    /// The ModifyIndex of the key
    #[arg(long, value_name = "INDEX", requires = "cas")]
    pub(crate) modify_index: Option<u64>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul kv export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// How keys begin
    #[arg(default_value = "")]
    pub(crate) prefix: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul kv import`.
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The export: the JSON itself, @FILE or - for standard input
    pub(crate) data: OsString,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
