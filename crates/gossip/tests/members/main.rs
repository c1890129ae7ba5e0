//! Members with sockets and tasks, on loopback, without anything else.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod hostile;
mod start;
mod together;

use std::time::Duration;

use quorate_gossip::profile::Profile;
use quorate_gossip::{Config, Gossip};

const LONG: Duration = Duration::from_secs(30);

fn local(name: &str) -> Config {
    let mut profile = Profile::local();
    // A loaded machine may take longer than the second of the profile.
    profile.stream_timeout = LONG;
    Config::new(name)
        .with_profile(profile)
        .with_bind(([127, 0, 0, 1], 0).into())
}

async fn start(config: Config) -> Gossip {
    Gossip::start(config).await.unwrap()
}

/// Waits until `condition` holds.
async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, holds).await.is_ok(), "{what}");
}
