//! Sizes that lie, bombs, floods and noise.

use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use quorate_gossip::Event;
use quorate_gossip::codec::{
    Alive, Compressed, Envelope, FrameScanner, Key, Keyring, Kind, Message, OpenError, Ping,
    PushPull, RemoteNode, compress, decompress,
};
use quorate_gossip::engine::{Engine, EngineConfig, Limits, Output};
use quorate_gossip::msgpack::{Body as _, DecodeError};
use quorate_gossip::rng::Rng;
use quorate_gossip::serf::message::{
    EventsAt, Names, QueryMessage, SerfMessage, Slots, State, StatusTimes, StoredEvent,
    UserEventMessage,
};

fn stranger() -> SocketAddr {
    "192.0.2.1:9".parse().unwrap()
}

fn engine() -> Engine {
    let config = EngineConfig::new("me", "127.0.0.1:7946".parse().unwrap());
    Engine::new(config, Envelope::default(), Rng::seeded(1), Duration::ZERO).unwrap()
}

#[test]
fn a_bomb_is_given_up_at_the_limit() {
    let bomb = compress(&vec![0; 4 << 20]).unwrap();
    assert!(bomb.len() < 20_000, "{} bytes become 4 MiB", bomb.len());
    let limit = 1 << 20;
    let size = match decompress(&bomb[1..], limit).unwrap_err() {
        DecodeError::TooLarge {
            size,
            limit: 0x0010_0000,
            ..
        } => size,
        other => panic!("{other}"),
    };
    assert!(
        size <= (limit as u64) + (16 << 10),
        "{size} bytes were held"
    );
    let error = Envelope::default().open_packet(&bomb).unwrap_err();
    assert!(
        matches!(error, OpenError::Decode(DecodeError::TooLarge { .. })),
        "{error}"
    );
}

#[test]
fn compressed_noise_ends() {
    let mut rng = Rng::seeded(2);
    for _ in 0..500 {
        let len = rng.below(200);
        let buffer: Vec<u8> = (0..len).map(|_| rng.next_u64().to_be_bytes()[0]).collect();
        let noise = Compressed {
            algorithm: 0,
            buffer: buffer.into(),
        };
        let _ = decompress(&noise.encode(9)[1..], 1 << 20);
    }
    let other = Compressed {
        algorithm: 1,
        buffer: Bytes::from_static(b"x"),
    };
    assert!(
        decompress(&other.encode(9)[1..], 100).is_err(),
        "an algorithm that there is not"
    );
}

#[test]
fn streams_that_say_that_they_are_too_large_are_refused_at_once() {
    // 128 Ki + 1 members; 21 MiB of state; 4 GiB of encrypted bytes; 21 MiB of a message.
    for start in [
        b"\x06\x83\xa4Join\xc3\xa5Nodes\xce\x00\x02\x00\x01\xacUserStateLen\x00".to_vec(),
        b"\x06\x83\xa4Join\xc3\xa5Nodes\x00\xacUserStateLen\xce\x01\x50\x00\x00".to_vec(),
        b"\x0a\xff\xff\xff\xff".to_vec(),
        b"\x08\x81\xaaUserMsgLen\xce\x01\x50\x00\x00".to_vec(),
        b"\xc1".to_vec(),
    ] {
        let mut scanner = FrameScanner::new();
        assert!(scanner.feed(&start).is_err(), "{start:?}");
    }
}

#[test]
fn a_stream_that_never_ends_is_refused_at_the_limit() {
    // A compressed message whose buffer is said to have 4 GiB.
    let mut scanner = FrameScanner::new();
    let mut sent = 0_usize;
    let mut piece = b"\x09\x82\xa4Algo\x00\xa3Buf\xdb\xff\xff\xff\xff".to_vec();
    while scanner.feed(&piece).is_ok() {
        sent += piece.len();
        piece = vec![0; 1 << 20];
        assert!(sent < 32 << 20, "it is still taken");
    }
}

#[test]
fn a_list_that_is_longer_than_its_message_reserves_nothing() {
    for bytes in [
        // Maps, arrays and texts that are said to have 4 Gi elements.
        &b"\x04\xdf\xff\xff\xff\xff"[..],
        b"\x06\x83\xa4Join\xdd\xff\xff\xff\xff",
        b"\x00\x81\xa4Node\xdb\xff\xff\xff\xff",
    ] {
        assert!(Message::decode(bytes).is_err());
    }
    let mut deep = vec![4];
    deep.extend_from_slice(b"\x81\xa1x");
    deep.extend(std::iter::repeat_n(0x91, 100_000));
    assert!(Message::decode(&deep).is_err(), "nesting without end");
}

#[test]
fn noise_neither_stops_a_member_nor_grows_it() {
    let mut engine = engine();
    let mut rng = Rng::seeded(3);
    let ping = Message::Ping(Ping {
        node: "me".to_owned(),
        seq: 1,
        ..Ping::default()
    })
    .encode();
    for round in 0..5_000 {
        let mut packet = ping.clone();
        for _ in 0..=rng.below(4) {
            let at = rng.below(packet.len());
            packet[at] = rng.next_u64().to_be_bytes()[0];
        }
        packet.truncate(1 + rng.below(packet.len()));
        engine.packet(Duration::from_micros(round), stranger(), &packet);
        while engine.output().is_some() {}
    }
    assert_eq!(engine.members().count(), 1);
    assert!(engine.stats().dropped > 500);
}

#[test]
fn a_flood_of_invented_members_and_intents_is_bounded() {
    let mut engine = engine();
    let versions = Bytes::from_static(&[1, 5, 2, 2, 5, 5]);
    let nodes: Vec<_> = (0..70_000_u32)
        .map(|number| RemoteNode {
            addr: Bytes::copy_from_slice(&number.to_be_bytes()),
            incarnation: 1,
            name: format!("x{number}"),
            port: 1,
            versions: versions.clone(),
            ..RemoteNode::default()
        })
        .collect();
    let flood = PushPull {
        join: true,
        nodes,
        user: Bytes::new(),
    }
    .encode();
    engine.accept(Duration::ZERO, stranger(), b"", &flood);
    assert!(engine.members().count() <= 1 << 16);
}

#[test]
fn a_state_of_many_members_that_left_is_read_in_linear_time() {
    let mut engine = engine();
    let names = (0..60_000).map(|number| format!("member-{number}"));
    let names: Vec<_> = names.collect();
    let state = State {
        left_members: Names(names.clone()),
        status_ltimes: StatusTimes(names.into_iter().rev().map(|name| (name, 7)).collect()),
        ..State::default()
    };
    let flood = PushPull {
        user: SerfMessage::State(state).encode().into(),
        ..PushPull::default()
    };
    let start = std::time::Instant::now();
    engine.accept(Duration::ZERO, stranger(), b"", &flood.encode());
    // Each name looked for among all the others would take minutes.
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(engine.stats().member_time, 8, "it was read");
}

#[test]
fn events_of_a_state_that_are_too_many_are_refused() {
    let many = |events: usize| {
        let events = vec![StoredEvent::default(); events];
        let slot = Some(EventsAt { events, ltime: 1 });
        let state = State {
            events: Slots(vec![slot.clone(), slot]),
            ..State::default()
        };
        SerfMessage::decode(&SerfMessage::State(state).encode())
    };
    assert!(many(1 << 15).is_ok());
    let error = many((1 << 15) + 1).unwrap_err();
    assert!(
        error.to_string().contains("the number of events"),
        "{error}"
    );
}

#[test]
fn messages_that_nobody_can_have_sent_are_dropped() {
    let mut engine = engine();
    let event = |len: usize| {
        let event = UserEventMessage {
            ltime: 5,
            name: "e".to_owned(),
            payload: vec![0; len].into(),
            ..UserEventMessage::default()
        };
        Message::User(SerfMessage::UserEvent(event).encode().into()).encode()
    };
    engine.packet(Duration::ZERO, stranger(), &event(20_000));
    assert_eq!(engine.stats().dropped, 1);
    assert_eq!(engine.stats().event_time, 1, "nothing was taken from it");
    engine.packet(Duration::ZERO, stranger(), &event(9_000));
    assert_eq!(engine.stats().event_time, 6);
    let long = Alive {
        addr: Bytes::from_static(&[127, 0, 0, 1]),
        incarnation: 1,
        node: "x".repeat(513),
        port: 1,
        versions: Bytes::from_static(&[1, 5, 2, 2, 5, 5]),
        ..Alive::default()
    };
    engine.packet(Duration::ZERO, stranger(), &Message::Alive(long).encode());
    assert_eq!(engine.members().count(), 1);
}

#[test]
fn a_flood_of_messages_to_pass_on_is_bounded() {
    let mut engine = engine();
    let most = Limits::default().queue;
    for ltime in 1..=3 * most as u64 {
        let event = UserEventMessage {
            ltime,
            name: "e".to_owned(),
            ..UserEventMessage::default()
        };
        let message = SerfMessage::UserEvent(event).encode();
        engine.packet(
            Duration::ZERO,
            stranger(),
            &Message::User(message.into()).encode(),
        );
        while engine.output().is_some() {}
        assert!(engine.stats().event_queue <= 2 * most);
    }
    assert!(
        engine.stats().event_queue > most / 2,
        "it is still passed on"
    );
}

#[test]
fn queries_that_never_end_leave_nothing_behind() {
    let mut engine = engine();
    let mut first = None;
    for id in 0..6_000 {
        let query = QueryMessage {
            addr: Bytes::from_static(&[192, 0, 2, 1]),
            id,
            ltime: 1 + u64::from(id / 100),
            name: "q".to_owned(),
            port: 9,
            timeout: i64::MAX,
            ..QueryMessage::default()
        };
        let message = SerfMessage::Query(query).encode();
        engine.packet(
            Duration::ZERO,
            stranger(),
            &Message::User(message.into()).encode(),
        );
        while let Some(output) = engine.output() {
            if let Output::Event(Event::Query(query)) = output {
                first.get_or_insert(query);
            }
        }
    }
    let first = first.unwrap();
    assert_eq!(first.timeout, Duration::from_secs(24 * 3600));
    let late = engine.respond(Duration::ZERO, first.key, Bytes::new());
    assert!(late.is_err(), "the oldest made room for others");
}

#[test]
fn a_stranger_gets_an_answer_and_no_gossip() {
    let mut engine = engine();
    engine
        .user_event(Duration::ZERO, "e", Bytes::new(), false)
        .unwrap();
    while engine.output().is_some() {}
    let ping = Ping {
        node: "me".to_owned(),
        seq: 7,
        ..Ping::default()
    };
    engine.packet(Duration::ZERO, stranger(), &Message::Ping(ping).encode());
    let Some(Output::Packet { message, .. }) = engine.output() else {
        panic!("no answer");
    };
    assert!(matches!(Message::decode(&message), Ok(Message::Ack(ack)) if ack.seq == 7));
}

#[test]
fn an_answer_goes_to_who_asks_and_not_to_whom_he_names() {
    let mut engine = engine();
    while engine.output().is_some() {}
    let ping = Ping {
        node: "me".to_owned(),
        seq: 7,
        source_addr: Bytes::from_static(&[198, 51, 100, 1]),
        source_port: 53,
        source_node: "victim".to_owned(),
    };
    engine.packet(Duration::ZERO, stranger(), &Message::Ping(ping).encode());
    let mut sent = Vec::new();
    while let Some(output) = engine.output() {
        if let Output::Packet { to, .. } = output {
            sent.push(to);
        }
    }
    assert_eq!(sent, [stranger()]);
}

#[test]
fn alive_messages_that_make_no_sense_are_not_believed() {
    let mut engine = engine();
    let good = Alive {
        addr: Bytes::from_static(&[127, 0, 0, 1]),
        incarnation: 1,
        meta: Bytes::new(),
        node: "x".to_owned(),
        port: 1,
        versions: Bytes::from_static(&[1, 5, 2, 2, 5, 5]),
    };
    for bad in [
        Alive {
            addr: Bytes::from_static(&[127]),
            ..good.clone()
        },
        Alive {
            meta: vec![0; 513].into(),
            ..good.clone()
        },
        Alive {
            node: String::new(),
            ..good.clone()
        },
        Alive {
            versions: Bytes::new(),
            ..good.clone()
        },
        Alive {
            versions: Bytes::from_static(&[5, 1, 2, 2, 5, 5]),
            ..good.clone()
        },
    ] {
        engine.packet(Duration::ZERO, stranger(), &Message::Alive(bad).encode());
        assert_eq!(engine.members().count(), 1);
    }
    engine.packet(Duration::ZERO, stranger(), &Message::Alive(good).encode());
    assert_eq!(engine.members().count(), 2, "this one does");
}

#[test]
fn packets_without_encryption_are_dropped_where_there_is_a_key() {
    let mut envelope = Envelope::with_keyring(Keyring::new(Key::new(&[1; 16]).unwrap()));
    let ping = Message::Ping(Ping::default()).encode();
    assert!(envelope.open_packet(&ping).is_err());
    assert_eq!(envelope.open_stream(&ping), Err(OpenError::Plain));
    envelope.verify_incoming = false;
    assert_eq!(
        envelope.open_packet(&ping),
        Ok(ping.clone()),
        "unless told otherwise"
    );
    let nothing = Kind::Compress.byte();
    assert!(envelope.open_packet(&[nothing]).is_err());
}
