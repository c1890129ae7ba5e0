//! `quorate consul catalog`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::options::{ListArgs, ReadArgs, WriteArgs};
use crate::args::value;

/// Which nodes and services there are.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul catalog nodes --service web
  quorate consul catalog services --tags
  quorate consul catalog service web
")]
pub(crate) struct CatalogArgs {
    #[command(subcommand)]
    pub(crate) verb: CatalogVerb,
}

/// The verbs of `quorate consul catalog`.
#[derive(Debug, Subcommand)]
pub(crate) enum CatalogVerb {
    /// The datacenters, the nearest first
    #[command(after_help = "Examples:\n  quorate consul catalog datacenters\n")]
    Datacenters(ReadArgs),
    /// The nodes, or those that have a service
    Nodes(NodesArgs),
    /// A node with its services; fails with code 3 if there is none
    #[command(after_help = "Examples:\n  quorate consul catalog node n1\n")]
    Node(NodeArgs),
    /// The services by name, or those of a node
    Services(ServicesArgs),
    /// The instances of a service
    #[command(after_help = "Examples:\n  quorate consul catalog service web --tag primary\n")]
    Service(ServiceArgs),
    /// The instances that speak Connect for a service
    #[command(after_help = "Examples:\n  quorate consul catalog connect web\n")]
    Connect(ConnectArgs),
    /// The services behind a gateway
    #[command(after_help = "Examples:\n  quorate consul catalog gateway-services ingress\n")]
    GatewayServices(GatewayArgs),
    /// Write a node, with a service and checks, that has no agent of its own
    Register(DocumentArgs),
    /// Remove a node, or a service or a check of it
    Deregister(DeregisterArgs),
}

/// `quorate consul catalog nodes`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul catalog nodes --detailed
  quorate consul catalog nodes --service web --near _agent
  quorate consul catalog nodes --node-meta rack=a
")]
pub(crate) struct NodesArgs {
    /// Only nodes that have this service
    #[arg(long, value_name = "NAME")]
    pub(crate) service: Option<String>,
    /// Whole ids, tagged addresses and labels too
    #[arg(long)]
    pub(crate) detailed: bool,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `quorate consul catalog node`.
#[derive(Debug, Args)]
pub(crate) struct NodeArgs {
    /// The node's name
    #[arg(value_parser = value::key)]
    pub(crate) node: String,
    /// Only the services that fit this expression, such as 'Port == 8080'
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul catalog services`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul catalog services --tags
  quorate consul catalog services --node n1
")]
pub(crate) struct ServicesArgs {
    /// Only those of this node
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// Only those on nodes with this metadata; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair, conflicts_with = "node")]
    pub(crate) node_meta: Vec<(String, String)>,
    /// The tags beside each name (JSON always has them)
    #[arg(long)]
    pub(crate) tags: bool,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul catalog service`.
#[derive(Debug, Args)]
pub(crate) struct ServiceArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Only instances with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `quorate consul catalog connect`.
#[derive(Debug, Args)]
pub(crate) struct ConnectArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `quorate consul catalog gateway-services`.
#[derive(Debug, Args)]
pub(crate) struct GatewayArgs {
    /// The gateway's name
    #[arg(value_parser = value::key)]
    pub(crate) gateway: String,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
}

/// `quorate consul catalog register`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul catalog register node.json
  jq .node all.json | quorate consul catalog register
")]
pub(crate) struct DocumentArgs {
    /// The body of /v1/catalog/register: a JSON file, or - for standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// `quorate consul catalog deregister`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul catalog deregister --node old
  quorate consul catalog deregister --node db-1 --service-id mysql
  quorate consul catalog deregister body.json
")]
pub(crate) struct DeregisterArgs {
    /// The body of /v1/catalog/deregister: a JSON file, or - for standard input
    #[arg(
        value_name = "FILE",
        required_unless_present = "node",
        conflicts_with = "node"
    )]
    pub(crate) file: Option<PathBuf>,
    /// The node
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// Only this service of it, by its id
    #[arg(
        long,
        value_name = "ID",
        requires = "node",
        conflicts_with = "check_id"
    )]
    pub(crate) service_id: Option<String>,
    /// Only this check of it, by its id
    #[arg(long, value_name = "ID", requires = "node")]
    pub(crate) check_id: Option<String>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
