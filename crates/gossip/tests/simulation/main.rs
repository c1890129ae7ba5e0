//! Clusters in virtual time: they converge, notice failures, and deliver each event once.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]
#![allow(
    clippy::print_stdout,
    reason = "the times are printed beside the bounds"
)]

mod faults;
mod network;
mod serf;
mod table;

use std::time::Duration;

use network::{Faults, Network};
use quorate_gossip::serf::Status;

const MINUTE: Duration = Duration::from_secs(60);

/// A cluster of `count` members that all know each other.
pub(crate) fn cluster(seed: u64, count: usize, faults: Faults) -> Network {
    let mut network = Network::new(seed, faults);
    cluster_of(&mut network, count);
    network
}

/// Lets `count` members join, all at once; how long it took until they all knew each other.
pub(crate) fn cluster_of(network: &mut Network, count: usize) -> Duration {
    for node in 0..count {
        network.start(|_, _| {});
        if node > 0 {
            network.join(node, 0);
        }
    }
    network.until("all know each other", 2 * MINUTE, Network::agrees)
}

#[test]
fn the_same_seed_gives_the_same_history() {
    let history = || {
        let mut network = cluster(
            3,
            8,
            Faults {
                loss: 0.1,
                ..Faults::NONE
            },
        );
        network.pass(MINUTE);
        (network.packets, network.members[0].engine.stats())
    };
    assert_eq!(history(), history());
}

#[test]
fn a_member_that_leaves_is_left_and_not_failed() {
    let mut network = cluster(11, 5, Faults::NONE);
    network.call(2, |engine, now, op| engine.leave(now, op));
    let gone = |network: &Network| network.all_think(2, Status::Left);
    let took = network.until("it has left", MINUTE, gone);
    assert!(took < Duration::from_secs(3), "{took:?}");
    network.pass(Duration::from_secs(2));
    network.members[2].up = false;
    network.pass(MINUTE);
    assert!(network.all_think(2, Status::Left));
}

#[test]
fn a_member_that_comes_back_is_alive_again() {
    let mut network = cluster(13, 5, Faults::NONE);
    network.members[4].up = false;
    network.until("it failed", 2 * MINUTE, |network| {
        network.all_think(4, Status::Failed)
    });
    network.restart(4);
    network.join(4, 1);
    network.until("it is back", MINUTE, Network::agrees);
}
