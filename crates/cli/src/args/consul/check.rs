//! `quorate consul check`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use super::agent::{FilterArgs, Status};
use super::services::IdArgs;
use crate::args::value;

/// The checks of the agent that is asked.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate consul check register --name mem --ttl 30s
  quorate consul check pass mem --note '40% free'
  quorate consul check list
")]
pub(crate) struct ChecksArgs {
    #[command(subcommand)]
    pub(crate) verb: CheckVerb,
}

/// The verbs of `quorate consul check`.
#[derive(Debug, Subcommand)]
pub(crate) enum CheckVerb {
    /// Register checks, or change those with the same ids, and print their ids
    Register(Box<RegisterArgs>),
    /// Remove a check
    #[command(after_help = "Examples:\n  quorate consul check deregister mem\n")]
    Deregister(IdArgs),
    /// All checks
    #[command(
        after_help = "Examples:\n  quorate consul check list --filter 'Status == critical'\n"
    )]
    List(FilterArgs),
    /// Say that a TTL check passes
    #[command(after_help = "Examples:\n  quorate consul check pass mem\n")]
    Pass(NoteArgs),
    /// Say that somebody should look at what a TTL check checks
    #[command(after_help = "Examples:\n  quorate consul check warn mem --note '9% free'\n")]
    Warn(NoteArgs),
    /// Say that a TTL check fails
    #[command(after_help = "Examples:\n  quorate consul check fail mem --note 'nothing free'\n")]
    Fail(NoteArgs),
    /// Say how a TTL check is, with its output
    #[command(
        after_help = "Examples:\n  quorate consul check update mem warning --output-text @report\n"
    )]
    Update(UpdateArgs),
}

/// `quorate consul check pass`, `warn` and `fail`.
#[derive(Debug, Args)]
pub(crate) struct NoteArgs {
    /// The check's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) note: String,
}

/// `quorate consul check update`.
#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// The check's id
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    /// How it is
    #[arg(value_enum)]
    pub(crate) status: Status,
    /// What it has to say: the text itself, @FILE or - for standard input
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) output_text: String,
}

/// `quorate consul check register`.
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  quorate consul check register --name mem --ttl 30s
  quorate consul check register --name front --service-id web-1 --http http://localhost:8080/health --interval 10s --check-timeout 2s
  quorate consul check register --name disk --interval 1m --script /usr/local/bin/disk --max 90
  quorate consul check register checks.hcl
",
    group = ArgGroup::new("kind").args([
        "files", "ttl", "http", "tcp", "grpc", "script", "alias_service", "alias_node",
    ]).required(true)
)]
pub(crate) struct RegisterArgs {
    /// Files with check blocks as an agent's configuration has them, in HCL or JSON; - for
    /// standard input
    #[arg(value_name = "FILE", conflicts_with = "name")]
    pub(crate) files: Vec<PathBuf>,
    /// The check's name, in place of files
    #[arg(long, value_name = "NAME", value_parser = value::key, required_unless_present = "files")]
    pub(crate) name: Option<String>,
    /// Its id [default: its name]
    #[arg(long, value_name = "ID", requires = "name")]
    pub(crate) id: Option<String>,
    /// The service that it belongs to, by its id [default: the node]
    #[arg(long, value_name = "ID", requires = "name")]
    pub(crate) service_id: Option<String>,
    /// A note for people
    #[arg(long, value_name = "TEXT", requires = "name")]
    pub(crate) notes: Option<String>,
    /// How it is to begin with [default: critical]
    #[arg(long, value_enum, requires = "name")]
    pub(crate) status: Option<Status>,
    /// Remove its service when it was critical for this long: 1m at least
    #[arg(long, value_name = "D", value_parser = value::positive_duration, requires = "service_id")]
    pub(crate) deregister_critical_service_after: Option<Duration>,
    #[command(flatten)]
    pub(crate) kind: KindArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// What is checked.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "What is checked")]
pub(crate) struct KindArgs {
    /// Nothing: somebody has to say how it is at least this often
    #[arg(long, value_name = "D", value_parser = value::positive_duration, conflicts_with = "interval")]
    pub(crate) ttl: Option<Duration>,
    /// This URL is answered with 2xx; 429 is a warning
    #[arg(long, value_name = "URL", requires = "interval")]
    pub(crate) http: Option<String>,
    /// This address takes connections
    #[arg(long, value_name = "HOST:PORT", requires = "interval")]
    pub(crate) tcp: Option<String>,
    /// This address says by gRPC that it, or a service of it, is well
    #[arg(long, value_name = "HOST:PORT[/SERVICE]", requires = "interval")]
    pub(crate) grpc: Option<String>,
    /// This program ends with 0; 1 is a warning. With its arguments, so this is the last option
    #[arg(long, value_name = "PROGRAM", num_args = 1.., allow_hyphen_values = true, requires = "interval")]
    pub(crate) script: Vec<String>,
    /// The checks of this service of the node, by its id, or of --alias-node
    #[arg(long, value_name = "ID")]
    pub(crate) alias_service: Option<String>,
    /// The checks of this node
    #[arg(long, value_name = "NAME", conflicts_with = "alias_service")]
    pub(crate) alias_node: Option<String>,
}

/// How it is checked.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "How it is checked")]
pub(crate) struct RunArgs {
    /// How often
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) interval: Option<Duration>,
    /// For how long each time [default: 10s, scripts 30s]
    #[arg(long = "check-timeout", value_name = "D", value_parser = value::positive_duration, requires = "interval")]
    pub(crate) timeout_each: Option<Duration>,
    /// The method of HTTP requests [default: GET]
    #[arg(long, value_name = "METHOD", requires = "http")]
    pub(crate) method: Option<String>,
    /// A header of HTTP requests; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = value::pair, requires = "http")]
    pub(crate) header: Vec<(String, String)>,
    /// The body of HTTP requests
    #[arg(long, value_name = "TEXT", requires = "http")]
    pub(crate) body: Option<String>,
    /// Do not check certificates
    #[arg(long)]
    pub(crate) tls_skip_verify: bool,
    /// Speak gRPC over TLS
    #[arg(long, requires = "grpc")]
    pub(crate) grpc_use_tls: bool,
    /// Run the script in this Docker container
    #[arg(long, value_name = "ID", requires = "script")]
    pub(crate) docker_container_id: Option<String>,
    /// The shell of that container
    #[arg(long, value_name = "PATH", requires = "docker_container_id")]
    pub(crate) shell: Option<String>,
    /// So many results in a row until it passes
    #[arg(long, value_name = "N", requires = "interval")]
    pub(crate) success_before_passing: Option<u32>,
    /// So many results in a row until it is critical
    #[arg(long, value_name = "N", requires = "interval")]
    pub(crate) failures_before_critical: Option<u32>,
    /// Keep so many bytes of what it says [default: 4096]
    #[arg(long, value_name = "BYTES", requires = "name")]
    pub(crate) output_max_size: Option<u32>,
}
