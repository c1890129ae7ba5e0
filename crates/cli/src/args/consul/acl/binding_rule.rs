//! `quorate consul acl binding-rule`.

use clap::{Args, Subcommand, ValueEnum};

use super::ShownArgs;
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Binding rules: what those get who log in.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl binding-rule create --method ci --bind-type role --bind-name ci
  quorate consul acl binding-rule list --method ci
")]
pub(crate) struct BindingRuleArgs {
    #[command(subcommand)]
    pub(crate) verb: BindingRuleVerb,
}

/// The verbs of `quorate consul acl binding-rule`.
#[derive(Debug, Subcommand)]
pub(crate) enum BindingRuleVerb {
    /// Make a binding rule
    Create(CreateArgs),
    /// Show a binding rule; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul acl binding-rule read --id 43cb72df\n")]
    Read(OneArgs),
    /// Change a binding rule; what is not named stays
    Update(UpdateArgs),
    /// Remove a binding rule; tokens of earlier logins keep what it gave
    #[command(after_help = "Examples:\n  quorate consul acl binding-rule delete --id 43cb72df\n")]
    Delete(DeleteArgs),
    /// All binding rules, or those of an auth method
    #[command(after_help = "Examples:\n  quorate consul acl binding-rule list --method ci\n")]
    List(ListArgs),
}

/// What a rule gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Bind {
    /// A service that the token may be
    Service,
    /// A node that the token may be
    Node,
    /// A role, if there is one of that name
    Role,
}

/// `quorate consul acl binding-rule create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl binding-rule create --method k8s --bind-type service --bind-name 'k8s-${serviceaccount.name}' --selector 'serviceaccount.namespace==default'
")]
pub(crate) struct CreateArgs {
    /// The auth method
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) method: String,
    /// What it gives
    #[arg(long, value_enum)]
    pub(crate) bind_type: Bind,
    /// The name of that, with ${…} for what the auth method knows of who logs in
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) bind_name: String,
    /// Whom it is for, by what the auth method knows of him [default: all]
    #[arg(long, value_name = "EXPRESSION", default_value = "")]
    pub(crate) selector: String,
    /// A note for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) description: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl binding-rule update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl binding-rule update --id 43cb72df --selector 'value.team==web'
")]
pub(crate) struct UpdateArgs {
    /// Its id, or the beginning of it if no other begins so
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    /// What it gives
    #[arg(long, value_enum, required_if_eq("no_merge", "true"))]
    pub(crate) bind_type: Option<Bind>,
    /// The name of that, with ${…} for what the auth method knows of who logs in
    #[arg(long, value_name = "NAME", required_if_eq("no_merge", "true"))]
    pub(crate) bind_name: Option<String>,
    /// Whom it is for, by what the auth method knows of him
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) selector: Option<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Empty what is not named, all but the id and the auth method
    #[arg(long)]
    pub(crate) no_merge: bool,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl binding-rule read`.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Its id, or the beginning of it if no other begins so
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl binding-rule delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Its id, or the beginning of it if no other begins so
    #[arg(long, value_name = "ID")]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl binding-rule list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Only those of this auth method
    #[arg(long, value_name = "NAME")]
    pub(crate) method: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
