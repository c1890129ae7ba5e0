//! `quorate etcd move-leader`.

use clap::Args;

use super::value::member;

/// `quorate etcd move-leader`.
#[derive(Clone, Copy, Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd move-leader 8e9e05c52164694d\n")]
pub(crate) struct MoveLeaderArgs {
    /// The id of the member that shall lead
    #[arg(value_parser = member)]
    pub(crate) id: u64,
}
