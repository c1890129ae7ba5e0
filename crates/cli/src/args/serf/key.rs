//! `quorate serf keys` and `keygen`.

use clap::Args;

const ROTATION: &str = "\
A cluster gets another key in three steps, each after the one before was done by all members:
--install NEW, --use NEW, --remove OLD. Each can be done again. If some members did not do it, they are
named, and the exit code is 1.

KEY is 16, 24 or 32 bytes in base64 (quorate serf keygen). Others on this machine can see what is
typed: @FILE reads it from a file, - from standard input.
";

const EXAMPLES: &str = "\
Examples:
  quorate serf keys --list
  quorate serf keys --install @new.key
  quorate serf keys --use @new.key
  quorate serf keys --remove @old.key
";

/// `quorate serf keys`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{ROTATION}\n{EXAMPLES}"))]
#[group(skip)]
pub(crate) struct KeysArgs {
    #[command(flatten)]
    pub(crate) change: KeyChange,
}

/// What is done with keys: one of it.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct KeyChange {
    /// Give all members another key, with which they can then decrypt
    #[arg(long, value_name = "KEY")]
    pub(crate) install: Option<String>,
    /// Encrypt with this key from now on; all members must have it
    #[arg(long = "use", value_name = "KEY")]
    pub(crate) primary: Option<String>,
    /// Take a key from all members; not the one that they encrypt with
    #[arg(long, value_name = "KEY")]
    pub(crate) remove: Option<String>,
    /// List all keys, and how many members have each
    #[arg(long)]
    pub(crate) list: bool,
}

/// `quorate serf keygen`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf keygen
  quorate serf keygen > new.key
")]
pub(crate) struct KeygenArgs {}
