//! Clients that send what is none, too much, or take nothing.

use std::collections::BTreeMap;

use quorate_wire::msgpack::Encode;
use quorate_wire::serf::{
    Command, Event, Handshake, MemberFilter, Members, Monitor, RequestHeader, StreamRequest,
};
use tokio::io::AsyncWriteExt;

use crate::{Client, agent};

#[tokio::test]
async fn a_body_that_does_not_belong_there_runs_nothing_again() {
    let agent = agent().await;
    let mut client = Client::greeted(&agent).await;
    let mut bytes = RequestHeader::new(Command::Members, 7).to_msgpack();
    bytes.push(0x80);
    client.send(&bytes).await;
    assert_eq!(client.header(7).await, "");
    assert!(client.object().await.is_some(), "the members");
    assert!(client.is_closed().await, "and not a second time");
    agent.shutdown().await;
}

#[tokio::test]
async fn what_is_too_large_or_too_deep_ends_the_connection() {
    let agent = agent().await;
    let hello = [
        RequestHeader::new(Command::Handshake, 1).to_msgpack(),
        Handshake { version: 1 }.to_msgpack(),
    ]
    .concat();
    // More than 4 KiB before the handshake, more than 1 MiB after it, 17 lists in each other.
    for (greeted, bytes) in [
        (false, b"\xdb\x00\x00\x20\x00".to_vec()),
        (true, b"\xdb\x00\x20\x00\x00".to_vec()),
        (true, vec![0x91; 17]),
        (true, b"\xdf\xff\xff\xff\xff\x01".repeat(200_000)),
    ] {
        let mut client = Client::new(&agent).await;
        if greeted {
            client.send(&hello).await;
            assert_eq!(client.header(1).await, "");
        }
        // The agent may close the connection before all is sent.
        let _ = client.stream.write_all(&bytes).await;
        assert!(client.is_closed().await);
    }
    let mut other = Client::greeted(&agent).await;
    assert_eq!(other.fetch::<Members>(Command::Members, None).await.0, "");
    agent.shutdown().await;
}

#[tokio::test]
async fn an_expression_that_is_none_is_told() {
    let agent = agent().await;
    let mut client = Client::greeted(&agent).await;
    let filter = |name: &str, tag: Option<(&str, &str)>| MemberFilter {
        name: name.into(),
        status: String::new(),
        tags: tag
            .map(|(tag, expression)| BTreeMap::from([(tag.into(), expression.into())]))
            .unwrap_or_default(),
    };
    let refused = client
        .ask(Command::MembersFiltered, &filter("(", None))
        .await;
    assert!(
        refused.starts_with("Failed to compile regex: error parsing regexp: missing closing )"),
        "{refused}"
    );
    for (filter, found) in [
        (filter("alp", None), 0),
        // Between `^` and `$` without a group, as Serf reads it.
        (filter("alp|zeta", None), 1),
        (filter("(alp|zeta)", None), 0),
        (filter("(alpha|zeta)", None), 1),
        (filter("", Some(("role", ""))), 1),
        (filter("", Some(("role", ".+"))), 0),
    ] {
        let (error, members) = client
            .fetch::<Members>(Command::MembersFiltered, Some(&filter))
            .await;
        assert_eq!(error, "");
        assert_eq!(members.members.len(), found, "{filter:?}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_loses_events_and_not_the_agent() {
    let agent = agent().await;
    let mut slow = Client::greeted(&agent).await;
    assert_eq!(
        slow.ask(Command::Stream, &StreamRequest::default()).await,
        ""
    );
    let mut busy = Client::greeted(&agent).await;
    let monitor = Monitor {
        log_level: "warn".into(),
    };
    let mut watching = Client::greeted(&agent).await;
    assert_eq!(watching.ask(Command::Monitor, &monitor).await, "");
    let event = |number: u32| Event {
        coalesce: false,
        name: format!("e{number}"),
        payload: vec![b'x'; 450].into(),
    };
    // More than the buffers of the sockets and the queue hold.
    let told = async {
        for number in 0_u32.. {
            assert_eq!(busy.ask(Command::Event, &event(number)).await, "");
        }
    };
    let noticed = async {
        loop {
            let (_, line) = watching.record::<quorate_wire::serf::LogRecord>().await;
            if line
                .log
                .contains("[WARN] agent.ipc: Dropping events to rpc client 1")
            {
                return;
            }
        }
    };
    tokio::select! {
        () = told => {}
        () = noticed => {}
    }
    agent.shutdown().await;
}
