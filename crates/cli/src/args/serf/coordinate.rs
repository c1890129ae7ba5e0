//! `quorate serf rtt`.

use clap::Args;

use crate::args::value;

/// `quorate serf rtt`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf rtt web-7
  quorate serf rtt web-7 web-8
")]
pub(crate) struct RttArgs {
    /// A member's name
    #[arg(value_parser = value::key)]
    pub(crate) one: String,
    /// Another member's name [default: the agent's]
    #[arg(value_parser = value::key)]
    pub(crate) other: Option<String>,
}
