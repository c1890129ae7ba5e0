//! `quorate service`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate service register web --port 8080 --http http://127.0.0.1:8080/health
  quorate service register web --port 8080 -- ./web     while the command runs
  quorate service ls
  quorate service show web
  quorate service watch web
  quorate service deregister web
";

/// Everything about services.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ServiceArgs {
    #[command(subcommand)]
    pub(crate) command: ServiceCommand,
}

/// The verbs of `quorate service`.
#[derive(Debug, Subcommand)]
pub(crate) enum ServiceCommand {
    /// Register an instance, for good or while a command runs
    Register(Box<RegisterArgs>),
    /// Remove an instance
    #[command(after_help = "Examples:\n  quorate service deregister web-1\n")]
    Deregister(DeregisterArgs),
    /// List the services
    #[command(after_help = "Examples:\n  quorate service ls\n  quorate --output json service ls\n")]
    Ls(LsArgs),
    /// The instances of a service, with what their checks say
    Show(ShowArgs),
    /// Print one line for each instance that comes, changes or goes
    Watch(WatchArgs),
    /// Take an instance out of service for a while, or bring it back
    #[command(
        after_help = "Examples:\n  quorate service maintenance web-1 --enable --reason 'new disks'\n  quorate service maintenance web-1 --disable\n"
    )]
    Maintenance(MaintenanceArgs),
}

/// `quorate service register`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate service register web --port 8080 --tag v2 --meta rack=7
  quorate service register web --port 8080 --http http://127.0.0.1:8080/health --interval 5s
  quorate service register db --address 10.0.0.7 --port 5432 --tcp 10.0.0.7:5432
  quorate service register web --port 8080 --drain 5s -- ./web --listen 8080

Without a command the instance stays until it is deregistered. With one it is registered while the
command runs: kept so, whatever becomes of the agent, and passing because the command lives; then it
is drained and deregistered. Signals are passed on to the command. If quorate itself is killed, the
instance is critical when the TTL is over.

The command finds QUORATE_SERVICE_NAME and QUORATE_SERVICE_ID in its environment. Exit codes: the
command's own (128 + N when a signal N ended it); 125 quorate failed before it started; 126 it cannot
be executed; 127 it was not found.
")]
pub(crate) struct RegisterArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// The instance's id, unique at its agent [default: the name]
    #[arg(long, value_name = "ID", value_parser = value::key)]
    pub(crate) id: Option<String>,
    /// Where it is: an IP address or a host name [default: where its node is]
    #[arg(long, value_name = "ADDR", value_parser = value::key)]
    pub(crate) address: Option<String>,
    /// Its port
    #[arg(
        long,
        value_name = "PORT",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) port: u16,
    /// A tag; several times for several
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// A label; several times for several
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) meta: Vec<(String, String)>,
    /// Have the agent GET this URL: 2xx passes, 429 warns
    #[arg(long, value_name = "URL")]
    pub(crate) http: Vec<String>,
    /// Have the agent connect to this HOST:PORT
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) tcp: Vec<String>,
    /// How often the agent checks
    #[arg(long, value_name = "D", default_value = "10s", value_parser = value::positive_duration)]
    pub(crate) interval: Duration,
    /// How long one check may take
    #[arg(long, value_name = "D", default_value = "10s", value_parser = value::positive_duration)]
    pub(crate) check_timeout: Duration,
    /// Have the agent remove it when it was critical for this long; at least 1m
    #[arg(long, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) deregister_after: Option<Duration>,
    /// How long it passes after the last sign of life of quorate; at least 1s
    #[arg(long, value_name = "D", default_value = "15s", requires = "command",
          value_parser = value::positive_duration)]
    pub(crate) ttl: Duration,
    /// For how long it is in maintenance before it is deregistered, so that nobody new comes
    #[arg(long, value_name = "D", default_value = "0s", requires = "command",
          value_parser = value::duration)]
    pub(crate) drain: Duration,
    /// The command and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// `quorate service deregister`.
#[derive(Debug, Args)]
pub(crate) struct DeregisterArgs {
    /// The instance's id at the agent that is asked
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
}

/// `quorate service ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArgs {}

/// Which instances are meant.
#[derive(Debug, Args)]
pub(crate) struct WhichArgs {
    /// Only those with this tag; several times: all of them
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
    /// The nearest first, from this node; `here` is the agent that is asked
    #[arg(long, value_name = "NODE")]
    pub(crate) near: Option<String>,
}

/// `quorate service show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate service show web
  quorate service show web --passing --tag v2
  quorate service show web --near here
")]
pub(crate) struct ShowArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Only instances that pass all their checks
    #[arg(long)]
    pub(crate) passing: bool,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// `quorate service watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate service watch web                         those that pass
  quorate service watch web --all                   those that fail too
  quorate --output json service watch web           the whole set, one line a change
")]
pub(crate) struct WatchArgs {
    /// The service's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Instances that fail their checks too
    #[arg(long)]
    pub(crate) all: bool,
    #[command(flatten)]
    pub(crate) which: WhichArgs,
}

/// `quorate service maintenance`.
#[derive(Debug, Args)]
pub(crate) struct MaintenanceArgs {
    /// The instance's id at the agent that is asked
    #[arg(value_parser = value::key)]
    pub(crate) id: String,
    /// Take it out of service
    #[arg(long, required_unless_present = "disable", conflicts_with = "disable")]
    pub(crate) enable: bool,
    /// Bring it back
    #[arg(long)]
    pub(crate) disable: bool,
    /// Why, for people
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true,
        conflicts_with = "disable"
    )]
    pub(crate) reason: String,
}
