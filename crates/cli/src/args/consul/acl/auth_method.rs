//! `quorate consul acl auth-method`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};

use super::ShownArgs;
use crate::args::consul::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Auth methods: whose word is taken at a login.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl auth-method create --name ci --type jwt --config @ci.json
  quorate consul acl auth-method list
")]
pub(crate) struct AuthMethodArgs {
    #[command(subcommand)]
    pub(crate) verb: AuthMethodVerb,
}

/// The verbs of `quorate consul acl auth-method`.
#[derive(Debug, Subcommand)]
pub(crate) enum AuthMethodVerb {
    /// Make an auth method
    Create(CreateArgs),
    /// Show an auth method with its configuration; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul acl auth-method read --name ci\n")]
    Read(OneArgs),
    /// Change an auth method; what is not named stays
    Update(UpdateArgs),
    /// Remove an auth method, its binding rules, and every token that its logins made
    #[command(after_help = "Examples:\n  quorate consul acl auth-method delete --name ci\n")]
    Delete(DeleteArgs),
    /// All auth methods, without their configurations
    #[command(after_help = "Examples:\n  quorate consul acl auth-method list\n")]
    List(ReadArgs),
}

/// Where tokens of logins hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Locality {
    /// In their own datacenter
    Local,
    /// In all datacenters
    Global,
}

/// What an auth method knows.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Configuration of the method")]
pub(crate) struct ConfigArgs {
    /// All of it as JSON: the JSON itself, @FILE or - for standard input
    #[arg(long, value_name = "JSON")]
    pub(crate) config: Option<String>,
    /// The address of the Kubernetes API server
    #[arg(long, value_name = "URL")]
    pub(crate) kubernetes_host: Option<String>,
    /// The certificate of its authority in PEM: the text itself, @FILE or - for standard input
    #[arg(long, value_name = "PEM")]
    pub(crate) kubernetes_ca_cert: Option<String>,
    /// The JSON web token with which Kubernetes is asked about those of others: the token itself,
    /// @FILE or - for standard input
    #[arg(long, value_name = "JWT")]
    pub(crate) kubernetes_service_account_jwt: Option<String>,
}

/// What can be changed beside that.
#[derive(Debug, Default, Args)]
pub(crate) struct SettingsArgs {
    /// A note for people
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// The name that people see
    #[arg(long, value_name = "NAME")]
    pub(crate) display_name: Option<String>,
    /// Let tokens of logins end by themselves after this long: 1m to 24h
    #[arg(long, value_name = "D", value_parser = value::duration)]
    pub(crate) max_token_ttl: Option<Duration>,
    /// Where tokens of logins hold [default: in their own datacenter]
    #[arg(long, value_enum, value_name = "WHERE")]
    pub(crate) token_locality: Option<Locality>,
}

/// `quorate consul acl auth-method create`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl auth-method create --name ci --type jwt --config @ci.json --max-token-ttl 1h
  quorate consul acl auth-method create --name k8s --type kubernetes --kubernetes-host https://k8s:8443 --kubernetes-ca-cert @ca.pem --kubernetes-service-account-jwt @jwt
")]
pub(crate) struct CreateArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    /// Its kind: jwt or kubernetes
    #[arg(long = "type", value_name = "KIND", value_parser = value::key)]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// `quorate consul acl auth-method update`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl auth-method update --name ci --description 'the build machines'
")]
pub(crate) struct UpdateArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    /// Empty what is not named, all but name and kind
    #[arg(long)]
    pub(crate) no_merge: bool,
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
}

/// `quorate consul acl auth-method read`.
#[derive(Debug, Args)]
pub(crate) struct OneArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) shown: ShownArgs,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl auth-method delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// Its name
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
