//! `quorate etcd2 user`.

use clap::{Args, Subcommand};

use crate::args::value;

/// Users and their roles.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 user add root
  quorate etcd2 user grant ann --roles readers,writers
")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) verb: UserVerb,
}

/// The verbs of `quorate etcd2 user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserVerb {
    /// Make a user that must not be there
    #[command(after_help = "\
Examples:
  quorate etcd2 user add ann
  quorate etcd2 user add ann:b1gs33cr3t
  quorate etcd2 user add ann < password
")]
    Add(AddArgs),
    /// Show a user; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate etcd2 user get ann\n")]
    Get(NameArgs),
    /// List all users
    #[command(after_help = "Examples:\n  quorate etcd2 user list\n")]
    List,
    /// Remove a user
    #[command(after_help = "Examples:\n  quorate etcd2 user remove ann\n")]
    Remove(NameArgs),
    /// Give a user roles
    #[command(after_help = "Examples:\n  quorate etcd2 user grant ann --roles readers,writers\n")]
    Grant(RolesArgs),
    /// Take roles from a user
    #[command(after_help = "Examples:\n  quorate etcd2 user revoke ann --roles writers\n")]
    Revoke(RolesArgs),
    /// Set the password of a user, which is asked for or read from standard input
    #[command(after_help = "Examples:\n  quorate etcd2 user passwd ann < password\n")]
    Passwd(NameArgs),
}

/// `quorate etcd2 user add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// NAME, and the password is asked for or read from standard input; or NAME:PASSWORD
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Its roles, separated by commas
    #[arg(long, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<String>,
}

/// A user.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// A user and roles.
#[derive(Debug, Args)]
pub(crate) struct RolesArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// The roles, separated by commas
    #[arg(long, required = true, value_name = "ROLES", value_delimiter = ',')]
    pub(crate) roles: Vec<String>,
}
