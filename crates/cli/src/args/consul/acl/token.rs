//! `quorate consul acl token`.

use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use super::ShownArgs;
use super::rights::RightsArgs;
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Tokens: what requests carry.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl token create --description 'the app' --policy-name app
  quorate consul acl token list
  quorate --token-file token consul acl token read --self
")]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) verb: TokenVerb,
}

/// The verbs of `quorate consul acl token`.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenVerb {
    /// Make a token and show it with its secret
    Create(CreateArgs),
    /// Show a token with its secret; fails with code 3 if there is none
    Read(OneArgs),
    /// Change a token; rights that are not named again are lost, unless they are merged
    Update(UpdateArgs),
    /// Make a token with the rights of another, and show it with its secret
    Clone(CloneArgs),
    /// Remove a token
    #[command(after_help = "Examples:\n  quorate consul acl token delete --id b6b85\n")]
    Delete(DeleteArgs),
    /// All tokens, without their secrets
    List(ListArgs),
}

/// The roles of a token.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Rights")]
pub(crate) struct RolesArgs {
    /// A role, by its id or the beginning of it; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) role_id: Vec<String>,
    /// A role, by its name; may be repeated
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Vec<String>,
}

/// `quorate consul acl token create`.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  quorate consul acl token create --policy-name app --expires-ttl 1h
  quorate consul acl token create --service-identity web:dc1 --local
",
    group = ArgGroup::new("rights").required(true).multiple(true).args([
        "policy_id", "policy_name", "role_id", "role_name", "service_identity", "node_identity",
    ])
)]
pub(crate) struct CreateArgs {
    /// A note for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// Its public name, a UUID [default: one that the server makes]
    #[arg(long, value_name = "UUID")]
    pub(crate) accessor: Option<String>,
    /// Its secret, a UUID: the UUID itself, @FILE or - for standard input [default: one that the
    /// server makes]
    #[arg(long, value_name = "UUID")]
    pub(crate) secret: Option<String>,
    /// Let it hold in its own datacenter only
    #[arg(long)]
    pub(crate) local: bool,
    /// Let it end by itself after this long: 1m to 24h
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) expires_ttl: Option<Duration>,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) rights: RightsArgs,
    #[command(flatten)]
    pub(crate) roles: RolesArgs,
}

/// `quorate consul acl token read`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl token read --id 4be56c77
  quorate --token-file token consul acl token read --self
")]
pub(crate) struct OneArgs {
    /// Its accessor id, or the beginning of it if no other begins so; or `anonymous`
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "own",
        conflicts_with = "own"
    )]
    pub(crate) id: Option<String>,
    /// The token that this command itself works with
    #[arg(long = "self", id = "own")]
    pub(crate) own: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl token update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl token update --id 4be56c77 --policy-name app --merge-policies
  quorate consul acl token update --id 4be56c77 --description new --merge-policies --merge-roles
")]
pub(crate) struct UpdateArgs {
    /// Its accessor id, or the beginning of it if no other begins so; or `anonymous`
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// A note for people [default: the one that it has]
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// Keep the policies that it has
    #[arg(long)]
    pub(crate) merge_policies: bool,
    /// Keep the roles that it has
    #[arg(long)]
    pub(crate) merge_roles: bool,
    /// Keep the services that it may be
    #[arg(long)]
    pub(crate) merge_service_identities: bool,
    /// Keep the nodes that it may be
    #[arg(long)]
    pub(crate) merge_node_identities: bool,
    /// Make an old token a new one: its rules are lost, its secret stays. Give it policies that
    /// allow what it did
    #[arg(long)]
    pub(crate) upgrade_legacy: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) rights: RightsArgs,
    #[command(flatten)]
    pub(crate) roles: RolesArgs,
}

/// `quorate consul acl token clone`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl token clone --id 4be56c77 --description 'for the second app'
")]
pub(crate) struct CloneArgs {
    /// The other's accessor id, or the beginning of it if no other begins so; or `anonymous`
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// A note for people [default: that of the other]
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl token delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Its accessor id, or the beginning of it if no other begins so
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl token list`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl token list
  quorate consul acl token list --policy-name app
")]
pub(crate) struct ListArgs {
    /// Only tokens with this policy, by its id or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with = "policy_name")]
    pub(crate) policy_id: Option<String>,
    /// Only tokens with this policy, by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) policy_name: Option<String>,
    /// Only tokens with this role, by its id or the beginning of it
    #[arg(long, value_name = "ID", conflicts_with = "role_name")]
    pub(crate) role_id: Option<String>,
    /// Only tokens with this role, by its name
    #[arg(long, value_name = "NAME")]
    pub(crate) role_name: Option<String>,
    /// Only tokens that a login by this auth method made
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
