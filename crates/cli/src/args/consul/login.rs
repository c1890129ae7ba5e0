//! `quorate consul login` and `logout`.

use std::path::PathBuf;

use clap::Args;

use super::options::WriteArgs;
use crate::args::value;

/// `quorate consul login`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul login --method ci --bearer-token-file jwt --token-sink-file token
  quorate --token-file token consul kv get app/port
  quorate --token-file token consul logout
")]
pub(crate) struct LoginArgs {
    /// The auth method
    #[arg(long, value_name = "NAME", value_parser = value::key)]
    pub(crate) method: String,
    /// The file with what proves who logs in, such as a JSON web token
    #[arg(long, value_name = "PATH")]
    pub(crate) bearer_token_file: PathBuf,
    /// Write the token's secret to this file, which only its owner may read
    #[arg(long, value_name = "PATH")]
    pub(crate) token_sink_file: PathBuf,
    /// A label of the token; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) meta: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul logout`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate --token-file token consul logout\n")]
pub(crate) struct LogoutArgs {
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
