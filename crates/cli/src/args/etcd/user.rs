//! `quorate etcd user`.

use clap::{Args, Subcommand};

use crate::args::value;

/// Users and their roles.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd user add root
  quorate etcd user grant-role ann readers
")]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) verb: UserVerb,
}

/// The verbs of `quorate etcd user`.
#[derive(Debug, Subcommand)]
pub(crate) enum UserVerb {
    /// Make a user that must not be there
    #[command(after_help = "\
Examples:
  quorate etcd user add ann
  quorate etcd user add ann:b1gs33cr3t
  quorate etcd user add --no-password ann
  quorate etcd user add --interactive=false ann < password
")]
    Add(AddArgs),
    /// Show a user
    #[command(after_help = "Examples:\n  quorate etcd user get --detail ann\n")]
    Get(GetArgs),
    /// List all users
    #[command(after_help = "Examples:\n  quorate etcd user list\n")]
    List,
    /// Remove a user
    #[command(after_help = "Examples:\n  quorate etcd user delete ann\n")]
    Delete(NameArgs),
    /// Give a user a role
    #[command(after_help = "Examples:\n  quorate etcd user grant-role ann readers\n")]
    GrantRole(RoleArgs),
    /// Take a role from a user
    #[command(after_help = "Examples:\n  quorate etcd user revoke-role ann readers\n")]
    RevokeRole(RoleArgs),
    /// Set the password of a user, which is asked for or read from standard input
    #[command(
        after_help = "Examples:\n  quorate etcd user passwd --interactive=false ann < password\n"
    )]
    Passwd(PasswdArgs),
}

/// `quorate etcd user add`.
#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// NAME, and the password is asked for or read from standard input; or NAME:PASSWORD
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Its password; others on this machine can see it
    #[arg(long, value_name = "PASSWORD", conflicts_with = "no_password")]
    pub(crate) new_user_password: Option<String>,
    /// No password: it can only be known by its certificate
    #[arg(long)]
    pub(crate) no_password: bool,
    /// =false reads the password from standard input, also on a terminal
    #[arg(
        long,
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub(crate) interactive: bool,
}

/// `quorate etcd user get`.
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What each of its roles may do, too
    #[arg(long)]
    pub(crate) detail: bool,
}

/// A user.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// A user and a role.
#[derive(Debug, Args)]
pub(crate) struct RoleArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// The role's name
    #[arg(value_parser = value::key)]
    pub(crate) role: String,
}

/// `quorate etcd user passwd`.
#[derive(Debug, Args)]
pub(crate) struct PasswdArgs {
    /// The user's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// =false reads the password from standard input, also on a terminal
    #[arg(
        long,
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub(crate) interactive: bool,
}
