//! Networks that lose, delay, repeat and are cut.

use std::time::Duration;

use super::network::{Faults, Network, delivered, name};
use super::{MINUTE, cluster};
use quorate_gossip::serf::Status;

const BAD: Faults = Faults {
    loss: 0.15,
    repeated: 0.1,
    delay: Duration::from_millis(150),
};

fn rounds() -> u64 {
    let rounds = std::env::var("QUORATE_GOSSIP_ROUNDS");
    rounds.map_or(3, |rounds| rounds.parse().unwrap())
}

#[test]
fn no_live_member_stays_dead_after_the_faults_end() {
    for seed in 0..rounds() {
        let mut network = cluster(seed, 9, Faults::NONE);
        network.faults = BAD;
        for node in 0..4 {
            network.members[node].side = 1;
        }
        network.pass(2 * MINUTE);
        let seen = network.members[0].engine.member(&name(8)).unwrap().status;
        assert_eq!(seen, Status::Failed, "the cut was not noticed");
        for member in &mut network.members {
            member.side = 0;
        }
        network.faults = Faults::NONE;
        // A failed member is tried every 30 s, by each member that misses it.
        let healed = network.until("all are back", 10 * MINUTE, Network::agrees);
        println!("seed {seed}: a cut of two minutes healed after {healed:.1?}");
        network.pass(MINUTE);
        assert!(network.agrees(), "it does not last");
    }
}

#[test]
fn loss_alone_declares_nobody_dead_for_long() {
    for seed in 20..20 + rounds() {
        let mut network = cluster(seed, 12, Faults::NONE);
        network.faults = Faults { loss: 0.1, ..BAD };
        network.pass(3 * MINUTE);
        network.faults = Faults::NONE;
        network.until("all are alive", 2 * MINUTE, Network::agrees);
    }
}

#[test]
fn each_event_is_delivered_once_to_each_member() {
    for seed in 40..40 + rounds() {
        let mut network = cluster(seed, 10, Faults::NONE);
        network.faults = BAD;
        for number in 0..20_usize {
            let name = format!("e{number}");
            let sent = network.call(number % 10, |engine, now, _| {
                engine.user_event(now, &name, "x".into(), false)
            });
            sent.unwrap();
            network.pass(Duration::from_millis(300));
        }
        let everywhere = |network: &Network| {
            let each = network
                .members
                .iter()
                .map(|member| delivered(&member.events));
            each.into_iter().all(|events| events.len() >= 20)
        };
        let took = network.until("all events are everywhere", 3 * MINUTE, everywhere);
        println!("seed {seed}: 20 events at 10 members, {took:.1?} after the last");
        // Push/pull tells of the latest events again and again.
        network.pass(2 * MINUTE);
        for member in &network.members {
            let mut events = delivered(&member.events);
            let count = events.len();
            events.sort_unstable();
            events.dedup();
            assert_eq!(
                (events.len(), count),
                (20, 20),
                "at {}",
                member.engine.name()
            );
        }
    }
}

#[test]
fn who_joins_late_hears_of_events_unless_he_says_otherwise() {
    let mut network = cluster(50, 3, Faults::NONE);
    let sent = network.call(0, |engine, now, _| {
        engine.user_event(now, "old", "".into(), false)
    });
    sent.unwrap();
    network.pass(MINUTE);
    for ignore_old in [false, true] {
        let node = network.start(|_, _| {});
        network.call(node, |engine, now, op| {
            engine.join(now, op, &[super::network::address(0)], ignore_old);
        });
        network.until("it has joined", MINUTE, Network::agrees);
        network.pass(MINUTE);
        let heard = !delivered(&network.members[node].events).is_empty();
        assert_eq!(heard, !ignore_old);
    }
}
