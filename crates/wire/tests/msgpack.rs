//! MessagePack, however it arrives and whatever it is.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use quorate_wire::msgpack::{
    Decode, DecodeError, Encode, MAX_DEPTH, Reader, SplitError, Splitter, Writer,
};
use quorate_wire::serf::{
    Event, EventFilter, EventRecord, Member, MemberChange, MemberFilter, Members, Query,
    QueryRecord,
};

/// Any value, nested up to some levels, in the forms that the writer chooses.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let of = |write: &dyn Fn(&mut Writer)| {
        let mut writer = Writer::new();
        write(&mut writer);
        writer.into_bytes()
    };
    let leaf = prop_oneof![
        any::<u64>().prop_map(move |number| of(&|writer| writer.unsigned(number))),
        any::<i64>().prop_map(move |number| of(&|writer| writer.signed(number))),
        any::<f64>().prop_map(move |number| of(&|writer| writer.float(number))),
        any::<bool>().prop_map(move |yes| of(&|writer| writer.boolean(yes))),
        ".{0,80}".prop_map(move |text| of(&|writer| writer.text(&text))),
        prop::collection::vec(any::<u8>(), 0..400)
            .prop_map(move |bytes| of(&|writer| writer.bytes(&bytes))),
        Just(vec![0xc0]),
    ];
    leaf.prop_recursive(4, 64, 20, move |inner| {
        prop::collection::vec(inner, 0..20).prop_map(move |values| {
            let mut writer = Writer::new();
            writer.list(values.len());
            [writer.into_bytes(), values.concat()].concat()
        })
    })
}

fn member() -> impl Strategy<Value = Member> {
    let address = prop_oneof![
        any::<[u8; 4]>().prop_map(std::net::IpAddr::from),
        any::<[u8; 16]>().prop_map(|octets| std::net::IpAddr::from(octets).to_canonical()),
    ];
    let tags = prop::collection::btree_map(".{0,12}", ".{0,40}", 0..20);
    (
        address,
        ".{0,40}",
        any::<u16>(),
        any::<[u8; 6]>(),
        tags,
        "[a-z]{1,8}",
    )
        .prop_map(|(addr, name, port, versions, tags, status)| Member {
            addr,
            name,
            port,
            protocol_min: versions[0],
            protocol_max: versions[1],
            protocol_cur: versions[2],
            delegate_min: versions[3],
            delegate_max: versions[4],
            delegate_cur: versions[5],
            tags: tags.iter().collect(),
            status: status.as_str().into(),
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The end is found wherever the pieces are cut, and is where the value ends.
    #[test]
    fn an_object_ends_at_the_same_place_in_however_many_pieces_it_comes(
        one in value(), two in value(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let both = [one.clone(), two.clone()].concat();
        let mut splitter = Splitter::new(1 << 20);
        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(both.len() + 1)).collect();
        ends.extend([both.len(), both.len()]);
        ends.sort_unstable();
        let (mut begin, mut found) = (0, Vec::new());
        for end in ends {
            while let Some(len) = splitter.scan(&both[begin..end.max(begin)]).unwrap() {
                found.push(len);
                begin += len;
            }
        }
        prop_assert_eq!(found, [one.len(), two.len()]);
    }

    /// Passing over a value agrees with finding its end.
    #[test]
    fn what_is_passed_over_is_what_is_split(one in value()) {
        let mut reader = Reader::new(&one);
        reader.skip().unwrap();
        prop_assert!(reader.end().is_ok());
    }

    /// Whatever the bytes are, there is an answer, and no more than the limit is ever wanted.
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(Some(len)) = Splitter::new(200).scan(&bytes) {
            prop_assert!(len <= 200);
            prop_assert!(Reader::new(&bytes[..len]).skip().is_ok());
        }
        let _ = Members::from_msgpack(&bytes);
        let _ = EventRecord::from_msgpack(&bytes);
        let _ = QueryRecord::from_msgpack(&bytes);
    }

    #[test]
    fn members_come_back_as_they_were(members in prop::collection::vec(member(), 0..20)) {
        let members = Members { members };
        prop_assert_eq!(Members::from_msgpack(&members.to_msgpack()).unwrap(), members);
    }

    #[test]
    fn numbers_are_read_in_every_width(number in any::<u32>()) {
        let long = [vec![0xcf], u64::from(number).to_be_bytes().to_vec()].concat();
        prop_assert_eq!(u32::from_msgpack(&long).unwrap(), number);
        prop_assert_eq!(u32::from_msgpack(&number.to_msgpack()).unwrap(), number);
        let signed = [vec![0xd3], i64::from(number).to_be_bytes().to_vec()].concat();
        prop_assert_eq!(u32::from_msgpack(&signed).unwrap(), number);
    }
}

#[test]
fn text_and_bytes_are_read_in_all_forms_that_agents_send() {
    for form in [
        &b"\xa3abc"[..],
        b"\xd9\x03abc",
        b"\xc4\x03abc",
        b"\xda\x00\x03abc",
        b"\x93\x61\x62\x63",
    ] {
        assert_eq!(Bytes::from_msgpack(form).unwrap(), "abc", "{form:?}");
    }
    for form in [&b"\xa3abc"[..], b"\xd9\x03abc", b"\xc4\x03abc"] {
        assert_eq!(String::from_msgpack(form).unwrap(), "abc", "{form:?}");
    }
    assert_eq!(Bytes::from_msgpack(b"\xc0").unwrap(), "");
    assert_eq!(String::from_msgpack(b"\xa2\xffx").unwrap(), "\u{fffd}x");
}

#[test]
fn nothing_stands_for_whatever_is_empty() {
    assert_eq!(u64::from_msgpack(b"\xc0").unwrap(), 0);
    assert_eq!(Vec::<String>::from_msgpack(b"\xc0").unwrap(), [""; 0]);
    assert_eq!(
        BTreeMap::<String, String>::from_msgpack(b"\xc0").unwrap(),
        BTreeMap::new()
    );
    assert!(!bool::from_msgpack(b"\xc0").unwrap());
    assert_eq!(
        Members::from_msgpack(b"\x81\xa7Members\xc0").unwrap(),
        Members::default()
    );
    assert_eq!(Members::from_msgpack(b"\x80").unwrap(), Members::default());
}

#[test]
fn a_structure_may_be_a_list_and_have_fields_that_nobody_knows() {
    let known = b"\x83\xa4From\xa1a\xa7Payload\xc4\x01x\xa4Type\xa3ack";
    let unknown =
        b"\x84\xa4From\xa1a\xa3New\x92\x01\x81\x02\x03\xa7Payload\xc4\x01x\xa4Type\xa3ack";
    let list = b"\x93\xa1a\xc4\x01x\xa3ack";
    let record = QueryRecord::from_msgpack(known).unwrap();
    assert_eq!(QueryRecord::from_msgpack(unknown).unwrap(), record);
    assert_eq!(QueryRecord::from_msgpack(list).unwrap(), record);
}

#[test]
fn a_mistake_is_told_with_its_place() {
    let wrong = b"\x81\xa7Members\x91\x81\xa4Port\xce\x00\x01\x00\x00";
    let error = Members::from_msgpack(wrong).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Members: Port: 65536 does not fit into u16"
    );
    let error = Members::from_msgpack(b"\x81\xa7Members\xa1x").unwrap_err();
    assert_eq!(error.to_string(), "Members: expected a list, found text");
    assert_eq!(
        u64::from_msgpack(b"\x01\x02"),
        Err(DecodeError::LeftOver(1))
    );
    assert_eq!(u64::from_msgpack(b"\xcd\x01"), Err(DecodeError::Truncated));
    assert!(u64::from_msgpack(b"\xff").is_err());
}

#[test]
fn a_list_that_claims_more_than_there_is_takes_no_room() {
    let claim = b"\xdd\xff\xff\xff\xff\xa1x";
    assert_eq!(
        Vec::<String>::from_msgpack(claim),
        Err(DecodeError::TooMany(u32::MAX as usize))
    );
    // A byte each would take a hundred times as much room.
    let nothing = [&b"\x81\xa7Members\xdc\xff\xff"[..], &[0xc0; 65_535]].concat();
    assert!(quorate_wire::serf::Members::from_msgpack(&nothing).is_err());
    assert_eq!(
        Bytes::from_msgpack(b"\xdd\xff\xff\xff\xff\x01"),
        Err(DecodeError::Truncated)
    );
}

#[test]
fn objects_are_bounded_in_size_and_depth() {
    let large = [vec![0xc6, 0, 1, 0, 0], vec![0; 70_000]].concat();
    // Known from the head alone, before the bytes are there.
    assert_eq!(
        Splitter::new(1000).scan(&large[..5]),
        Err(SplitError::TooLarge { limit: 1000 })
    );
    assert_eq!(Splitter::new(1 << 17).scan(&large), Ok(Some(65_541)));
    // Many small values in a list that never ends.
    let long = [vec![0xdd, 0xff, 0xff, 0xff, 0xff], vec![1; 2000]].concat();
    assert_eq!(
        Splitter::new(1000).scan(&long),
        Err(SplitError::TooLarge { limit: 1000 })
    );
    let deep = |levels| [vec![0x91; levels], vec![1]].concat();
    assert_eq!(
        Splitter::new(1000).scan(&deep(MAX_DEPTH)),
        Ok(Some(MAX_DEPTH + 1))
    );
    assert_eq!(
        Splitter::new(1000).scan(&deep(MAX_DEPTH + 1)),
        Err(SplitError::TooDeep)
    );
    assert_eq!(
        Reader::new(&deep(MAX_DEPTH + 1)).skip(),
        Err(DecodeError::TooDeep)
    );
    assert_eq!(
        Splitter::new(1000).scan(b"\x92\xc1"),
        Err(SplitError::Reserved)
    );
}

#[test]
fn filters_are_those_of_the_protocol_and_nothing_else() {
    let list = "*,member-join,user,user:deploy,query,query:up";
    let filters = EventFilter::parse_list(list).unwrap();
    assert_eq!(EventFilter::format_list(&filters).unwrap(), list);
    assert_eq!(EventFilter::parse_list("").unwrap(), [EventFilter::All]);
    for wrong in ["user, query", "member", "USER", "user:a,", "event:x"] {
        assert!(EventFilter::parse_list(wrong).is_err(), "{wrong}");
    }
    let comma = EventFilter::User(Some("a,b".to_owned()));
    assert!(EventFilter::format_list(&[comma]).is_err());
    let joined = EventRecord::Member {
        change: MemberChange::Join,
        members: Vec::new(),
    };
    let user = EventRecord::User {
        coalesce: false,
        ltime: 1,
        name: "deploy".to_owned(),
        payload: Bytes::new(),
    };
    let matching = |event| {
        filters
            .iter()
            .map(|filter| filter.matches(event))
            .collect::<Vec<_>>()
    };
    assert_eq!(matching(&joined), [true, true, false, false, false, false]);
    assert_eq!(matching(&user), [true, false, true, true, false, false]);
}

#[test]
fn a_request_that_is_a_list_has_its_fields_in_the_order_of_serfs_code() {
    let event = Event::from_msgpack(b"\x93\xa6deploy\xc4\x02v1\xc3").unwrap();
    let expected = Event {
        coalesce: true,
        name: "deploy".to_owned(),
        payload: "v1".into(),
    };
    assert_eq!(event, expected);
    // What is missing at the end is nothing, and what comes after it is passed over.
    let query = Query::from_msgpack(b"\x91\x91\xa5alpha").unwrap();
    assert_eq!(query.filter_nodes, ["alpha"]);
    let filter = MemberFilter::from_msgpack(b"\x94\x80\xa5alive\xa1n\x05").unwrap();
    assert_eq!((&*filter.status, &*filter.name), ("alive", "n"));
    assert!(Event::from_msgpack(b"\x93\xc3\xa6deploy\xa2v1").is_err());
}
