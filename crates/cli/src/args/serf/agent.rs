//! `quorate serf agent`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args};
use quorate_agent::LogLevel;

use crate::args::agent::member::{MemberArgs, place};
use crate::args::agent::{Goodbye, level};

const WHERE: &str = "\
It is quorate agent, without the APIs of Consul and etcd. Its RPC is at --rpc-addr, or else at
127.0.0.1:7373; clients have to show the token of --token-file, --rpc-auth or $SERF_RPC_AUTH, if there
is one. With --data it remembers members, clocks and keys there: what --snapshot and --keyring-file do
one by one.

A configuration file is one of Serf's, in JSON and with Serf's keys. Of several, later ones win, and
lists are added up; what is typed wins over all. On SIGHUP the log level, tags and event handlers are
read again. The log is on standard error.
";

const EXAMPLES: &str = "\
Examples:
  quorate serf agent --node web-1 --tag role=web
  quorate serf agent --bind 10.0.0.1 --join 10.0.0.2 --encrypt @key --data /var/lib/serf
  quorate serf agent --rpc-addr 127.0.0.1:7374 --event-handler query:uptime=uptime
  quorate serf agent --config-dir /etc/serf --log-level debug
";

/// `quorate serf agent`.
#[derive(Clone, Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{WHERE}\n{EXAMPLES}"))]
pub(crate) struct AgentArgs {
    /// Read a configuration file of Serf, or all *.json of a directory; may be repeated
    #[arg(long, visible_alias = "config-dir", value_name = "PATH")]
    pub(crate) config_file: Vec<PathBuf>,
    /// Listen here for other members, by UDP and TCP: IP or IP:PORT [default: 127.0.0.1:7946]
    #[arg(long, value_name = "ADDR", value_parser = place)]
    pub(crate) bind: Option<SocketAddr>,
    /// The member's name [default: the host's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,
    /// A member to join; may be repeated. If none is reached, the agent ends
    #[arg(long, value_name = "ADDR")]
    pub(crate) join: Vec<String>,
    /// A member to join, tried until one is reached; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) retry_join: Vec<String>,
    #[command(flatten)]
    pub(crate) member: MemberArgs,
    /// As --tag role=ROLE
    #[arg(long, value_name = "ROLE", hide = true)]
    pub(crate) role: Option<String>,
    /// Run a script when something happens: [TYPE[:NAME][,…]=]SCRIPT; may be repeated
    #[arg(long, value_name = "HANDLER")]
    pub(crate) event_handler: Vec<String>,
    /// Keep everything in this directory [default: in memory]
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Print lines of the log from this level on: trace, debug, info, warn, err [default: info]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) log_level: Option<LogLevel>,
    /// Listen beyond this machine without a key or a token: has to be given twice
    #[arg(long, action = ArgAction::Count)]
    pub(crate) allow_remote: u8,
    /// Of a configuration file.
    #[arg(skip)]
    pub(crate) goodbye: Goodbye,
    #[command(flatten)]
    pub(crate) refused: RefusedArgs,
}

/// What `serf` has, and this has not: hidden, and refused with the reason.
#[derive(Clone, Debug, Args)]
#[group(skip)]
pub(crate) struct RefusedArgs {
    /// Refused
    #[arg(long, hide = true)]
    pub(crate) discover: Option<String>,
    /// Refused
    #[arg(long, hide = true)]
    pub(crate) iface: Option<String>,
    /// Refused
    #[arg(long, hide = true)]
    pub(crate) syslog: bool,
    /// Refused, unless it is the one that is spoken
    #[arg(long, hide = true)]
    pub(crate) protocol: Option<u8>,
}
