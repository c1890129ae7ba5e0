//! `quorate consul health`.

use clap::{Args, Subcommand, ValueEnum};

use super::options::ListArgs;
use crate::args::value;

/// Who is well.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul health service web --passing
  quorate consul health state critical
")]
pub(crate) struct HealthArgs {
    #[command(subcommand)]
    pub(crate) verb: HealthVerb,
}

/// The verbs of `quorate consul health`.
#[derive(Debug, Subcommand)]
pub(crate) enum HealthVerb {
    /// The checks of a node and of its services
    #[command(after_help = "Examples:\n  quorate consul health node n1\n")]
    Node(NameArgs),
    /// The checks of a service's instances
    #[command(after_help = "Examples:\n  quorate consul health checks web --near _agent\n")]
    Checks(NameArgs),
    /// The instances of a service with their checks
    #[command(
        after_help = "Examples:\n  quorate consul health service web --passing --tag primary\n"
    )]
    Service(InstancesArgs),
    /// The instances that speak Connect for a service, with their checks
    #[command(after_help = "Examples:\n  quorate consul health connect web\n")]
    Connect(InstancesArgs),
    /// The ingress gateways of a service, with their checks
    #[command(after_help = "Examples:\n  quorate consul health ingress web\n")]
    Ingress(InstancesArgs),
    /// The checks in a state
    #[command(
        after_help = "Examples:\n  quorate consul health state critical\n  quorate consul health state any\n"
    )]
    State(StateArgs),
}

/// `quorate consul health node` and `checks`.
#[derive(Debug, Args)]
pub(crate) struct NameArgs {
    /// The name of the node or the service
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `quorate consul health service`, `connect` and `ingress`.
#[derive(Debug, Args)]
pub(crate) struct InstancesArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Only instances with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    pub(crate) tag: Vec<String>,
    /// Only instances all of whose checks pass
    #[arg(long)]
    pub(crate) passing: bool,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// `quorate consul health state`.
#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// The state
    #[arg(value_enum)]
    pub(crate) state: State,
    #[command(flatten)]
    pub(crate) list: ListArgs,
}

/// A state of checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum State {
    /// Every state
    Any,
    /// It is well
    Passing,
    /// Somebody should look at it
    Warning,
    /// It can't be used
    Critical,
}
