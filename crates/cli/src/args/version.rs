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
    "\nbackends: embedded, memory, consul (Consul 1.8.7 and later), etcd2 (etcd 0.4 to 3.5)",
    "\nagent: Consul HTTP API of 1.8.7; v2 API of etcd 3.4.23",
);

/// Options of `version`: none.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VersionArgs {}
