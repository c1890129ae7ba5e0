//! `quorate serf query` and `reachability`.

use std::ffi::OsString;

use clap::Args;

use super::format::FormatArgs;
use crate::args::asked::AskedArgs;

const TIME: &str = "\
Answers are taken for --timeout, or else for a time that suits the size of the cluster: 3.2 s for up to
9 members. It ends before, once all that were asked and are alive have answered, but not with --tag.
";

const EXAMPLES: &str = "\
Examples:
  quorate serf query uptime
  quorate serf query --timeout 2s --tag role=web --no-ack load
  quorate serf query --node web-1 --node web-2 --relay-factor 2 --format json load 5m
";

/// `quorate serf query`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{TIME}\n{EXAMPLES}"))]
pub(crate) struct QueryArgs {
    /// The question's name
    pub(crate) name: String,
    /// What comes with it, some 900 bytes at most
    #[arg(
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) payload: OsString,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    /// Do not ask members to say that they were asked
    #[arg(long)]
    pub(crate) no_ack: bool,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `quorate serf reachability`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf reachability
  quorate serf reachability --verbose               each member, and how long it took
")]
pub(crate) struct ReachabilityArgs {}
