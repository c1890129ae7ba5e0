//! `quorate tour`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  quorate tour                                      on a temporary agent in memory
  quorate --at consul://127.0.0.1:8500 tour         on a real Consul
  quorate --output json tour                        for programs
";

/// Options of the tour.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TourArgs {
    /// Write below this prefix, and remove it at the end [default: a name of its own]
    #[arg(long, value_name = "PREFIX", value_parser = super::value::key)]
    pub(crate) prefix: Option<String>,
}
