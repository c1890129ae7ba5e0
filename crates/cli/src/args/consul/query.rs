//! `quorate consul query`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::options::{ReadArgs, WriteArgs};
use crate::args::value;

/// Prepared queries: searches for instances of a service, stored and run by their name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul query create --name db --service db --only-passing --near _agent
  quorate consul query execute db
  quorate consul query list
")]
pub(crate) struct QueryArgs {
    #[command(subcommand)]
    pub(crate) verb: QueryVerb,
}

/// The verbs of `quorate consul query`.
#[derive(Debug, Subcommand)]
pub(crate) enum QueryVerb {
    /// List all queries
    #[command(after_help = "Examples:\n  quorate consul query list\n")]
    List(ReadArgs),
    /// Create a query and print its id
    #[command(after_help = "\
Examples:
  quorate consul query create --name db --service db --tag primary
  quorate consul query create --template --name find- --service '${name.suffix}'
  quorate consul query create --file query.json
")]
    Create(CreateQueryArgs),
    /// Show a query by its id as JSON; fails with code 3 if there is none
    #[command(
        after_help = "Examples:\n  quorate consul query read 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Read(ReadQueryArgs),
    /// Change a query; what is not named stays, unless it is replaced from a file
    #[command(
        after_help = "Examples:\n  quorate consul query update --near _agent 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Update(UpdateQueryArgs),
    /// Delete a query by its id
    #[command(
        after_help = "Examples:\n  quorate consul query delete 6ae84be4-2b4e-4b5a-9a0e-6f0f5a0c1e11\n"
    )]
    Delete(DeleteQueryArgs),
    /// Run a query by its name or id, and show the instances that it finds
    #[command(
        after_help = "Examples:\n  quorate consul query execute db\n  quorate consul query execute --near n1 --limit 3 db\n"
    )]
    Execute(ExecuteQueryArgs),
    /// Show the query that a name leads to, as it would run
    #[command(after_help = "Examples:\n  quorate consul query explain find-db\n")]
    Explain(ReadQueryArgs),
}

/// The fields of a query.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Fields of the query")]
pub(crate) struct QueryFields {
    /// Begin with the query in this file, as JSON; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The name that it is run by, or the prefix of such names
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// The service that it finds
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// It is a template for all names that begin with its own
    #[arg(long)]
    pub(crate) template: bool,
    /// A template's regular expression on the name
    #[arg(long, value_name = "REGEX")]
    pub(crate) regexp: Option<String>,
    /// Only instances with this tag, or with !TAG without it; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Leave out instances with warnings
    #[arg(long)]
    pub(crate) only_passing: bool,
    /// Do as if this check did not exist; may be repeated
    #[arg(long, value_name = "ID")]
    pub(crate) ignore_check: Vec<String>,
    /// Sort by the distance to this node, or to `_agent` or `_ip`
    #[arg(long, value_name = "NODE")]
    pub(crate) near: Option<String>,
    /// Only on nodes with this metadata; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) node_meta: Vec<(String, String)>,
    /// Only instances with this metadata; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) service_meta: Vec<(String, String)>,
    /// Find proxies and native instances of the mesh
    #[arg(long)]
    pub(crate) connect: bool,
    /// Search in this many of the nearest datacenters if there is nothing here
    #[arg(long, value_name = "N")]
    pub(crate) nearest: Option<u32>,
    /// … and then in this one; may be repeated
    #[arg(long, value_name = "DC")]
    pub(crate) failover: Vec<String>,
    /// For how long answers by DNS may be kept
    #[arg(long, value_name = "D", value_parser = value::duration)]
    pub(crate) dns_ttl: Option<Duration>,
    /// The session with which it ends
    #[arg(long, value_name = "ID")]
    pub(crate) session: Option<String>,
}

/// `quorate consul query create`.
#[derive(Debug, Args)]
pub(crate) struct CreateQueryArgs {
    #[command(flatten)]
    pub(crate) fields: QueryFields,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul query update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateQueryArgs {
    /// The query's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) fields: QueryFields,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul query read` and `explain`.
#[derive(Debug, Args)]
pub(crate) struct ReadQueryArgs {
    /// The query's id; to explain, its name too
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul query delete`.
#[derive(Debug, Args)]
pub(crate) struct DeleteQueryArgs {
    /// The query's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul query execute`.
#[derive(Debug, Args)]
pub(crate) struct ExecuteQueryArgs {
    /// The query's name or id
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// At most this many instances
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// Sort by the distance to this node, or to `_agent` or `_ip`
    #[arg(long, value_name = "NODE")]
    pub(crate) near: Option<String>,
    /// Find proxies and native instances of the mesh
    #[arg(long)]
    pub(crate) connect: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}
