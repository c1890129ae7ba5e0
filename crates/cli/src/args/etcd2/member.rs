//! `quorate etcd2 member`.

use clap::{Args, Subcommand};

use crate::args::value;

/// The members of the cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 member list
  quorate etcd2 member add node-4 http://10.0.1.13:2380
")]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    pub(crate) verb: MemberVerb,
}

/// The verbs of `quorate etcd2 member`.
#[derive(Debug, Subcommand)]
pub(crate) enum MemberVerb {
    /// All members, and which of them leads
    #[command(after_help = "Examples:\n  quorate etcd2 member list\n")]
    List,
    /// The member that leads; fails with code 3 during an election
    #[command(after_help = "Examples:\n  quorate etcd2 member leader\n")]
    Leader,
    /// Add a member, and print what it is to be started with
    #[command(after_help = "Examples:\n  quorate etcd2 member add node-4 http://10.0.1.13:2380\n")]
    Add(AddArgs),
    /// Remove a member for good
    #[command(after_help = "Examples:\n  quorate etcd2 member remove 272e204152\n")]
    Remove(RemoveArgs),
    /// Change where the others reach a member
    #[command(
        after_help = "Examples:\n  quorate etcd2 member update 272e204152 http://10.0.1.14:2380\n"
    )]
    Update(UpdateArgs),
}

/// `quorate etcd2 member add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The name that it will have
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Where the others reach it; several are separated by commas
    #[arg(value_name = "PEER_URLS", value_parser = value::key)]
    pub(crate) peer_urls: String,
}

/// `quorate etcd2 member remove`.
#[derive(Debug, Args)]
pub(crate) struct RemoveArgs {
    /// The member's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
}

/// `quorate etcd2 member update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The member's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    /// Where the others reach it; several are separated by commas
    #[arg(value_name = "PEER_URLS", value_parser = value::key)]
    pub(crate) peer_urls: String,
}
