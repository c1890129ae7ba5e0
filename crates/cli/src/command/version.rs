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
            "etcd2",
            "etcd2+tls",
        ],
        agent_protocols: &["consul-http", "etcd-v2"],
        target: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        profile: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    })?;
    Ok(Exit::Success)
}
