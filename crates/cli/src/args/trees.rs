//! `quorate tree`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  quorate tree set /collection '{\"subcollection\": [\"item1\", \"item2\"]}'
  quorate tree get /collection
  quorate tree get /collection/subcollection/1
  quorate tree ls /collection
  quorate tree rm /collection
";

const LS_EXAMPLES: &str = "\
Examples:
  quorate tree ls /collection
  quorate tree ls --typed config
  quorate --output json tree ls
";

/// Everything about trees.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TreesArgs {
    #[command(subcommand)]
    pub(crate) command: TreesCommand,
}

/// The verbs of `quorate tree`.
#[derive(Debug, Subcommand)]
pub(crate) enum TreesCommand {
    /// Print the value at a path as JSON
    Get(GetArgs),
    /// Write JSON: maps become directories, lists become ordered children, the rest leaves
    Set(SetArgs),
    /// Add an item to the end of a list
    Append(AppendArgs),
    /// Delete what is at a path and everything beneath it
    Rm(RmArgs),
    /// Show the value at a path as an indented tree
    #[command(alias = "show", after_help = LS_EXAMPLES)]
    Ls(GetArgs),
}

/// How leaves are read and written.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Form {
    /// Leaves are JSON: numbers, flags and null keep their type; default: plain text
    #[arg(long)]
    pub(crate) typed: bool,
}

/// `quorate tree get` and `ls`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate tree get /collection
  quorate tree get --typed config                   8080 is a number, not a text
  quorate --output json tree get config | jq .port
")]
pub(crate) struct GetArgs {
    /// The path; / is everything
    #[arg(default_value = "/", hide_default_value = true)]
    pub(crate) path: String,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `quorate tree set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate tree set config '{\"port\": 8080}'        merged: other keys of config stay
  quorate tree set config @config.json --replace    what is not in the file is removed
  quorate tree set config - < config.json           standard input
  quorate tree set config @config.json --atomic     all at once, or refused
")]
pub(crate) struct SetArgs {
    /// The path
    pub(crate) path: String,
    /// The value as JSON; @FILE reads a file, - reads standard input
    pub(crate) value: OsString,
    /// Remove what is not in the value
    #[arg(long)]
    pub(crate) replace: bool,
    /// Refuse what can't be written in one step
    #[arg(long)]
    pub(crate) atomic: bool,
    /// Call items by 20 digits, as the in-order keys of etcd v2, instead of 1, 2, …
    #[arg(long)]
    pub(crate) padded: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `quorate tree append`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate tree append colours '\"red\"'
")]
pub(crate) struct AppendArgs {
    /// The path of the list
    pub(crate) path: String,
    /// The item as JSON; @FILE reads a file, - reads standard input
    pub(crate) value: OsString,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// `quorate tree rm`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate tree rm /collection                       says what it will delete, and asks
  quorate tree rm --yes /collection                 does not ask
")]
pub(crate) struct RmArgs {
    /// The path; / is everything
    pub(crate) path: String,
    /// Do not ask
    #[arg(long, short)]
    pub(crate) yes: bool,
}
