//! `quorate consul acl translate-rules` and `set-agent-token`.

use clap::{Args, ValueEnum};

use crate::args::consul::options::{ReadArgs, WriteArgs};

/// `quorate consul acl translate-rules`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl translate-rules @old.hcl
  quorate consul acl translate-rules 'key \"\" { policy = \"write\" }'
  quorate consul acl translate-rules --token-accessor 429cd746
  quorate consul acl translate-rules --token-secret - < token
")]
pub(crate) struct TranslateArgs {
    /// The rules, or what names an old token: the text itself, @FILE or - for standard input
    pub(crate) translate: String,
    /// It is an accessor id, or the beginning of one
    #[arg(long, conflicts_with = "token_secret")]
    pub(crate) token_accessor: bool,
    /// It is a secret id
    #[arg(long)]
    pub(crate) token_secret: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul acl set-agent-token`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul acl set-agent-token agent - < token
  quorate consul acl set-agent-token default @token
")]
pub(crate) struct AgentTokenArgs {
    /// Which of its tokens
    #[arg(value_enum, value_name = "TYPE")]
    pub(crate) which: Which,
    /// The token's secret: the secret itself, @FILE or - for standard input; empty takes it away
    pub(crate) secret: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// One of the tokens that an agent itself uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    /// Of requests that bring none
    Default,
    /// Of what the agent does by itself
    Agent,
    /// Lets its holder manage the agent while no server can be reached
    #[value(alias = "agent_master")]
    Master,
    /// With which a server copies the ACLs of the primary datacenter
    Replication,
}
