//! `quorate etcd role`.

use std::ffi::OsString;

use clap::{Args, Subcommand, ValueEnum};

use crate::args::value;

/// Roles and what they may do.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd role add readers
  quorate etcd role grant-permission readers read --prefix config/
")]
pub(crate) struct RoleArgs {
    #[command(subcommand)]
    pub(crate) verb: RoleVerb,
}

/// The verbs of `quorate etcd role`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// Make a role that must not be there; it may do nothing
    #[command(after_help = "Examples:\n  quorate etcd role add readers\n")]
    Add(NameArgs),
    /// Show what a role may do
    #[command(after_help = "Examples:\n  quorate etcd role get readers\n")]
    Get(NameArgs),
    /// List all roles
    #[command(after_help = "Examples:\n  quorate etcd role list\n")]
    List,
    /// Remove a role
    #[command(after_help = "Examples:\n  quorate etcd role delete readers\n")]
    Delete(NameArgs),
    /// Let a role read or write keys
    #[command(after_help = "\
Examples:
  quorate etcd role grant-permission readers read --prefix config/
  quorate etcd role grant-permission writers readwrite jobs/1 jobs/9
")]
    GrantPermission(GrantArgs),
    /// Let a role no longer read and write keys
    #[command(
        after_help = "Examples:\n  quorate etcd role revoke-permission readers --prefix config/\n"
    )]
    RevokePermission(RevokeArgs),
}

/// A role.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Access {
    /// Reading
    Read,
    /// Writing
    Write,
    /// Both
    Readwrite,
}

/// Which keys.
#[derive(Debug, Args)]
pub(crate) struct KeysArgs {
    /// The key
    pub(crate) key: OsString,
    /// All keys from KEY up to this one, without it
    #[arg(conflicts_with_all = ["prefix", "from_key"])]
    pub(crate) endkey: Option<OsString>,
    /// All keys that begin with KEY
    #[arg(long, conflicts_with = "from_key")]
    pub(crate) prefix: bool,
    /// All keys from KEY on
    #[arg(long)]
    pub(crate) from_key: bool,
}

/// `quorate etcd role grant-permission`.
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What it may do
    #[arg(value_enum)]
    pub(crate) access: Access,
    #[command(flatten)]
    pub(crate) keys: KeysArgs,
}

/// `quorate etcd role revoke-permission`.
#[derive(Debug, Args)]
pub(crate) struct RevokeArgs {
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) keys: KeysArgs,
}
