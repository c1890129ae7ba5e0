//! `quorate kv`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate kv put config/port 8080
  quorate kv get config/port
  quorate kv ls config/
  quorate kv watch --prefix config/
  quorate kv export config/ > config.json
";

/// Everything about keys.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct KvArgs {
    #[command(subcommand)]
    pub(crate) command: KvCommand,
}

/// The verbs of `quorate kv`.
#[derive(Debug, Subcommand)]
pub(crate) enum KvCommand {
    /// Print the value of a key, byte for byte
    Get(GetArgs),
    /// Write a key
    Put(PutArgs),
    /// Delete a key, or all keys below a prefix
    Rm(RmArgs),
    /// List keys, one level at a time
    Ls(LsArgs),
    /// Show the keys below a prefix as a tree
    Tree(TreeArgs),
    /// Print one line for each change, until interrupted
    Watch(WatchArgs),
    /// Write keys as JSON, as `consul kv export` does
    Export(ExportArgs),
    /// Read keys from JSON, as `consul kv export` and `quorate kv export` write it
    Import(ImportArgs),
}

/// `quorate kv get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv get config/port
  quorate kv get --meta config/port                 revision and size too
  quorate kv get logo.png > logo.png                values are bytes
  quorate --output json kv get config/port
")]
pub(crate) struct GetArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// Print the key, its revision and its size before the value
    #[arg(long)]
    pub(crate) meta: bool,
}

/// `quorate kv put`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv put config/port 8080
  quorate kv put --create leader me                 only if it does not exist
  quorate kv put --cas 42 config/port 8081          only if its revision is still 42
  quorate kv put logo.png @logo.png                 the content of a file
  quorate kv put notes - < notes.txt                standard input
  quorate kv put --literal mail @home               a value that starts with @
")]
pub(crate) struct PutArgs {
    /// The key
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// The value; @FILE reads a file, - reads standard input
    #[arg(allow_hyphen_values = true)]
    pub(crate) value: OsString,
    /// Take VALUE as it is written: @ and - mean nothing
    #[arg(long)]
    pub(crate) literal: bool,
    /// Only if the key's revision is REV
    #[arg(long, value_name = "REV", conflicts_with = "create",
          value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cas: Option<u64>,
    /// Only if the key does not exist
    #[arg(long)]
    pub(crate) create: bool,
}

/// `quorate kv rm`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv rm config/port
  quorate kv rm --cas 42 config/port                only if its revision is still 42
  quorate kv rm --tree config/                      says what it will delete, and asks
  quorate kv rm --tree --yes config/                does not ask
")]
pub(crate) struct RmArgs {
    /// The key, or the path with --tree
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// Delete every key below the path KEY: a and a/ are the same, and a itself stays
    #[arg(long, conflicts_with = "cas")]
    pub(crate) tree: bool,
    /// Only if the key's revision is REV
    #[arg(long, value_name = "REV", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) cas: Option<u64>,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// `quorate kv ls`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv ls                                     the first level
  quorate kv ls config/
  quorate kv ls --recursive --long config/          all levels, with revision and size
")]
pub(crate) struct LsArgs {
    /// Only what lies below this path: a and a/ are the same [default: everything]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// All levels: do not fold at /
    #[arg(long, short)]
    pub(crate) recursive: bool,
    /// Revision and size of each key
    #[arg(long, short)]
    pub(crate) long: bool,
}

/// `quorate kv tree`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv tree
  quorate kv tree --depth 2 config/
")]
pub(crate) struct TreeArgs {
    /// Only what lies below this path: a and a/ are the same [default: everything]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Show this many levels
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) depth: Option<u16>,
}

/// `quorate kv watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv watch config/port
  quorate kv watch --prefix config/
  quorate kv watch --once config/port; echo changed
  quorate --output json kv watch --prefix config/ | jq -r .key

The lines: `init` for each key there is, `init-done`, then `put` and `delete` as they happen. A
second `init … init-done` means that changes may have been missed: start again from it.
")]
pub(crate) struct WatchArgs {
    /// The key to watch
    #[arg(value_parser = value::key, required_unless_present = "prefix")]
    pub(crate) key: Option<String>,
    /// Watch every key below this path; "" watches all
    #[arg(long, value_name = "P", conflicts_with = "key")]
    pub(crate) prefix: Option<String>,
    /// End after the first change that follows the initial state
    #[arg(long)]
    pub(crate) once: bool,
}

/// `quorate kv export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv export > all.json
  quorate kv export config/ > config.json
  quorate kv export config/ | quorate --at consul://127.0.0.1:8500 kv import --yes -
")]
pub(crate) struct ExportArgs {
    /// Only what lies below this path: a and a/ are the same [default: everything]
    #[arg(default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
}

/// `quorate kv import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate kv import config.json                     says what it will write, and asks
  quorate kv import --yes config.json
  quorate kv import --prefix copy/ --yes config.json
  consul kv export config/ | quorate kv import --yes -
")]
pub(crate) struct ImportArgs {
    /// The file; - is standard input (a leading @ is allowed, as for `consul kv import`)
    pub(crate) file: OsString,
    /// Put this before every key
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}
