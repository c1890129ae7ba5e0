//! `quorate etcd2 role`.

use clap::{ArgGroup, Args, Subcommand};

use crate::args::value;

/// Roles and what they may do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 role add readers
  quorate etcd2 role grant readers --path '/config/*' --read
  quorate etcd2 role remove guest
")]
pub(crate) struct RoleArgs {
    #[command(subcommand)]
    pub(crate) verb: RoleVerb,
}

/// The verbs of `quorate etcd2 role`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// Make a role that must not be there and may do nothing yet
    #[command(after_help = "Examples:\n  quorate etcd2 role add readers\n")]
    Add(NameArgs),
    /// Show what a role may do; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate etcd2 role get readers\n")]
    Get(NameArgs),
    /// List all roles
    #[command(after_help = "Examples:\n  quorate etcd2 role list\n")]
    List,
    /// Remove a role
    #[command(after_help = "Examples:\n  quorate etcd2 role remove guest\n")]
    Remove(NameArgs),
    /// Let a role read or write keys
    #[command(
        after_help = "Examples:\n  quorate etcd2 role grant readers --path '/config/*' --read\n"
    )]
    Grant(RightsArgs),
    /// No longer let a role read or write keys
    #[command(
        after_help = "Examples:\n  quorate etcd2 role revoke readers --path '/config/*' --read\n"
    )]
    Revoke(RightsArgs),
}

/// A role.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// A role and what it may do.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("rights").required(true).args(["read", "write", "readwrite"])))]
pub(crate) struct RightsArgs {
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// The key; one that ends with * stands for all keys that begin so
    #[arg(long, value_name = "KEY", value_parser = value::key)]
    pub(crate) path: String,
    /// Reading alone
    #[arg(long)]
    pub(crate) read: bool,
    /// Writing alone
    #[arg(long)]
    pub(crate) write: bool,
    /// Reading and writing
    #[arg(long, alias = "rw")]
    pub(crate) readwrite: bool,
}
