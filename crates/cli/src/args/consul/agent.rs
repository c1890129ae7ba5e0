//! `quorate consul agent`, and what the `consul` command has at its top level: members, join, …

use clap::{Args, Subcommand, ValueEnum};

use crate::args::value;

/// The agent that is asked, as it sees itself.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul agent self
  quorate consul agent services
  quorate consul agent metrics
")]
pub(crate) struct AgentViewArgs {
    #[command(subcommand)]
    pub(crate) verb: AgentVerb,
}

/// The verbs of `quorate consul agent`.
#[derive(Debug, Subcommand)]
pub(crate) enum AgentVerb {
    /// Its configuration, itself as a member, its counters
    #[command(name = "self", after_help = "Examples:\n  quorate consul agent self\n")]
    Itself,
    /// The machine that it runs on
    #[command(after_help = "Examples:\n  quorate consul agent host\n")]
    Host,
    /// Its counters
    #[command(
        after_help = "Examples:\n  quorate consul agent metrics\n  quorate consul agent metrics --prometheus\n"
    )]
    Metrics(MetricsArgs),
    /// The services that it has
    #[command(after_help = "Examples:\n  quorate consul agent services\n")]
    Services(FilterArgs),
    /// The checks that it has
    #[command(
        after_help = "Examples:\n  quorate consul agent checks --filter 'Status == critical'\n"
    )]
    Checks(FilterArgs),
    /// Say how a TTL check is
    #[command(
        after_help = "Examples:\n  quorate consul agent check mem warning --note 'above 90%'\n"
    )]
    Check(CheckArgs),
}

/// `quorate consul agent metrics`.
#[derive(Debug, Args)]
pub(crate) struct MetricsArgs {
    /// As Prometheus reads them
    #[arg(long)]
    pub(crate) prometheus: bool,
}

/// What lists of the agent take.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only what fits this expression, such as 'Port == 8080'
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
}

/// `quorate consul agent check`.
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The check's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    /// How it is
    #[arg(value_enum)]
    pub(crate) status: Status,
    /// Why, for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
}

/// How a check is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Status {
    /// It is well
    #[value(alias = "pass")]
    Passing,
    /// It works, and somebody should look at it
    #[value(alias = "warn")]
    Warning,
    /// It can't be used
    #[value(alias = "fail")]
    Critical,
}

/// `quorate consul members`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul members\n  quorate consul members --wan\n")]
pub(crate) struct MembersArgs {
    /// The servers of all datacenters
    #[arg(long)]
    pub(crate) wan: bool,
}

/// `quorate consul join`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul join 10.0.0.2\n")]
pub(crate) struct JoinArgs {
    /// The addresses of members
    #[arg(required = true, value_name = "ADDRESS")]
    pub(crate) addresses: Vec<String>,
    /// Join servers of another datacenter
    #[arg(long)]
    pub(crate) wan: bool,
}

/// `quorate consul force-leave`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  quorate consul force-leave n3\n  quorate consul force-leave --prune n3\n"
)]
pub(crate) struct ForceLeaveArgs {
    /// The node's name
    #[arg(value_parser = value::key)]
    pub(crate) node: String,
    /// Forget it altogether
    #[arg(long)]
    pub(crate) prune: bool,
}

/// `quorate consul maint`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul maint --enable --reason 'new disks'
  quorate consul maint --enable --service web-1
  quorate consul maint --disable
  quorate consul maint                              what is in maintenance
")]
pub(crate) struct MaintArgs {
    /// Put the node, or a service, into maintenance
    #[arg(long, conflicts_with = "disable")]
    pub(crate) enable: bool,
    /// Take it out again
    #[arg(long)]
    pub(crate) disable: bool,
    /// The service's id [default: the whole node]
    #[arg(long, value_name = "ID")]
    pub(crate) service: Option<String>,
    /// Why, for people
    #[arg(long, value_name = "TEXT", requires = "enable", default_value = "")]
    pub(crate) reason: String,
}

/// `quorate consul monitor`.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  quorate consul monitor\n  quorate consul monitor --log-level debug --log-json\n"
)]
pub(crate) struct MonitorArgs {
    /// The least important lines: trace, debug, info, warn or err
    #[arg(long, value_name = "LEVEL", default_value = "info")]
    pub(crate) log_level: String,
    /// Each line as JSON
    #[arg(long)]
    pub(crate) log_json: bool,
}

/// `quorate consul reload`, `leave`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul reload\n")]
pub(crate) struct ReloadArgs {}

/// `quorate consul leave`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate consul leave\n")]
pub(crate) struct LeaveArgs {}
