//! `quorate consul acl legacy`.

use clap::{Args, Subcommand, ValueEnum};

use crate::args::consul::options::{ReadArgs, WriteArgs};

/// Tokens as they were before Consul 1.4. Their only name is their secret, so it is read from a
/// file or from standard input where that is wanted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl legacy create --name reader --rules @rules.hcl
  quorate consul acl legacy info - < token
  quorate consul acl legacy list
")]
pub(crate) struct LegacyArgs {
    #[command(subcommand)]
    pub(crate) verb: LegacyVerb,
}

/// The verbs of `quorate consul acl legacy`.
#[derive(Debug, Subcommand)]
pub(crate) enum LegacyVerb {
    /// Make a token and print its secret
    #[command(
        after_help = "Examples:\n  quorate consul acl legacy create --name reader --rules @rules.hcl\n"
    )]
    Create(EntryArgs),
    /// Replace a token, or make it with this secret
    #[command(
        after_help = "Examples:\n  quorate consul acl legacy update @token --name reader --rules @rules.hcl\n"
    )]
    Update(UpdateArgs),
    /// Make a token with the name and the rules of another, and print its secret
    #[command(after_help = "Examples:\n  quorate consul acl legacy clone @token\n")]
    Clone(SecretArgs),
    /// Remove a token
    #[command(after_help = "Examples:\n  quorate consul acl legacy destroy @token\n")]
    Destroy(SecretArgs),
    /// Show a token; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul acl legacy info - < token\n")]
    Info(InfoArgs),
    /// All tokens, without their secrets unless they are asked for
    #[command(
        after_help = "Examples:\n  quorate consul acl legacy list\n  quorate consul acl legacy list --secrets\n"
    )]
    List(ListArgs),
    /// How far this datacenter is with the tokens of the primary one
    #[command(after_help = "Examples:\n  quorate consul acl legacy replication\n")]
    Replication(ReadArgs),
}

/// What an old token is to be.
#[derive(Debug, Args)]
pub(crate) struct EntryArgs {
    /// A name for people
    #[arg(long, value_name = "NAME", default_value = "")]
    pub(crate) name: String,
    /// Whether it may do what its rules say, or everything
    #[arg(long = "type", value_enum, value_name = "KIND", default_value_t = Kind::Client)]
    pub(crate) kind: Kind,
    /// Its rules in HCL or JSON: the rules themselves, @FILE or - for standard input
    #[arg(long, value_name = "RULES", default_value = "")]
    pub(crate) rules: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// What an old token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// What its rules say
    Client,
    /// Everything
    Management,
}

/// `quorate consul acl legacy update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The token's secret: the secret itself, @FILE or - for standard input
    pub(crate) secret: String,
    #[command(flatten)]
    pub(crate) entry: EntryArgs,
}

/// `quorate consul acl legacy clone` and `destroy`.
#[derive(Debug, Args)]
pub(crate) struct SecretArgs {
    /// The token's secret: the secret itself, @FILE or - for standard input
    pub(crate) secret: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul acl legacy info`.
#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// The token's secret: the secret itself, @FILE or - for standard input
    pub(crate) secret: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl legacy list`.
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Show the secrets, which are the tokens' only names
    #[arg(long)]
    pub(crate) secrets: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
