//! `quorate version`.

use clap::Args;

const EXAMPLES: &str = "\
Examples:
  quorate version
  quorate --output json version
";

/// What `quorate --version` prints after the name.
pub(crate) const LONG: &str = concat!(
    env!("CARGO_PKG_VERSION"),
    "\nbackends: embedded, memory, consul (Consul 1.8.7 and later), ",
    "etcd (v3 API), etcd2 (etcd 0.4 to 3.5), serf (RPC of Serf 0.10.1)",
    "\nagent: Consul HTTP API of 1.8.7; v2 API of etcd 3.4.23, v3 API of etcd 3.5.16; ",
    "RPC and gossip of Serf 0.10.1",
);

/// Options of `version`: none.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VersionArgs {}
