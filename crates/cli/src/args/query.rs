//! `quorate query`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::asked::AskedArgs;
use super::value;

/// Questions to all members.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate --at serf://127.0.0.1:7373 query ask uptime
  quorate --at serf://127.0.0.1:7373 query answer uptime -- uptime
")]
pub(crate) struct QueryArgs {
    #[command(subcommand)]
    pub(crate) command: QueryCommand,
}

/// The verbs of `quorate query`.
#[derive(Debug, Subcommand)]
pub(crate) enum QueryCommand {
    /// Ask a question, and print the answers as they come
    Ask(AskArgs),
    /// Answer each question of a name with what a command prints, until interrupted
    Answer(AnswerArgs),
}

/// `quorate query ask`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate --at serf://127.0.0.1:7373 query ask load 5m
  quorate --at serf://127.0.0.1:7373 --timeout 2s query ask --tag role=web --acks load
")]
pub(crate) struct AskArgs {
    /// The question's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What comes with it, some 900 bytes at most; @FILE reads a file, - reads standard input
    #[arg(
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) payload: OsString,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    /// Print who was asked, too
    #[arg(long)]
    pub(crate) acks: bool,
}

/// `quorate query answer`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate --at serf://127.0.0.1:7373 query answer load -- cut -d' ' -f1 /proc/loadavg
  quorate --at serf://127.0.0.1:7373 query answer echo -- cat      the payload is on its input
")]
pub(crate) struct AnswerArgs {
    /// The question's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// The command, and its arguments. What it prints is the answer, if it succeeds
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
