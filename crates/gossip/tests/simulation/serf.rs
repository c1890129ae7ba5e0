//! Serf's part in virtual time: tags, queries, keys, conflicts, pruning, coordinates, snapshots.

use std::collections::BTreeMap;
use std::time::Duration;

use super::network::{Faults, Network, address, name};
use super::{MINUTE, cluster};
use quorate_gossip::codec::{Envelope, Key, Keyring, Label};
use quorate_gossip::engine::QueryItem;
use quorate_gossip::event::{Event, MemberChange};
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::{Coalesce, Filter, KeyChange, QuerySpec, Snapshot, Status};

const KEY: [u8; 32] = [7; 32];

#[test]
fn tags_reach_everybody() {
    let mut network = cluster(60, 5, Faults::NONE);
    let tags = BTreeMap::from([("role".to_owned(), "db".to_owned())]);
    let set = tags.clone();
    network.call(3, |engine, now, op| engine.set_tags(now, op, set));
    network.until("the tags are known", MINUTE, |network| {
        let mut each = network.members.iter();
        each.all(|member| member.engine.member(&name(3)).unwrap().tags == tags)
    });
    network.until("it has ended", MINUTE, |network| {
        network.members[3]
            .finished
            .values()
            .filter(|fine| **fine)
            .count()
            == 2
    });
}

#[test]
fn a_query_is_acknowledged_and_answered_by_those_it_is_for() {
    let mut network = cluster(
        61,
        5,
        Faults {
            loss: 0.05,
            ..Faults::NONE
        },
    );
    let spec = QuerySpec::new("load")
        .with_filter(Filter::Nodes(vec![name(0), name(1), name(3)]))
        .with_relay_factor(2)
        .with_ack(true);
    let asked = network.call(0, |engine, now, op| engine.query(now, op, &spec));
    asked.unwrap();
    network.pass(Duration::from_millis(900));
    for node in 0..5 {
        let events = network.members[node].events.clone();
        for event in events {
            if let Event::Query(query) = event {
                let answer = network.call(node, |engine, now, _| {
                    engine.respond(now, query.key, format!("from {node}").into())
                });
                answer.unwrap();
            }
        }
    }
    network.pass(Duration::from_secs(4));
    let answers = &network.members[0].answers;
    let mut from: Vec<_> = answers
        .iter()
        .filter_map(|item| match item {
            QueryItem::Response { from, payload } => Some((from.clone(), payload.clone())),
            _ => None,
        })
        .collect();
    from.sort();
    let expected = [0, 1, 3].map(|node| (name(node), format!("from {node}").into()));
    assert_eq!(from, expected);
    let acks = answers
        .iter()
        .filter(|item| matches!(item, QueryItem::Ack { .. }));
    assert_eq!(acks.count(), 3);
    assert_eq!(answers.last(), Some(&QueryItem::Done));
}

#[test]
fn keys_are_changed_without_losing_anybody() {
    let old = Key::new(&KEY).unwrap();
    let new = Key::new(&[9; 16]).unwrap();
    let mut network = Network::new(62, Faults::NONE);
    for node in 0..4 {
        network.start(|_, envelope| {
            envelope.keyring = Keyring::new(old.clone());
            envelope.compression = true;
        });
        if node > 0 {
            network.join(node, 0);
        }
    }
    network.until("all know each other", MINUTE, Network::agrees);
    for change in [
        KeyChange::Install(new.clone()),
        KeyChange::Use(new.clone()),
        KeyChange::Remove(old.clone()),
        KeyChange::List,
    ] {
        network.call(1, |engine, now, op| engine.keys(now, op, &change));
        network.pass(Duration::from_secs(4));
        let (_, fine) = network.members[1].finished.last_key_value().unwrap();
        assert!(fine, "{change:?}");
    }
    network.pass(MINUTE);
    assert!(network.agrees());
    for member in &network.members {
        let keys: Vec<_> = member.engine.envelope().keyring.keys().collect();
        assert_eq!(keys, [&new]);
    }
}

#[test]
fn members_with_another_key_or_label_or_none_stay_outside() {
    let keyring = Keyring::new(Key::new(&KEY).unwrap());
    let inside = |_: &mut _, envelope: &mut Envelope| envelope.keyring = keyring.clone();
    let mut network = Network::new(63, Faults::NONE);
    network.start(inside);
    network.start(|_, _| {});
    network.start(|_, envelope| envelope.keyring = Keyring::new(Key::new(&[1; 32]).unwrap()));
    network.start(|config, envelope| {
        inside(config, envelope);
        envelope.label = Label::new("other").unwrap();
    });
    for node in 1..4 {
        network.join(node, 0);
    }
    network.pass(MINUTE);
    for member in &network.members {
        assert_eq!(
            member.engine.members().count(),
            1,
            "{}",
            member.engine.name()
        );
    }
    assert!(network.members[0].engine.stats().dropped >= 3);
}

#[test]
fn labelled_members_find_each_other() {
    let mut network = Network::new(64, Faults::NONE);
    for _ in 0..3 {
        network.start(|_, envelope| {
            envelope.label = Label::new("blue").unwrap();
            envelope.keyring = Keyring::new(Key::new(&KEY).unwrap());
            envelope.cipher_version = 0;
        });
    }
    network.join(1, 0);
    network.join(2, 1);
    network.until("all know each other", MINUTE, Network::agrees);
}

#[test]
fn of_two_with_one_name_the_one_that_most_do_not_know_stops() {
    let mut network = cluster(65, 5, Faults::NONE);
    let intruder = network.start(|config, _| config.name = name(2));
    network.join(intruder, 0);
    network.pass(MINUTE);
    assert!(network.members[intruder].name_lost);
    assert!(!network.members[2].name_lost);
}

#[test]
fn a_failed_member_can_be_taken_for_one_that_left_or_be_forgotten() {
    let mut network = cluster(66, 5, Faults::NONE);
    for node in [3, 4] {
        network.members[node].up = false;
        let failed = |network: &Network| network.all_think(node, Status::Failed);
        network.until("it failed", 2 * MINUTE, failed);
    }
    network.call(0, |engine, now, op| {
        engine.force_leave(now, op, &name(3), false);
    });
    network.until("it left", MINUTE, |network| {
        network.all_think(3, Status::Left)
    });
    network.call(0, |engine, now, op| {
        engine.force_leave(now, op, &name(4), true);
    });
    network.until("it is forgotten", MINUTE, |network| {
        let up = network.members.iter().filter(|member| member.up);
        up.into_iter()
            .all(|member| member.engine.member(&name(4)).is_none())
    });
}

#[test]
fn a_live_member_does_not_let_itself_be_taken_for_one_that_left() {
    let mut network = cluster(67, 4, Faults::NONE);
    network.call(0, |engine, now, op| {
        engine.force_leave(now, op, &name(2), true);
    });
    network.pass(Duration::from_secs(20));
    assert!(network.agrees());
}

#[test]
fn members_that_are_gone_for_long_are_forgotten() {
    let mut network = Network::new(68, Faults::NONE);
    for node in 0..3 {
        network.start(|config, _| config.limits.reconnect_timeout = MINUTE);
        if node > 0 {
            network.join(node, 0);
        }
    }
    network.until("all know each other", MINUTE, Network::agrees);
    network.members[2].up = false;
    network.pass(4 * MINUTE);
    assert!(network.members[0].engine.member(&name(2)).is_none());
    let reaped = network.members[0].events.iter().filter(
        |event| matches!(event, Event::Members(event) if event.change == MemberChange::Reap),
    );
    assert_eq!(reaped.count(), 1);
}

#[test]
fn coordinates_tell_how_far_members_are() {
    let far = Faults {
        delay: Duration::from_millis(40),
        ..Faults::NONE
    };
    let mut network = cluster(69, 5, far);
    network.pass(5 * MINUTE);
    let engine = &network.members[0].engine;
    let there = engine.coordinate_of(&name(3)).unwrap();
    let rtt = engine.coordinate().unwrap().round_trip(there).unwrap();
    // Each way takes from 4 to 40 ms.
    assert!((15..=80).contains(&rtt.as_millis()), "{rtt:?}");
}

#[test]
fn held_back_events_come_together() {
    let mut network = Network::new(70, Faults::NONE);
    network.start(|config, _| {
        config.coalesce_members = Some(Coalesce::agent());
        config.coalesce_users = Some(Coalesce::agent());
    });
    for node in 1..4 {
        network.start(|_, _| {});
        network.join(node, 0);
    }
    for number in 0..3 {
        let payload = format!("{number}");
        let sent = network.call(1, |engine, now, _| {
            engine.user_event(now, "deploy", payload.into(), true)
        });
        sent.unwrap();
    }
    network.pass(Duration::from_secs(5));
    let events = &network.members[0].events;
    let joins: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Members(event) => Some(event.members.len()),
            _ => None,
        })
        .collect();
    assert_eq!(joins, [4], "all in one event");
    let user: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::User(event) => Some(event.payload.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(user, ["2"], "only the latest");
}

#[test]
fn a_member_with_a_snapshot_joins_by_itself_and_delivers_nothing_twice() {
    let mut network = cluster(71, 3, Faults::NONE);
    let sent = network.call(0, |engine, now, _| {
        engine.user_event(now, "once", "".into(), false)
    });
    sent.unwrap();
    network.pass(MINUTE);
    let text = format!(
        "alive: {} {}\nclock: 5\nevent-clock: 1\nquery-clock: 0\n",
        name(0),
        address(0)
    );
    let node = network.start(|config, _| config.snapshot = Some(Snapshot::parse(&text, false)));
    network.until("it has joined by itself", MINUTE, Network::agrees);
    network.pass(MINUTE);
    let events = &network.members[node].events;
    assert!(!events.iter().any(|event| matches!(event, Event::User(_))));
}

/// Of so many queries that a member of three asks, how many each other one did not hear of.
fn missed(seed: u64, queries: u32) -> [u32; 2] {
    let mut network = Network::new(seed, Faults::NONE);
    for node in 0..3 {
        network.start(|config, _| config.profile = Profile::local());
        if node > 0 {
            network.join(node, 0);
        }
    }
    network.until("all know each other", MINUTE, Network::agrees);
    network.pass(MINUTE);
    let spec = QuerySpec::new("load").with_timeout(Duration::from_secs(1));
    let mut missed = [queries; 2];
    for query in 0..queries {
        let asked = network.call(0, |engine, now, op| engine.query(now, op, &spec));
        asked.unwrap();
        // At all moments between two probes.
        network.pass(Duration::from_millis(1003 + u64::from(query % 7)));
        for (node, missed) in missed.iter_mut().enumerate() {
            let events = std::mem::take(&mut network.members[node + 1].events);
            *missed -= u32::from(events.iter().any(|event| matches!(event, Event::Query(_))));
        }
    }
    missed
}

#[test]
fn nobody_misses_more_of_what_is_said_because_of_its_address() {
    let [one, two] = missed(70, 2000);
    println!("of 2000 queries, one member missed {one}, the other {two}");
    assert!(one + two < 40, "{one} and {two} of 2000 were missed");
}
