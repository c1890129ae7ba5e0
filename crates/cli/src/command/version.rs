//! `quorate version`.

use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::version::VersionView;

/// Prints the version and what was built in.
pub(crate) fn run(config: &Config) -> Result<Exit, Failure> {
    config.screen.show(&VersionView {
        version: env!("CARGO_PKG_VERSION"),
        backends: &[
            "embedded",
            "memory",
            "consul",
            "consul+tls",
            "consul+unix",
            "etcd",
            "etcd+tls",
            "etcd+srv",
            "etcd2",
            "etcd2+tls",
            "serf",
        ],
        agent_protocols: &[
            "consul-http",
            "etcd-v2",
            "etcd-v3",
            "serf-rpc",
            "serf-gossip",
        ],
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        profile: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    })?;
    Ok(Exit::Success)
}
