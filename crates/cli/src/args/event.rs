//! `quorate event`.

use std::ffi::OsString;

use clap::{Args, Subcommand};

use super::value;

/// Short messages to everybody.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate event fire deploy 'release 17'
  quorate event watch deploy
")]
pub(crate) struct EventArgs {
    #[command(subcommand)]
    pub(crate) command: EventCommand,
}

/// The verbs of `quorate event`.
#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Fire an event and print its id
    Fire(FireArgs),
    /// Print one line for each event, until interrupted
    Watch(WatchArgs),
}

/// `quorate event fire`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate event fire deploy
  quorate event fire deploy 'release 17'
  quorate event fire deploy @release.json           the content of a file
  quorate event fire deploy --service web --tag v2 'release 17'
")]
pub(crate) struct FireArgs {
    /// The event's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What it says, about 400 bytes at most; @FILE reads a file, - reads standard input
    #[arg(
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) payload: OsString,
    /// Take PAYLOAD as it is written: @ and - mean nothing
    #[arg(long)]
    pub(crate) literal: bool,
    /// Only for nodes whose name matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) node: Option<String>,
    /// Only for nodes with an instance of a service whose id matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) service: Option<String>,
    /// … and which has a tag that matches this one
    #[arg(long, value_name = "REGEX", requires = "service")]
    pub(crate) tag: Option<String>,
}

/// `quorate event watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate event watch                               all of them
  quorate event watch deploy
  quorate event watch deploy --replay               those that the server remembers first
  quorate event watch deploy --once                 end after the first
")]
pub(crate) struct WatchArgs {
    /// Only events of this name
    #[arg(value_parser = value::key)]
    pub(crate) name: Option<String>,
    /// Begin with the events that the server has seen before
    #[arg(long)]
    pub(crate) replay: bool,
    /// End after the first event
    #[arg(long)]
    pub(crate) once: bool,
}
