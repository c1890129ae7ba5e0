//! `quorate consul session`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Sessions: what locks are held by.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul session create --name worker --ttl 15s
  quorate consul session list
  quorate consul session destroy 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11
")]
pub(crate) struct SessionArgs {
    #[command(subcommand)]
    pub(crate) verb: SessionVerb,
}

/// The verbs of `quorate consul session`.
#[derive(Debug, Subcommand)]
pub(crate) enum SessionVerb {
    /// Create a session and print its id
    Create(CreateArgs),
    /// End a session; what it holds is released or deleted
    #[command(
        after_help = "Examples:\n  quorate consul session destroy 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Destroy(DestroyArgs),
    /// Renew a session once; fails with code 3 if there is none
    #[command(
        after_help = "Examples:\n  quorate consul session renew 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Renew(DestroyArgs),
    /// Show a session; fails with code 3 if there is none
    #[command(
        after_help = "Examples:\n  quorate consul session info 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Info(InfoArgs),
    /// List all sessions, or those of a node
    #[command(
        after_help = "Examples:\n  quorate consul session list\n  quorate consul session list --node n1\n"
    )]
    List(ListSessionsArgs),
}

/// `quorate consul session create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul session create --ttl 15s
  quorate consul session create --name job --behavior delete --lock-delay 0s --no-checks
")]
pub(crate) struct CreateArgs {
    /// A name for people
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The node that it belongs to [default: that of the agent]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// It ends when it is not renewed for this long: 10s to 24h
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) ttl: Option<Duration>,
    /// For how long its keys can't be acquired after its end [default: 15s]
    #[arg(long, value_name = "D", value_parser = value::duration)]
    pub(crate) lock_delay: Option<Duration>,
    /// What happens to its keys at its end
    #[arg(long, value_enum, default_value_t = Behavior::Release)]
    pub(crate) behavior: Behavior,
    /// Do not end it with the health of its node
    #[arg(long)]
    pub(crate) no_checks: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// What happens to the keys of a session that ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Behavior {
    /// They are free again
    Release,
    /// They are deleted
    Delete,
}

/// `quorate consul session destroy` and `renew`.
#[derive(Debug, Args)]
pub(crate) struct DestroyArgs {
    /// The session's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul session info`.
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The session's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul session list`.
#[derive(Debug, Args)]
pub(crate) struct ListSessionsArgs {
    /// Only those of this node
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
