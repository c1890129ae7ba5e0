//! `quorate etcd member`.

use clap::{Args, Subcommand};

use super::value::member;
use crate::args::value;

/// The members of the cluster.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd member list
  quorate etcd member add node-4 --peer-urls http://10.0.1.13:2380 --learner
")]
pub(crate) struct MemberArgs {
    #[command(subcommand)]
    pub(crate) verb: MemberVerb,
}

/// The verbs of `quorate etcd member`.
#[derive(Debug, Subcommand)]
pub(crate) enum MemberVerb {
    /// All members
    #[command(after_help = "Examples:\n  quorate etcd member list\n")]
    List,
    /// Add a member, and print what it is to be started with
    #[command(
        after_help = "Examples:\n  quorate etcd member add node-4 --peer-urls http://10.0.1.13:2380\n"
    )]
    Add(AddArgs),
    /// Remove a member for good
    #[command(after_help = "Examples:\n  quorate etcd member remove 8e9e05c52164694d\n")]
    Remove(IdArgs),
    /// Change where the others reach a member
    #[command(
        after_help = "Examples:\n  quorate etcd member update 8e9e05c52164694d --peer-urls http://10.0.1.14:2380\n"
    )]
    Update(UpdateArgs),
    /// Give a member without a vote its vote
    #[command(after_help = "Examples:\n  quorate etcd member promote 8e9e05c52164694d\n")]
    Promote(IdArgs),
}

/// `quorate etcd member add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// The name that it will have
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Where the others reach it; several are separated by commas
    #[arg(long, required = true, value_name = "URLS", value_delimiter = ',')]
    pub(crate) peer_urls: Vec<String>,
    /// Without a vote, until it is promoted
    #[arg(long)]
    pub(crate) learner: bool,
}

/// A member.
#[derive(Debug, Args)]
pub(crate) struct IdArgs {
    /// The member's id
    #[arg(value_parser = member)]
    pub(crate) id: u64,
}

/// `quorate etcd member update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The member's id
    #[arg(value_parser = member)]
    pub(crate) id: u64,
    /// Where the others reach it; several are separated by commas
    #[arg(long, required = true, value_name = "URLS", value_delimiter = ',')]
    pub(crate) peer_urls: Vec<String>,
}
