//! Members with sockets and tasks, on loopback, without anything else.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod hostile;
#[path = "../serf/port.rs"]
mod port;
mod start;
mod together;

use std::net::SocketAddr;
use std::time::Duration;

use quorate_gossip::engine::Limits;
use quorate_gossip::profile::Profile;
use quorate_gossip::{Config, Gossip};

const LONG: Duration = Duration::from_secs(50);

fn local(name: &str) -> Config {
    let (mut profile, mut limits) = (Profile::local(), Limits::default());
    // A loaded machine may take longer than the second of the profile, and the five of the limits. What is
    // closed before its time is over is closed for another reason.
    profile.stream_timeout = 2 * LONG;
    limits.broadcast_timeout = LONG;
    Config::new(name)
        .with_profile(profile)
        .with_limits(limits)
        .with_bind(SocketAddr::from(([127, 0, 0, 1], port::free_port())))
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
