//! How long clusters of each size take, beside what the protocol promises.
//!
//! `QUORATE_GOSSIP_NODES=3,10,50,100,200,500` prints the table of `docs/performance.md`.

use std::time::Duration;

use super::network::{Faults, Network, delivered};
use super::{MINUTE, cluster_of};
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::Status;

/// A network as Serf's own simulator takes it for a bad one, and a second as a slow one.
const BAD: Faults = Faults {
    loss: 0.05,
    repeated: 0.05,
    delay: Duration::from_millis(100),
};

const CUT: Duration = Duration::from_secs(60);

fn sizes() -> Vec<usize> {
    let sizes = std::env::var("QUORATE_GOSSIP_NODES").unwrap_or_else(|_| "3,10,40".to_owned());
    sizes
        .split(',')
        .map(|size| size.trim().parse().unwrap())
        .collect()
}

/// What one cluster took.
struct Measured {
    joined: Duration,
    spread: Duration,
    first: Duration,
    all: Duration,
    healed: Duration,
}

#[test]
fn clusters_of_each_size_stay_within_the_bounds_of_the_protocol() {
    println!(
        "| members | network | all know all | an event at all (expected) | a failure seen first, by all \
         (at least, at most) | a cut of {CUT:.0?} healed | packets per member and second |"
    );
    println!("|---|---|---|---|---|---|---|");
    for count in sizes() {
        for (words, faults) in [("good", Faults::NONE), ("bad", BAD)] {
            let mut network = Network::new(7, faults);
            let measured = measure(&mut network, count);
            let (least, most) = bounds(count);
            let seconds = network.now.as_secs_f64() * f64::from(u32::try_from(count).unwrap());
            let packets = f64::from(u32::try_from(network.packets).unwrap()) / seconds;
            println!(
                "| {count} | {words} | {:.1?} | {:.2?} ({:.1?}) | {:.1?}, {:.1?} ({least:.1?}, {most:.0?}) | \
                 {:.1?} | {packets:.0} |",
                measured.joined,
                measured.spread,
                expected_spread(count),
                measured.first,
                measured.all,
                measured.healed,
            );
            assert!(measured.first >= least, "before anybody may say so");
            assert!(measured.all <= most + Duration::from_secs(10), "too late");
            assert!(
                network.largest <= 1400,
                "a packet of {} bytes",
                network.largest
            );
        }
    }
}

/// When a member may be declared dead at the earliest, and when at the latest: the suspicion of
/// Lifeguard after SWIM's two rounds, in which each member is probed by everybody.
fn bounds(count: usize) -> (Duration, Duration) {
    let profile = Profile::lan();
    let (least, most) = profile.suspicion_bounds(count);
    let rounds = profile.probe_interval * u32::try_from(2 * count).unwrap();
    (least, rounds + most)
}

/// Rounds until everybody has heard, where each tells three others: log4 n and a third of ln n.
fn expected_spread(count: usize) -> Duration {
    let profile = Profile::lan();
    let others = f64::from(u32::try_from(profile.gossip_nodes).unwrap());
    let count = f64::from(u32::try_from(count).unwrap());
    profile
        .gossip_interval
        .mul_f64(count.log(others + 1.0) + count.ln() / others)
}

fn measure(network: &mut Network, count: usize) -> Measured {
    let joined = cluster_of(network, count);
    network.pass(Duration::from_secs(10));
    let teller = count / 2;
    let sent = network.call(teller, |engine, now, _| {
        engine.user_event(now, "event", "x".into(), false)
    });
    sent.unwrap();
    let everywhere = |network: &Network| {
        let mut members = network.members.iter();
        members.all(|member| !delivered(&member.events).is_empty())
    };
    let spread = network.until("the event is everywhere", MINUTE, everywhere);
    network.members[count - 1].up = false;
    let start = network.now;
    let somebody = |network: &Network| {
        let mut members = network.members.iter().take(count - 1);
        let name = super::network::name(count - 1);
        members.any(|member| member.engine.member(&name).unwrap().status == Status::Failed)
    };
    let first = network.until("somebody notices", 30 * MINUTE, somebody);
    let failed = |network: &Network| network.all_think(count - 1, Status::Failed);
    network.until("everybody notices", 30 * MINUTE, failed);
    let all = network.now - start;
    network.restart(count - 1);
    network.join(count - 1, 0);
    network.until("it is back", 5 * MINUTE, Network::agrees);
    let healed = heal(network, count);
    for member in network.members.iter().take(count - 1) {
        let events = delivered(&member.events);
        assert_eq!(events, ["event"], "at {}", member.engine.name());
    }
    Measured {
        joined,
        spread,
        first,
        all,
        healed,
    }
}

/// Cuts the network into halves, and heals it.
fn heal(network: &mut Network, count: usize) -> Duration {
    for member in &mut network.members[..count / 2] {
        member.side = 1;
    }
    network.pass(CUT);
    for member in &mut network.members {
        member.side = 0;
    }
    // A failed member is tried every 30 s; the more have failed the more likely by everybody.
    let healed = network.until("both halves are one", 20 * MINUTE, Network::agrees);
    // In a bad network somebody may be suspected at any time, but nobody stays dead.
    network.faults = Faults::NONE;
    network.until("it lasts", 5 * MINUTE, Network::agrees);
    network.pass(Duration::from_secs(20));
    assert!(network.agrees(), "it does not last");
    healed
}
