//! `quorate agent`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args};

use super::value::duration;

const EXAMPLES: &str = "\
Examples:
  quorate agent                                     127.0.0.1:8500, in your data directory
  quorate agent --memory --consul-http 127.0.0.1:0  nothing kept, any free port
  quorate agent --data /var/lib/quorate --node n1
  quorate agent --consul-http 127.0.0.1:8500 --consul-http unix:///tmp/quorate.sock
  quorate agent --etcd 127.0.0.1:2379               etcd's v2 API too
  quorate agent --acl-default-policy deny --acl-management-token-file token

Then, in another shell:
  export CONSUL_HTTP_ADDR=127.0.0.1:8500; consul kv put a b
  quorate --at consul://127.0.0.1:8500 kv get a
  ETCDCTL_API=2 etcdctl --endpoints http://127.0.0.1:2379 set /a b
";

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

    /// Listen here for etcd's v2 API: HOST:PORT or unix:///PATH; may be repeated
    #[arg(long, value_name = "ADDR")]
    pub(crate) etcd: Vec<String>,

    /// Answer exactly as etcd 3.4 where the agent is better by default
    #[arg(long, requires = "etcd")]
    pub(crate) etcd_strict: bool,

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
