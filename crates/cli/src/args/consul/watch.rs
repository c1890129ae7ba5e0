//! `quorate consul watch`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{ArgAction, Args};

const EXAMPLES: &str = "\
Examples:
  quorate consul watch --type key --key config/port
  quorate consul watch --type service --service web --passingonly -- ./reload.sh
  quorate consul watch --type event --name deploy --shell=false -- ./deploy --from-stdin
  quorate consul watch --type nodes --once
  quorate consul watch --config watch.json
";

const HANDLERS: &str = "\
Types: key, keyprefix, services, nodes, service, checks, event, connect_roots, connect_leaf,
agent_service.

The state as it is now is told first, then each real change. Without a command it is printed as JSON.
A command gets it on standard input, with its index in $CONSUL_INDEX; the next change waits for the
end of the command, and a command that fails ends the watch with code 1. Signals are passed on to it.

--config reads one watch as it stands in the configuration of a Consul agent: the same fields, and
`args`, `handler`, or `handler_type` with `http_handler_config` for an HTTP request. What fails there
is said, and the watch goes on.
";

/// Follow something, and run a command at each change.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{HANDLERS}\n{EXAMPLES}"))]
pub(crate) struct WatchArgs {
    /// What to follow: key, keyprefix, services, nodes, service, checks, event, …
    #[arg(
        long = "type",
        value_name = "TYPE",
        required_unless_present = "config",
        conflicts_with = "config"
    )]
    pub(crate) type_name: Option<String>,
    /// The key; for the type key
    #[arg(long, value_name = "KEY", conflicts_with = "config")]
    pub(crate) key: Option<String>,
    /// The start of the keys; for the type keyprefix
    #[arg(long, value_name = "PREFIX", conflicts_with = "config")]
    pub(crate) prefix: Option<String>,
    /// The service's name; for the types service, checks and `connect_leaf`
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) service: Option<String>,
    /// The service's id; for the type `agent_service`
    #[arg(long, value_name = "ID", conflicts_with = "config")]
    pub(crate) service_id: Option<String>,
    /// Only instances with this tag; may be repeated; for the type service
    #[arg(long, value_name = "TAG", conflicts_with = "config")]
    pub(crate) tag: Vec<String>,
    /// Only instances that pass all checks; for the type service
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        conflicts_with = "config"
    )]
    pub(crate) passingonly: Option<bool>,
    /// How checks have to be: any, passing, warning or critical; for the type checks
    #[arg(long, value_name = "STATE", conflicts_with = "config")]
    pub(crate) state: Option<String>,
    /// The event's name; for the type event
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) name: Option<String>,
    /// Ask this datacenter instead of the server's own
    #[arg(
        long,
        alias = "datacenter",
        value_name = "NAME",
        conflicts_with = "config"
    )]
    pub(crate) dc: Option<String>,
    /// Any server may answer, with data that may be old
    #[arg(long, conflicts_with = "config")]
    pub(crate) stale: bool,
    /// Begin with the events from before; for the type event
    #[arg(long)]
    pub(crate) replay: bool,
    /// End after the state as it is now
    #[arg(long)]
    pub(crate) once: bool,
    /// Run the words of the command as one line of a shell: $SHELL, or /bin/sh
    #[arg(
        long,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        action = ArgAction::Set,
        default_value = "true",
        default_missing_value = "true"
    )]
    pub(crate) shell: bool,
    /// Read the watch from this file, or from - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, value_name = "CMD", conflicts_with = "config")]
    pub(crate) command: Vec<OsString>,
}
