//! `quorate members`.

use clap::Args;

/// `quorate members`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate members
  quorate members --watch
  quorate --at serf://127.0.0.1:7373 members
  quorate -o json --at consul://127.0.0.1:8500 members --watch
")]
pub(crate) struct MembersArgs {
    /// Go on: print one line for each member that joins, changes, leaves or fails
    #[arg(long, short)]
    pub(crate) watch: bool,
}
