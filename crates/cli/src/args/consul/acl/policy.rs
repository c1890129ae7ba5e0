//! `quorate consul acl policy`.

use clap::{Args, Subcommand};

use super::{ShownArgs, WhichArgs};
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Policies: rules under a name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl policy create --name app --rules 'key_prefix \"app/\" { policy = \"read\" }'
  quorate consul acl policy read --name app
  quorate consul acl policy list
")]
pub(crate) struct PolicyArgs {
    #[command(subcommand)]
    pub(crate) verb: PolicyVerb,
}

/// The verbs of `quorate consul acl policy`.
#[derive(Debug, Subcommand)]
pub(crate) enum PolicyVerb {
    /// Make a policy
    Create(CreateArgs),
    /// Show a policy with its rules; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul acl policy read --name app --meta\n")]
    Read(OneArgs),
    /// Change a policy; what is not named stays
    Update(UpdateArgs),
    /// Remove a policy; its tokens and roles lose its rights
    #[command(after_help = "Examples:\n  quorate consul acl policy delete --id 3f1c\n")]
    Delete(DeleteArgs),
    /// All policies, without their rules
    #[command(after_help = "Examples:\n  quorate consul acl policy list\n")]
    List(ReadArgs),
}

/// `quorate consul acl policy create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl policy create --name app --rules @app.hcl
  quorate consul acl policy create --name app --rules - < app.hcl
  quorate consul acl policy create --name once --from-token 4be56c77
")]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    /// A note for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    /// Its rules in HCL or JSON: the rules themselves, @FILE or - for standard input
    #[arg(long, value_name = "RULES")]
    pub(crate) rules: Option<String>,
    /// Take the rules of an old token, by its accessor id or the beginning of it: the id itself,
    /// @FILE or - for standard input
    #[arg(long, value_name = "TOKEN", conflicts_with = "rules")]
    pub(crate) from_token: Option<String>,
    /// What --from-token names is the token's secret id
    #[arg(long, requires = "from_token")]
    pub(crate) token_secret: bool,
    /// Let it hold in this datacenter only; may be repeated
    #[arg(long, value_name = "DC")]
    pub(crate) valid_datacenter: Vec<String>,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl policy read`.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl policy update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl policy update --name app --rules @app.hcl
  quorate consul acl policy update --id 3f1c --name better
")]
pub(crate) struct UpdateArgs {
    /// Its id, or the beginning of it if no other begins so [default: that of the policy --name]
    #[arg(long, value_name = "ID", required_unless_present = "name")]
    pub(crate) id: Option<String>,
    /// Its new name; without --id, the name that it has
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Its rules in HCL or JSON: the rules themselves, @FILE or - for standard input
    #[arg(long, value_name = "RULES")]
    pub(crate) rules: Option<String>,
    /// Let it hold in this datacenter only; may be repeated
    #[arg(long, value_name = "DC")]
    pub(crate) valid_datacenter: Vec<String>,
    /// Empty what is not named, all but the id
    #[arg(long)]
    pub(crate) no_merge: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl policy delete` and `role delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    #[command(flatten)]
    pub(crate) which: WhichArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
