//! `quorate consul raw`.

use clap::{Args, ValueEnum};

use super::options::ReadArgs;
use crate::args::value;

/// `quorate consul raw`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul raw GET /v1/catalog/nodes
  quorate consul raw -i GET '/v1/kv/app/?keys' --param separator=/
  quorate consul raw PUT /v1/session/create --data '{\"TTL\":\"15s\"}'
  quorate consul raw PUT /v1/agent/service/register --data @web.json
")]
pub(crate) struct RawArgs {
    /// The method, in capitals or not
    #[arg(value_enum, ignore_case = true)]
    pub(crate) method: Method,
    /// The path, with a query if it has one; percent-encoded as it will be sent
    #[arg(value_name = "PATH")]
    pub(crate) path: String,
    /// A parameter of the query, encoded here; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::pair)]
    pub(crate) param: Vec<(String, String)>,
    /// The body: the text itself, @FILE or - for standard input
    #[arg(long, short, value_name = "BODY")]
    pub(crate) data: Option<std::ffi::OsString>,
    /// Print the status and the headers of the answer before its body
    #[arg(long, short)]
    pub(crate) include: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// A method that Consul has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Method {
    /// Read
    Get,
    /// Write
    Put,
    /// Write, where that is not said twice
    Post,
    /// Remove
    Delete,
    /// Ask which methods there are
    Options,
}
