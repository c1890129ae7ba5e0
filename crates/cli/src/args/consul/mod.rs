//! `quorate consul`: Consul's own surface, a group a noun, in the words of the `consul` command.

pub(crate) mod options;
pub(crate) mod session;
pub(crate) mod status;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  quorate consul status leader
  quorate --at consul://127.0.0.1:8500 consul session list
  quorate --output json consul status peers
";

/// Consul's own endpoints, on consul:// and embedded:.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConsulArgs {
    #[command(subcommand)]
    pub(crate) group: Group,
}

/// The groups of `quorate consul`.
#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// Create, renew, list and end sessions
    Session(session::SessionArgs),
    /// Who leads, and who takes part
    Status(status::StatusArgs),
}
