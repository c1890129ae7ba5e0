//! `quorate serf info`.

use clap::Args;

use super::format::FormatArgs;

/// `quorate serf info`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf info
  quorate serf info --format json
")]
pub(crate) struct InfoArgs {
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}
