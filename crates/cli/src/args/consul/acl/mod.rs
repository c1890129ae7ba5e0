//! `quorate consul acl`.

pub(crate) mod auth_method;
pub(crate) mod binding_rule;
pub(crate) mod legacy;
pub(crate) mod policy;
pub(crate) mod rights;
pub(crate) mod role;
pub(crate) mod rules;
pub(crate) mod token;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};

/// Who may do what.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl bootstrap
  quorate consul acl policy create --name app --rules @app.hcl
  quorate consul acl token create --description 'the app' --policy-name app
  quorate consul acl token list
")]
pub(crate) struct AclArgs {
    #[command(subcommand)]
    pub(crate) part: AclPart,
}

/// The parts of `quorate consul acl`.
#[derive(Debug, Subcommand)]
pub(crate) enum AclPart {
    /// Make the first token, which may do everything; this works once
    #[command(after_help = "Examples:\n  quorate consul acl bootstrap\n")]
    Bootstrap(BootstrapArgs),
    /// Policies: rules under a name
    Policy(policy::PolicyArgs),
    /// Roles: policies and identities under a name
    Role(role::RoleArgs),
    /// Tokens: what requests carry
    Token(token::TokenArgs),
    /// Auth methods: whose word is taken at a login
    AuthMethod(auth_method::AuthMethodArgs),
    /// Binding rules: what those get who log in
    BindingRule(binding_rule::BindingRuleArgs),
    /// Turn rules of the time before Consul 1.4 into those of today
    TranslateRules(rules::TranslateArgs),
    /// Give the agent one of the tokens that it uses itself
    SetAgentToken(rules::AgentTokenArgs),
    /// How far this datacenter is with the tokens of the primary one
    #[command(after_help = "Examples:\n  quorate consul acl replication\n")]
    Replication(ReadArgs),
    /// Tokens as they were before Consul 1.4
    Legacy(legacy::LegacyArgs),
}

/// `quorate consul acl bootstrap`.
#[derive(Debug, Args)]
pub(crate) struct BootstrapArgs {
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// How much of a thing people see.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct ShownArgs {
    /// Show its hash and indexes too (JSON always has them)
    #[arg(long = "meta")]
    pub(crate) with_meta: bool,
}

/// Which thing is meant, by its id or by its name.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Its id, or the beginning of it if no other begins so
    #[arg(
        long,
        value_name = "ID",
        required_unless_present = "name",
        conflicts_with = "name"
    )]
    pub(crate) id: Option<String>,
    /// Its name
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}
