//! `quorate consul acl role`.

use clap::{Args, Subcommand};

use super::ShownArgs;
use super::policy::{DeleteArgs, OneArgs};
use super::rights::RightsArgs;
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Roles: policies and identities under a name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl role create --name web --policy-name app --service-identity web
  quorate consul acl role list
")]
pub(crate) struct RoleArgs {
    #[command(subcommand)]
    pub(crate) verb: RoleVerb,
}

/// The verbs of `quorate consul acl role`.
#[derive(Debug, Subcommand)]
pub(crate) enum RoleVerb {
    /// Make a role
    Create(CreateArgs),
    /// Show a role; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul acl role read --name web\n")]
    Read(OneArgs),
    /// Change a role: policies and identities are added to those that it has
    Update(UpdateArgs),
    /// Remove a role; its tokens lose its rights
    #[command(after_help = "Examples:\n  quorate consul acl role delete --name web\n")]
    Delete(DeleteArgs),
    /// All roles
    #[command(after_help = "Examples:\n  quorate consul acl role list\n")]
    List(ReadArgs),
}

/// `quorate consul acl role create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl role create --name web --service-identity web --node-identity n1:dc1
")]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    /// A note for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) rights: RightsArgs,
}

/// `quorate consul acl role update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl role update --id 53ca --policy-name app
  quorate consul acl role update --id 53ca --no-merge --name web --service-identity web
")]
pub(crate) struct UpdateArgs {
    /// Its id, or the beginning of it if no other begins so
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// Its new name
    #[arg(long, value_name = "NAME", required_if_eq("no_merge", "true"))]
    pub(crate) name: Option<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Empty what is not named, all but the id
    #[arg(long)]
    pub(crate) no_merge: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) rights: RightsArgs,
}
