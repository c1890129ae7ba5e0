//! `quorate etcd txn`.

use clap::{Args, Parser};

use super::key::{DelArgs, GetArgs, PutArgs};
use crate::args::flag;

const FORM: &str = "\
It is read from standard input: conditions, then what is done if all of them hold, then what is done
if not, each part ended by an empty line. A condition is mod(\"KEY\"), create(…), version(…), value(…)
or lease(…), then =, !=, < or >, then the right side in quotes. What is done is get, put or del, with
their options:

  mod(\"greeting\") > \"0\"
  value(\"state\") = \"ready\"

  put greeting \"Hello again\"
  get --prefix jobs/

  get greeting

";

const EXAMPLES: &str = "\
Examples:
  quorate etcd txn < transaction.txt
  quorate etcd txn --interactive
";

/// `quorate etcd txn`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{FORM}{EXAMPLES}"))]
pub(crate) struct TxnArgs {
    /// Say what is to be typed
    #[arg(long, short)]
    pub(crate) interactive: bool,
}

/// A line of a transaction that does something.
#[derive(Debug, Parser)]
#[command(
    multicall = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    mut_subcommands(flag::everywhere)
)]
pub(crate) enum Request {
    /// Read keys
    Get(GetArgs),
    /// Write a key
    Put(PutArgs),
    /// Delete keys
    Del(DelArgs),
}
