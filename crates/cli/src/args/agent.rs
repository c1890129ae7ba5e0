//! `quorate agent`.

pub(crate) mod member;
pub(crate) mod serf;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::value::{duration, positive_duration};
use quorate_agent::LogLevel;
pub(crate) use serf::Goodbye;
use serf::SerfArgs;

const EXAMPLES: &str = "\
Examples:
  quorate agent                                     127.0.0.1:8500, in your data directory
  quorate agent --memory --consul-http 127.0.0.1:0  nothing kept, any free port
  quorate agent --data /var/lib/quorate --node n1
  quorate agent --consul-http 127.0.0.1:8500 --consul-http unix:///tmp/quorate.sock
  quorate agent --etcd 127.0.0.1:2379               etcd's v2 and v3 APIs too
  quorate agent --acl-default-policy deny --acl-management-token-file token
  quorate agent --serf-rpc 127.0.0.1:7373           Serf's RPC, on a cluster of one
  quorate agent --serf-rpc 127.0.0.1:7373 --gossip 10.0.0.1:7946 --join 10.0.0.2 --encrypt-file key
  quorate agent --serf-rpc 127.0.0.1:7373 --event-handler user:deploy=/usr/local/bin/deploy

Then, in another shell:
  export CONSUL_HTTP_ADDR=127.0.0.1:8500; consul kv put a b
  quorate --at consul://127.0.0.1:8500 kv get a
  etcdctl --endpoints http://127.0.0.1:2379 put a b
  serf members -rpc-addr=127.0.0.1:7373
";

/// How much is said.
pub(crate) fn level(text: &str) -> Result<LogLevel, String> {
    text.parse()
        .map_err(|_| "is none of trace, debug, info, warn and err".to_owned())
}

/// Options of the agent.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct AgentArgs {
    /// Keep everything in this directory [default: the user's data directory]
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    pub(crate) data: Option<PathBuf>,

    /// Keep nothing: all is gone when the agent ends
    #[arg(long)]
    pub(crate) memory: bool,

    /// The name of the node [default: the host's name]
    #[arg(long, value_name = "NAME")]
    pub(crate) node: Option<String>,

    /// Listen here for Consul's HTTP API: HOST:PORT (port 0: any free one) or unix:///PATH; may be repeated
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8500")]
    pub(crate) consul_http: Vec<String>,

    /// Serve clients of this era of Consul too: current or 0.7
    #[arg(long, value_name = "ERA")]
    pub(crate) consul_compat: Option<String>,

    /// Listen here for etcd's v2 and v3 APIs, over HTTP and gRPC: HOST:PORT or unix:///PATH; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) etcd: Vec<String>,

    /// Answer the v2 API exactly as etcd 3.4 where the agent is better by default
    #[arg(long, requires = "etcd")]
    pub(crate) etcd_strict: bool,

    /// Give leases of the v3 API at least this long to live: 1s, 30s; begun seconds count [default: 2s, as etcd]
    #[arg(long, value_name = "TIME", value_parser = positive_duration, requires = "etcd")]
    pub(crate) etcd_min_lease_ttl: Option<Duration>,

    #[command(flatten)]
    pub(crate) serf: SerfArgs,

    /// Print lines of the log on standard error, from this level on: trace, debug, info, warn, err
    /// [default: none]
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    pub(crate) log_level: Option<LogLevel>,

    /// Let checks run programs on this machine: whoever may register a check may then run what he likes
    #[arg(long)]
    pub(crate) script_checks: bool,

    /// Turn access rules on; what no rule speaks of is then denied, or allowed: deny or allow
    #[arg(long, value_name = "POLICY")]
    pub(crate) acl_default_policy: Option<String>,

    /// Turn access rules on, with the token in this file for everything (without the option,
    /// `consul acl bootstrap` makes the first token)
    #[arg(long, value_name = "FILE")]
    pub(crate) acl_management_token_file: Option<PathBuf>,

    /// Close a connection on which nothing happens for this long: 500ms, 10s, 1h; 0s keeps it [default: 10m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) idle_timeout: Option<Duration>,

    /// Listen beyond this machine although nobody has to say who they are: has to be given twice.
    /// Not needed with access rules that deny by default
    #[arg(long, action = ArgAction::Count)]
    pub(crate) allow_remote: u8,
}
