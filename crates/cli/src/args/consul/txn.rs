//! `quorate consul txn`.

use std::path::PathBuf;

use clap::Args;

use super::options::ReadArgs;

/// `quorate consul txn`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul txn operations.json
  echo '[{\"KV\":{\"Verb\":\"get\",\"Key\":\"a\"}}]' | quorate consul txn
")]
pub(crate) struct TxnArgs {
    /// The body of /v1/txn, a list of operations: a JSON file, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
