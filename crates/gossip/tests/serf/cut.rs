//! A network that is cut between two halves of a mixed cluster, and healed.
//!
//! Each member says that it listens at a relay of its own.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use quorate_gossip::engine::Limits;
use quorate_gossip::{Gossip, Status};

use super::agent::Serf;
use super::relay::Relay;
use super::trials::{Named, join, local, sees};

pub(crate) const ALL: &[Named] = &[(
    "serf",
    "two_halves_of_a_mixed_cluster_find_together_when_the_network_heals",
    || Box::pin(cut()),
)];

/// A member of ours that others find at its relay.
async fn ours(name: &str) -> (Gossip, SocketAddr, Relay) {
    let (bind, relay) = reserved().await;
    let mut limits = Limits::default();
    limits.reconnect_interval = Duration::from_secs(1);
    let config = local(name).with_bind(bind).with_advertise(relay.address);
    let gossip = Gossip::start(config.with_limits(limits)).await.unwrap();
    (gossip, bind, relay)
}

async fn reserved() -> (SocketAddr, Relay) {
    let bind = SocketAddr::from(([127, 0, 0, 1], super::port::free_port()));
    (bind, Relay::new(bind).await)
}

async fn serf(name: &str, folder: &std::path::Path) -> (Serf, SocketAddr, Relay) {
    let serf = Serf::prepared();
    let bind = serf.address().parse().unwrap();
    let relay = Relay::new(bind).await;
    let config = folder.join(name);
    std::fs::write(&config, r#"{"reconnect_interval": "1s"}"#).unwrap();
    // Serf reads only files with that ending.
    let named = config.with_extension("json");
    std::fs::rename(&config, &named).unwrap();
    let mut serf = serf;
    serf.run(
        name,
        &[
            &format!("-config-file={}", named.display()),
            &format!("-advertise={}", relay.address),
        ],
    );
    (serf, bind, relay)
}

async fn cut() {
    let folder = tempfile::tempdir().unwrap();
    let (left_serf, left_serf_at, left_serf_relay) = serf("left-serf", folder.path()).await;
    let (right_serf, right_serf_at, right_serf_relay) = serf("right-serf", folder.path()).await;
    let (left, left_at, left_relay) = ours("left-ours").await;
    let (right, right_at, right_relay) = ours("right-ours").await;
    let all = [&left_serf_relay, &right_serf_relay, &right_relay];
    let all = all.map(|relay| relay.address.to_string());
    join(&left, &all).await;
    let everybody = ["left-serf", "right-serf", "left-ours", "right-ours"];
    let whole = async || {
        for name in everybody {
            left_serf.sees(name, "alive");
            right_serf.sees(name, "alive");
            sees(&left, name, Status::Alive).await;
            sees(&right, name, Status::Alive).await;
        }
    };
    whole().await;

    let (left_half, right_half) = (
        BTreeSet::from([left_serf_at, left_at]),
        BTreeSet::from([right_serf_at, right_at]),
    );
    for relay in [&left_serf_relay, &left_relay] {
        relay.cut_off(Some(right_half.clone()));
    }
    for relay in [&right_serf_relay, &right_relay] {
        relay.cut_off(Some(left_half.clone()));
    }
    for gone in ["right-serf", "right-ours"] {
        left_serf.sees(gone, "failed");
        sees(&left, gone, Status::Failed).await;
    }
    for gone in ["left-serf", "left-ours"] {
        right_serf.sees(gone, "failed");
        sees(&right, gone, Status::Failed).await;
    }
    // Each half holds together.
    left_serf.sees("left-ours", "alive");
    right_serf.sees("right-ours", "alive");
    sees(&left, "left-serf", Status::Alive).await;
    sees(&right, "right-serf", Status::Alive).await;

    for relay in [
        &left_serf_relay,
        &left_relay,
        &right_serf_relay,
        &right_relay,
    ] {
        relay.cut_off(None);
    }
    whole().await;
}
