//! What Serf 0.10.1 sent, split, decoded and encoded again; and that what was sent to it is what
//! these types write.

use std::collections::BTreeMap;
use std::path::PathBuf;

use quorate_wire::msgpack::{Decode, Encode, Reader, Splitter};
use quorate_wire::serf::{
    Answer, Command, CoordinateResponse, Event, EventRecord, Join, Joined, KeyResponse, LogRecord,
    Member, MemberChange, MemberFilter, MemberStatus, Members, Query, QueryRecord, QueryRecordKind,
    Refusal, RequestHeader, Respond, ResponseHeader, Stats,
};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/serf-0.10.1")
}

fn bytes(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// The names of all exchanges, in alphabetical order.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names
        .filter_map(|name| Some(name.strip_suffix(".answer")?.to_owned()))
        .collect();
    names.sort();
    names
}

/// The objects that bytes hold, back to back.
fn objects(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut splitter = Splitter::new(1 << 20);
    let mut objects = Vec::new();
    while let Some(len) = splitter.scan(bytes).unwrap() {
        let (object, rest) = bytes.split_at(len);
        objects.push(object.to_vec());
        bytes = rest;
    }
    assert!(bytes.is_empty(), "{} bytes are left over", bytes.len());
    objects
}

fn answer(name: &str) -> Vec<Vec<u8>> {
    objects(&bytes(&format!("{name}.answer")))
}

/// Headers with their bodies.
fn replies(name: &str) -> Vec<(ResponseHeader, Option<Vec<u8>>)> {
    let mut replies: Vec<(ResponseHeader, Option<Vec<u8>>)> = Vec::new();
    for object in answer(name) {
        match ResponseHeader::sniff(&object) {
            Some(header) => replies.push((header, None)),
            None => replies.last_mut().unwrap().1 = Some(object),
        }
    }
    replies
}

/// The body of an answer of which there is one.
fn body<T: Decode>(name: &str) -> T {
    let replies = replies(name);
    let [(_, Some(body))] = &replies[..] else {
        panic!("{name}: {replies:?}")
    };
    T::from_msgpack(body).unwrap()
}

/// Bytes with every map in the order of its names, for maps come in random order.
fn sorted(reader: &mut Reader<'_>) -> Vec<u8> {
    let before = reader.rest();
    let head = before[0];
    if !matches!(head, 0x80..=0x8f | 0xde | 0x90..=0x9f | 0xdc) {
        reader.skip().unwrap();
        return before[..before.len() - reader.rest().len()].to_vec();
    }
    if matches!(head, 0x90..=0x9f | 0xdc) {
        let values = reader.list().unwrap();
        return (0..values).flat_map(|_| sorted(reader)).collect();
    }
    let pairs = reader.map().unwrap();
    let pairs: BTreeMap<Vec<u8>, Vec<u8>> = (0..pairs)
        .map(|_| (sorted(reader), sorted(reader)))
        .collect();
    pairs
        .into_iter()
        .flat_map(|(name, value)| [name, value].concat())
        .collect()
}

/// Decodes and encodes.
fn again<T: Decode + Encode>(object: &[u8]) -> Vec<u8> {
    T::from_msgpack(object).unwrap().to_msgpack()
}

/// What a body is, by what is in it.
fn body_again(name: &str, object: &[u8]) -> Vec<u8> {
    let mut reader = Reader::new(object);
    let mut fields = Vec::new();
    for _ in 0..reader.map().unwrap() {
        fields.push(reader.text().unwrap().into_owned());
        reader.skip().unwrap();
    }
    let has = |field: &str| fields.iter().any(|known| known == field);
    match () {
        () if has("Event") => again::<EventRecord>(object),
        () if has("Members") => again::<Members>(object),
        () if has("From") => again::<QueryRecord>(object),
        () if has("Log") => again::<LogRecord>(object),
        () if has("Num") => again::<Joined>(object),
        () if has("NumErr") => again::<KeyResponse>(object),
        () if has("Coord") => again::<CoordinateResponse>(object),
        () if has("runtime") => again::<Stats>(object),
        () => panic!("{name}: what is {fields:?}?"),
    }
}

#[test]
fn every_object_of_every_answer_is_written_as_serf_wrote_it() {
    let (mut headers, mut bodies) = (0, 0);
    for name in names() {
        for object in answer(&name) {
            let written = if ResponseHeader::sniff(&object).is_some() {
                headers += 1;
                let written = again::<ResponseHeader>(&object);
                assert_eq!(written, object, "{name}");
                continue;
            } else {
                bodies += 1;
                body_again(&name, &object)
            };
            assert_eq!(written.len(), object.len(), "{name}");
            let order = |bytes: &[u8]| sorted(&mut Reader::new(bytes));
            assert_eq!(order(&written), order(&object), "{name}");
        }
    }
    assert!(
        headers > 70 && bodies > 30,
        "{headers} headers, {bodies} bodies"
    );
}

#[test]
fn every_request_is_read_and_its_command_known() {
    let mut seen = 0;
    for name in names()
        .into_iter()
        .filter(|name| !name.starts_with("ended") && name != "pipelined")
    {
        let request = objects(&bytes(&format!("{name}.request")));
        let Some(header) = request.first() else {
            continue;
        };
        let header = RequestHeader::from_msgpack(header).unwrap();
        let command: Command = header.command.parse().unwrap();
        assert_eq!(RequestHeader::new(command, header.seq), header);
        assert_eq!(header.to_msgpack(), request[0], "{name}");
        if name != "body-after-members" {
            assert_eq!(request.len() == 2, command.request_has_body(), "{name}");
        }
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn whether_a_body_follows_is_known_from_the_command() {
    let mut seen = 0;
    for name in names() {
        if name.starts_with("ended") || name == "pipelined" {
            continue;
        }
        let request = objects(&bytes(&format!("{name}.request")));
        if request.is_empty() {
            continue;
        }
        let header = RequestHeader::from_msgpack(&request[0]).unwrap();
        let command: Command = header.command.parse().unwrap();
        let (first, body) = replies(&name)
            .into_iter()
            .find(|(reply, _)| reply.seq == header.seq)
            .unwrap();
        let expected = match command.answer() {
            Answer::Header | Answer::Records => false,
            Answer::Body => true,
            Answer::BodyIfAccepted => first.error.is_empty(),
        };
        assert_eq!(body.is_some(), expected, "{name}");
        seen += 1;
    }
    assert!(seen > 50, "{seen}");
}

#[test]
fn members_are_read_with_all_that_is_known_of_them() {
    let members: Members = body("members-two");
    let mut members = members.members;
    members.sort_by(|one, two| one.name.cmp(&two.name));
    let versions = Member {
        protocol_min: 1,
        protocol_max: 5,
        protocol_cur: 2,
        delegate_min: 2,
        delegate_max: 5,
        delegate_cur: 5,
        status: MemberStatus::Alive,
        ..Member::default()
    };
    let expected = [("alpha", 18602), ("beta", 18604)].map(|(name, port)| Member {
        name: name.to_owned(),
        addr: [127, 0, 0, 1].into(),
        port,
        ..versions.clone()
    });
    assert_eq!(members, expected);
    let alone: Members = body("members");
    assert_eq!(&alone.members[0].tags["über"], "größe");
    assert_eq!(body::<Members>("members-filtered-none"), Members::default());
}

#[test]
fn events_are_told_with_their_times_and_payloads() {
    let told = |name: &str| {
        let bodies = replies(name).into_iter().filter_map(|(_, body)| body);
        let mut events = bodies.filter_map(|body| EventRecord::from_msgpack(&body).ok());
        events
            .find(|event| !matches!(event, EventRecord::Other(_)))
            .unwrap()
    };
    let user = |coalesce, ltime, payload: &[u8]| EventRecord::User {
        coalesce,
        ltime,
        name: "deploy".to_owned(),
        payload: payload.to_vec().into(),
    };
    assert_eq!(told("event"), user(false, 1, b"v\x00\xff"));
    assert_eq!(told("event-empty-payload"), user(false, 2, b""));
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(told("event-coalesced"), user(true, 3, &all));
    let EventRecord::Query {
        id: 1,
        name,
        payload,
        ..
    } = told("query")
    else {
        panic!()
    };
    assert_eq!((name.as_str(), &payload[..]), ("uptime", &b"?"[..]));
    let EventRecord::Member {
        change: MemberChange::Join,
        members,
    } = told("stream-member-join")
    else {
        panic!()
    };
    assert_eq!(members[0].name, "beta");
}

#[test]
fn a_query_tells_acks_and_answers() {
    let records = |name: &str| -> Vec<QueryRecord> {
        let bodies = replies(name).into_iter().filter_map(|(_, body)| body);
        bodies
            .map(|body| QueryRecord::from_msgpack(&body).unwrap())
            .filter(|record| !record.from.is_empty())
            .collect()
    };
    let acks = records("query");
    assert_eq!(
        (acks.len(), &acks[0].kind, &acks[0].payload[..]),
        (1, &QueryRecordKind::Ack, &b""[..])
    );
    let answers = records("respond");
    assert_eq!(
        (answers[0].from.as_str(), &answers[0].payload[..]),
        ("alpha", &b"7 days"[..])
    );
    assert_eq!(answers[0].kind, QueryRecordKind::Response);
}

#[test]
fn what_is_sent_is_what_these_types_write() {
    let sent = |name: &str| objects(&bytes(&format!("{name}.request"))).remove(1);
    let event = Event::from_msgpack(&sent("event")).unwrap();
    assert_eq!(
        (event.name.as_str(), &event.payload[..], event.coalesce),
        ("deploy", &b"v\x00\xff"[..], false)
    );
    assert_eq!(Event::from_msgpack(&event.to_msgpack()).unwrap(), event);
    let query = Query::from_msgpack(&sent("query")).unwrap();
    assert_eq!(
        (
            query.timeout,
            query.request_ack,
            query.filter_nodes.as_slice()
        ),
        (1_000_000_000, true, &["alpha".to_owned()][..])
    );
    assert_eq!(Query::from_msgpack(&query.to_msgpack()).unwrap(), query);
    assert_eq!(again::<Join>(&sent("join")), sent("join"));
    assert_eq!(
        again::<MemberFilter>(&sent("members-filtered")),
        sent("members-filtered")
    );
    assert_eq!(again::<Respond>(&sent("respond")), sent("respond"));
}

#[test]
fn keys_are_counted_and_refusals_come_by_member() {
    let two: KeyResponse = body("list-keys-two");
    assert_eq!(two.keys.unwrap().into_values().collect::<Vec<_>>(), [2, 2]);
    assert_eq!((two.num_nodes, two.num_resp, two.num_err), (2, 2, 0));
    let refused: KeyResponse = body("remove-key-primary");
    assert_eq!(refused.keys, None);
    assert_eq!(
        refused.messages["beta"],
        "Removing the primary key is not allowed"
    );
    let [(header, _)] = &replies("remove-key-primary")[..] else {
        panic!()
    };
    assert_eq!(
        Refusal::of(&header.error),
        Refusal::Partial { some: 2, all: 2 }
    );
}

#[test]
fn refusals_are_known_by_their_texts() {
    let cases = [
        ("handshake-version-2", Refusal::UnsupportedVersion),
        ("handshake-repeated", Refusal::HandshakeRepeated),
        ("ended-no-handshake", Refusal::HandshakeRequired),
        ("ended-unknown-command", Refusal::UnsupportedCommand),
        ("auth-required", Refusal::AuthenticationRequired),
        ("auth-wrong", Refusal::InvalidToken),
        ("auth-not-wanted", Refusal::InvalidToken),
        ("stream-bad-filter", Refusal::InvalidFilter),
        ("monitor-bad-level", Refusal::UnknownLogLevel),
        ("respond-unknown", Refusal::NoSuchQuery),
        ("respond-again", Refusal::AlreadyResponded),
        ("respond-late", Refusal::NoSuchQuery),
        ("query-reserved", Refusal::ReservedName),
        ("query-too-large", Refusal::TooLarge { limit: Some(1024) }),
        ("event-too-large", Refusal::TooLarge { limit: Some(512) }),
        (
            "event-too-large-encoded",
            Refusal::TooLarge { limit: Some(512) },
        ),
        ("tags-too-large", Refusal::TooLarge { limit: Some(512) }),
        ("join-refused", Refusal::JoinFailed),
        ("install-key-not-base64", Refusal::Other),
    ];
    for (name, refusal) in cases {
        let text = replies(name).last().unwrap().0.error.clone();
        assert_eq!(Refusal::of(&text), refusal, "{name}: {text}");
    }
}

#[test]
fn a_header_is_told_from_a_body() {
    assert_eq!(
        ResponseHeader::sniff(b"\x82\xa3Seq\x01\xa5Error\xa1x")
            .unwrap()
            .error,
        "x"
    );
    // Two fields, but not these two; one of them twice; a list.
    for body in [
        &b"\x82\xa5Error\xa0\xa3Num\x01"[..],
        b"\x81\xa3Seq\x01",
        b"\x92\xa0\x01",
        b"\xa3Seq",
    ] {
        assert_eq!(ResponseHeader::sniff(body), None, "{body:?}");
    }
}
