//! `quorate consul event`.

use clap::{Args, Subcommand};

use super::options::WriteArgs;
use crate::args::value;

/// Short messages to every agent.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul event fire deploy 'release 17'
  quorate consul event list
")]
pub(crate) struct EventArgs {
    #[command(subcommand)]
    pub(crate) verb: EventVerb,
}

/// The verbs of `quorate consul event`.
#[derive(Debug, Subcommand)]
pub(crate) enum EventVerb {
    /// Fire an event and print its id
    Fire(FireArgs),
    /// The events that the agent has seen, oldest first
    #[command(
        after_help = "Examples:\n  quorate consul event list\n  quorate consul event list --name deploy\n"
    )]
    List(ListEventsArgs),
}

/// `quorate consul event fire`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul event fire deploy
  quorate consul event fire --service web --tag v2 deploy 'release 17'
")]
pub(crate) struct FireArgs {
    /// The event's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What it says; about 400 bytes at most
    pub(crate) payload: Option<String>,
    /// Only agents whose node matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) node: Option<String>,
    /// Only agents with a service whose id matches this regular expression
    #[arg(long, value_name = "REGEX")]
    pub(crate) service: Option<String>,
    /// … and which has a tag that matches this one
    #[arg(long, value_name = "REGEX", requires = "service")]
    pub(crate) tag: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul event list`.
#[derive(Debug, Args)]
pub(crate) struct ListEventsArgs {
    /// Only those of this name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}
