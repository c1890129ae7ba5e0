//! What holds for every message.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use quorate_gossip::codec::{
    Alive, Dead, Envelope, FrameScanner, Key, Keyring, Label, Message, NodeState, Ping, PushPull,
    RemoteNode, compress, decompress, join, split,
};
use quorate_gossip::msgpack::{Reader, Splitter, Writer};
use quorate_gossip::serf::message::{QueryMessage, SerfMessage, UserEventMessage};

fn bytes() -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), 0..300).prop_map(Bytes::from)
}

fn remote() -> impl Strategy<Value = RemoteNode> {
    let state = prop_oneof![
        Just(NodeState::Alive),
        Just(NodeState::Suspect),
        Just(NodeState::Dead),
        Just(NodeState::Left)
    ];
    (".{0,40}", any::<u32>(), any::<u16>(), bytes(), state).prop_map(
        |(name, incarnation, port, meta, state)| RemoteNode {
            addr: Bytes::from_static(&[10, 0, 0, 1]),
            incarnation,
            meta,
            name,
            port,
            state,
            versions: Bytes::from_static(&[1, 5, 2, 2, 5, 5]),
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        (".{0,40}", any::<u32>(), any::<u16>()).prop_map(|(node, seq, source_port)| {
            Message::Ping(Ping {
                node,
                seq,
                source_port,
                ..Ping::default()
            })
        }),
        (".{0,40}", ".{0,40}", any::<u32>()).prop_map(|(node, from, incarnation)| Message::Dead(
            Dead {
                from,
                incarnation,
                node
            }
        )),
        (".{0,40}", bytes(), any::<u32>()).prop_map(|(node, meta, incarnation)| {
            Message::Alive(Alive {
                node,
                meta,
                incarnation,
                ..Alive::default()
            })
        }),
        bytes().prop_map(Message::User),
        (vec(remote(), 0..20), bytes(), any::<bool>())
            .prop_map(|(nodes, user, join)| Message::PushPull(PushPull { join, nodes, user })),
    ]
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let key = prop_oneof![Just(0_usize), Just(16), Just(24), Just(32)];
    (key, 0..2_u8, any::<bool>(), "[a-z]{0,20}").prop_map(|(key, version, compression, label)| {
        let mut envelope = Envelope::default();
        if key > 0 {
            envelope.keyring = Keyring::new(Key::new(&vec![3; key]).unwrap());
        }
        envelope.cipher_version = version;
        envelope.compression = compression;
        envelope.label = Label::new(label).unwrap();
        envelope
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn messages_come_back_through_all_layers(
        message in message(),
        envelope in envelope(),
        checksum: bool,
        nonce: [u8; 12],
    ) {
        let bytes = message.encode();
        prop_assert_eq!(&Message::decode(&bytes).unwrap(), &message);
        let packet = envelope.seal_packet(&bytes, checksum, &nonce);
        prop_assert_eq!(&envelope.open_packet(&packet).unwrap(), &bytes);
        let mut stream = envelope.label.header();
        stream.extend(envelope.seal_stream(&bytes, &nonce));
        // Users' messages have a header of their own on streams.
        if matches!(message, Message::PushPull(_) | Message::Ping(_)) {
            let mut scanner = FrameScanner::new();
            prop_assert!(scanner.feed(&stream).unwrap());
            let (label, frame) = scanner.into_parts();
            prop_assert_eq!(label, envelope.label.header());
            prop_assert_eq!(envelope.open_stream(&frame).unwrap(), bytes);
        }
    }

    #[test]
    fn a_changed_packet_is_never_taken_for_another_when_there_is_a_key(
        message in message(),
        at in 0..50_usize,
        nonce: [u8; 12],
    ) {
        let envelope = Envelope::with_keyring(Keyring::new(Key::new(&[3; 32]).unwrap()));
        let mut packet = envelope.seal_packet(&message.encode(), true, &nonce);
        let at = at % packet.len();
        packet[at] ^= 0x10;
        prop_assert!(envelope.open_packet(&packet).is_err());
    }

    #[test]
    fn nothing_panics_on_noise(noise in vec(any::<u8>(), 0..400)) {
        let _ = Message::decode(&noise);
        let _ = SerfMessage::decode(&noise);
        let _ = Envelope::default().open_packet(&noise);
        let _ = FrameScanner::new().feed(&noise);
        let _ = Reader::new(&noise).skip();
        let _ = split(&noise);
    }

    #[test]
    fn compression_comes_back(data in vec(any::<u8>(), 1..5000), times in 1..8_usize) {
        let data = data.repeat(times);
        let small = compress(&data).unwrap();
        prop_assert_eq!(decompress(&small[1..], data.len()).unwrap(), data);
    }

    #[test]
    fn compound_messages_come_back(parts in vec(vec(any::<u8>(), 0..50), 0..255)) {
        let joined = join(&parts);
        prop_assert_eq!(split(&joined[1..]).unwrap(), parts);
    }

    #[test]
    fn numbers_come_back(unsigned: u64, signed: i64) {
        let mut out = Writer::old(&[]);
        out.unsigned(unsigned);
        out.signed(signed);
        let bytes = out.into_bytes();
        let mut from = Reader::new(&bytes);
        prop_assert_eq!((from.unsigned().unwrap(), from.signed().unwrap()), (unsigned, signed));
        let mut splitter = Splitter::new(64);
        let first = splitter.scan(&bytes).unwrap().unwrap();
        let second = splitter.scan(&bytes[first..]).unwrap();
        prop_assert_eq!(second, Some(bytes.len() - first));
    }

    #[test]
    fn serf_messages_come_back(name in ".{0,60}", payload in bytes(), ltime: u64, timeout: i64) {
        let event = UserEventMessage { coalesce: true, ltime, name: name.clone(), payload: payload.clone() };
        let query = QueryMessage { name, payload, ltime, timeout, ..QueryMessage::default() };
        for message in [SerfMessage::UserEvent(event), SerfMessage::Query(query)] {
            prop_assert_eq!(&SerfMessage::decode(&message.encode()).unwrap(), &message);
        }
    }
}
