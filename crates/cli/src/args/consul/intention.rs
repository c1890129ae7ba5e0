//! `quorate consul intention`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Intentions: which services may connect to which others.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul intention create --deny web db
  quorate consul intention check web db
  quorate consul intention match db
")]
pub(crate) struct IntentionArgs {
    #[command(subcommand)]
    pub(crate) verb: IntentionVerb,
}

/// The verbs of `quorate consul intention`.
#[derive(Debug, Subcommand)]
pub(crate) enum IntentionVerb {
    /// Create intentions and print their ids
    Create(CreateIntentionArgs),
    /// List all intentions, those that count first in front
    #[command(after_help = "Examples:\n  quorate consul intention list\n")]
    List(ReadArgs),
    /// Show an intention; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul intention get web db\n")]
    Get(OneIntentionArgs),
    /// The intentions that concern a service, in the order in which they count
    #[command(
        after_help = "Examples:\n  quorate consul intention match db\n  quorate consul intention match --source web\n"
    )]
    Match(MatchArgs),
    /// Whether a service may connect to another; fails with code 1 if not
    #[command(after_help = "Examples:\n  quorate consul intention check web db\n")]
    Check(CheckIntentionArgs),
    /// Delete an intention
    #[command(after_help = "Examples:\n  quorate consul intention delete web db\n")]
    Delete(DeleteIntentionArgs),
}

/// `quorate consul intention create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul intention create web db
  quorate consul intention create --deny --meta team=data '*' db
  quorate consul intention create --replace --file one.json two.json
")]
pub(crate) struct CreateIntentionArgs {
    /// The source and the destination, or with --file the files; - is standard input
    #[arg(required = true, value_name = "SRC DST")]
    pub(crate) words: Vec<String>,
    /// Let it connect, which is the default
    #[arg(long, conflicts_with = "deny")]
    pub(crate) allow: bool,
    /// Keep it from connecting
    #[arg(long)]
    pub(crate) deny: bool,
    /// A label; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair, conflicts_with = "file")]
    pub(crate) meta: Vec<(String, String)>,
    /// Why, for people
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    pub(crate) description: Option<String>,
    /// Replace intentions for the same services
    #[arg(long)]
    pub(crate) replace: bool,
    /// Read intentions as JSON from files
    #[arg(long, conflicts_with_all = ["allow", "deny"])]
    pub(crate) file: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

impl CreateIntentionArgs {
    /// The files.
    pub(crate) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.words.iter().map(PathBuf::from)
    }
}

/// `quorate consul intention get`.
#[derive(Debug, Args)]
pub(crate) struct OneIntentionArgs {
    /// The source and the destination, or the id
    #[arg(required = true, num_args = 1..=2, value_name = "SRC DST|ID")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul intention match`.
#[derive(Debug, Args)]
pub(crate) struct MatchArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// It is what connects
    #[arg(long, conflicts_with = "destination")]
    pub(crate) source: bool,
    /// It is what is connected to, which is the default
    #[arg(long)]
    pub(crate) destination: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul intention check`.
#[derive(Debug, Args)]
pub(crate) struct CheckIntentionArgs {
    /// What connects
    #[arg(value_parser = value::key)]
    pub(crate) source: String,
    /// What is connected to
    #[arg(value_parser = value::key)]
    pub(crate) destination: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul intention delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteIntentionArgs {
    /// The source and the destination, or the id
    #[arg(required = true, num_args = 1..=2, value_name = "SRC DST|ID")]
    pub(crate) words: Vec<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
