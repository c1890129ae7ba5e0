//! Streams: what is told, what is missed, and what happens when the connection goes.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_serf::{
    Change, Client, Command, ErrorKind, Event, EventFilter, Flow, Limits, LogItem, LogLevel,
    MemberChange, MemberStatus, Outcome, StreamOptions,
};
use quorate_testkit::{eventually, eventually_ok};
use quorate_wire::msgpack::Encode;
use quorate_wire::serf::{EventRecord, LogRecord, Members, Respond, Stop};

use super::agent::{Act, Agent, LONG, Request, member, ok, patient, refuse, with};

fn user(name: &str) -> EventRecord {
    EventRecord::User {
        coalesce: false,
        ltime: 1,
        name: name.to_owned(),
        payload: "p".into(),
    }
}

fn records(seq: u64, events: &[EventRecord]) -> Vec<u8> {
    events.iter().flat_map(|event| with(seq, event)).collect()
}

/// Answers `stream` with these events, and `members` with these names.
fn telling(request: &Request, events: &[EventRecord], names: &[&str]) -> Act {
    Act::Send(match request.command {
        Command::Stream => [ok(request.seq), records(request.seq, events)].concat(),
        Command::Members => {
            let members = names
                .iter()
                .map(|name| member(name, MemberStatus::Alive))
                .collect();
            with(request.seq, &Members { members })
        }
        _ => ok(request.seq),
    })
}

/// What a change is, in a word.
fn word(change: &Change) -> String {
    match change {
        Change::Event(Event::Member { change, members }) => {
            let names: Vec<&str> = members.iter().map(|member| member.name.as_str()).collect();
            format!("{} {}", change.as_str(), names.join("+"))
        }
        Change::Event(Event::User(event)) => format!("user {}", event.name),
        Change::Event(Event::Query(query)) => format!("query {}", query.name),
        Change::Missed(missed) => format!("missed {missed}"),
        Change::Resumed => "resumed".to_owned(),
        _ => "something else".to_owned(),
    }
}

async fn words(stream: &mut quorate_serf::EventStream, count: usize) -> Vec<String> {
    let mut words = Vec::new();
    while words.len() < count {
        let next = tokio::time::timeout(LONG, stream.next()).await.unwrap();
        words.push(match next.unwrap() {
            Ok(change) => word(&change),
            Err(_) => "error".to_owned(),
        });
    }
    words
}

#[tokio::test]
async fn events_come_in_order_with_all_that_is_said_of_them() {
    let joined = EventRecord::Member {
        change: MemberChange::Join,
        members: vec![member("b", MemberStatus::Alive)],
    };
    let query = EventRecord::Query {
        id: 3,
        ltime: 9,
        name: "up".to_owned(),
        payload: "?".into(),
    };
    let events = [
        user("one"),
        joined,
        query,
        EventRecord::Other("new-kind".to_owned()),
        user("two"),
    ];
    let agent = Agent::start(move |_, request| telling(request, &events, &["a"])).await;
    let mut stream = agent.client().stream(&[]).await.unwrap();
    let expected = ["user one", "member-join b", "query up", "user two"];
    assert_eq!(words(&mut stream, 4).await, expected);
}

#[tokio::test]
async fn a_stream_may_begin_with_the_members_that_are_there() {
    let agent = Agent::start(|_, request| telling(request, &[user("one")], &["a", "b"])).await;
    let options = StreamOptions::default().with_present_members(true);
    let mut stream = agent
        .client()
        .stream_with(&[EventFilter::All], options)
        .await
        .unwrap();
    assert_eq!(words(&mut stream, 2).await, ["member-join a+b", "user one"]);
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_not_told() {
    let update = EventRecord::Member {
        change: MemberChange::Update,
        members: vec![member("a", MemberStatus::Alive)],
    };
    let agent =
        Agent::start(move |_, request| telling(request, &[update.clone(), user("one")], &["a"]))
            .await;
    let mut stream = agent.client().stream(&[]).await.unwrap();
    assert_eq!(words(&mut stream, 1).await, ["user one"]);
}

#[tokio::test]
async fn a_lost_connection_is_told_and_the_gap_is_filled() {
    let agent = Agent::start(|connection, request| match (connection, request.command) {
        // Ends the first connection with the question who is there.
        (0, Command::Members) => {
            let names = ["stays", "goes"].map(|name| member(name, MemberStatus::Alive));
            Act::Send(with(
                request.seq,
                &Members {
                    members: names.to_vec(),
                },
            ))
        }
        (0, Command::Stream) => Act::Send(ok(request.seq)),
        (0, Command::Stop) => Act::SendAndEnd(Vec::new()),
        _ => telling(request, &[user("after")], &["stays", "new"]),
    })
    .await;
    let client = agent.client();
    let mut stream = client.stream(&[]).await.unwrap();
    // This ends the connection.
    let _ = client.ping().await;
    let words = words(&mut stream, 5).await;
    assert_eq!(words[0], "error");
    assert_eq!(
        words[1..],
        [
            "resumed",
            "member-join new",
            "member-reap goes",
            "user after"
        ]
    );
}

#[tokio::test]
async fn a_stream_goes_on_trying_for_as_long_as_it_is_read() {
    let agent = Agent::start(|connection, request| match (connection, request.command) {
        (0, Command::Stop) => Act::SendAndEnd(ok(request.seq)),
        (0, Command::Stream) => telling(request, &[user("one")], &[]),
        (1, Command::Stream) => Act::Send(refuse(request.seq, "Invalid event filter")),
        _ => telling(request, &[user("two")], &[]),
    })
    .await;
    let filters = [EventFilter::User(None)];
    let mut stream = agent.client().stream(&filters).await.unwrap();
    let words = words(&mut stream, 4).await;
    assert_eq!(
        (words[0].as_str(), words[1].as_str()),
        ("user one", "error")
    );
    // Refused on the second connection, which stays: each try tells why.
    assert_eq!(words[2], "error");
}

#[tokio::test]
async fn a_slow_reader_is_told_what_it_missed_and_holds_up_nobody() {
    let many: Vec<EventRecord> = (0..500).map(|number| user(&number.to_string())).collect();
    let agent = Agent::start(move |_, request| telling(request, &many, &[])).await;
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let limits = Limits::default().with_stream_records(100);
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(patient())
        .limits(limits)
        .build()
        .unwrap();
    let mut stream = client.stream(&[EventFilter::User(None)]).await.unwrap();
    // The answer to this comes after all the events, so they have all been taken off the connection.
    client.ping().await.unwrap();
    let mut told = words(&mut stream, 101).await;
    assert_eq!(told.pop().unwrap(), "missed 400");
    assert_eq!(told[99], "user 99");
}

#[tokio::test]
async fn changes_of_members_that_a_slow_reader_missed_are_told_all_the_same() {
    let many: Vec<EventRecord> = (0..200).map(|number| user(&number.to_string())).collect();
    let asked = AtomicUsize::new(0);
    let agent = Agent::start(move |_, request| {
        let names: &[&str] = match request.command {
            Command::Members if asked.fetch_add(1, Ordering::AcqRel) > 0 => &["a", "b"],
            _ => &["a"],
        };
        telling(request, &many, names)
    })
    .await;
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let limits = Limits::default().with_stream_records(2);
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(patient())
        .limits(limits)
        .build()
        .unwrap();
    let mut stream = client.stream(&[]).await.unwrap();
    let told = words(&mut stream, 4).await;
    assert_eq!(told, ["user 0", "user 1", "missed 198", "member-join b"]);
}

#[tokio::test]
async fn an_agent_that_goes_silent_while_a_stream_begins_is_given_up() {
    // Whoever asked for the members meanwhile gets nothing on his connection any more.
    let (silent, given_up) = (Arc::new(AtomicBool::new(true)), Mutex::new(BTreeSet::new()));
    let is_silent = Arc::clone(&silent);
    let agent = Agent::start(move |connection, request| {
        let mut given_up = given_up.lock().unwrap();
        if request.command == Command::Members && is_silent.load(Ordering::Acquire) {
            given_up.insert(connection);
        }
        match given_up.contains(&connection) {
            true => Act::Nothing,
            false => telling(request, &[user("one")], &["a"]),
        }
    })
    .await;
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let timeouts = patient().with_attempt(Duration::from_secs(1));
    let client = Client::builder()
        .hosts(hosts)
        .timeouts(timeouts)
        .build()
        .unwrap();
    let error = client.stream(&[]).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Unavailable, Outcome::DidNotHappen)
    );
    // On another connection it works, unless the machine stands still for longer than an attempt.
    silent.store(false, Ordering::Release);
    let stream = eventually_ok(LONG, "another stream", || client.stream(&[])).await;
    assert_eq!(words(&mut stream.unwrap(), 1).await, ["user one"]);
}

#[tokio::test]
async fn a_hundred_streams_come_back_and_end_with_the_client() {
    let agent = Agent::start(|connection, request| match (connection, request.command) {
        (0, Command::Event) => Act::SendAndEnd(Vec::new()),
        (_, Command::Monitor) => Act::Send(ok(request.seq)),
        _ => telling(request, &[user("one")], &[]),
    })
    .await;
    let client = agent.client();
    let mut streams = Vec::new();
    for _ in 0..100 {
        streams.push(client.stream(&[EventFilter::User(None)]).await.unwrap());
    }
    let mut log = client.monitor(LogLevel::Debug).await.unwrap();
    client
        .event("the end of this connection", "")
        .await
        .unwrap_err();
    let all = streams.iter_mut().map(|stream| words(stream, 4));
    for told in futures_util::future::join_all(all).await {
        assert_eq!(told, ["user one", "error", "resumed", "user one"]);
    }
    let waiting = streams.iter_mut().map(quorate_serf::EventStream::next);
    let waiting = futures_util::future::join_all(waiting);
    let close = async {
        tokio::task::yield_now().await;
        client.close();
    };
    let (ended, line, ()) = tokio::join!(waiting, log.next(), close);
    assert!(ended.iter().all(Option::is_none) && line.is_none());
    // Nothing was dropped: the connections end all the same.
    agent.alone().await;
    drop((streams, log, client, agent));
    let tasks = || async {
        let alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        (alive == 0).then_some(())
    };
    eventually(LONG, "the end of all tasks", tasks)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_stream_is_there_when_the_agent_has_answered_something_after_it() {
    // Serf follows only after it has said that it does.
    let agent = Agent::start(|_, request| telling(request, &[], &["a"])).await;
    let client = agent.client();
    let users = client.stream(&[EventFilter::User(None)]).await.unwrap();
    assert_eq!(agent.commands(), [Command::Stream, Command::Stop]);
    let seen = agent.seen();
    let nothing: Stop = seen[1].body();
    assert!(seen.iter().all(|request| request.seq != nothing.seq));
    let all = client.stream(&[]).await.unwrap();
    assert_eq!(agent.commands()[2..], [Command::Stream, Command::Members]);
    drop((users, all));
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_stopped_on_the_agent() {
    let agent = Agent::start(|_, request| telling(request, &[], &[])).await;
    let client = agent.client();
    let stream = client.stream(&[EventFilter::User(None)]).await.unwrap();
    drop(stream);
    // The first stop is of nothing: it shows that the agent follows.
    let stopped = || async { (agent.commands().len() == 3).then_some(()) };
    eventually(LONG, "the stop", stopped).await.unwrap();
    let seen = agent.seen();
    let stop: Stop = seen[2].body();
    assert_eq!((seen[2].command, stop.seq), (Command::Stop, seen[0].seq));
    let stream = client.stream(&[EventFilter::User(None)]).await.unwrap();
    stream.stop().await.unwrap();
}

#[tokio::test]
async fn a_query_is_answered_on_the_connection_that_it_came_on() {
    let query = EventRecord::Query {
        id: 3,
        ltime: 9,
        name: "up".to_owned(),
        payload: "?".into(),
    };
    let agent = Agent::start(move |connection, request| match request.command {
        Command::Respond if connection > 0 => {
            Act::Send(refuse(request.seq, "No pending queries matching ID"))
        }
        _ => telling(request, std::slice::from_ref(&query), &[]),
    })
    .await;
    let client = agent.client();
    let mut stream = client.stream(&[EventFilter::Query(None)]).await.unwrap();
    let Some(Ok(Change::Event(Event::Query(query)))) = stream.next().await else {
        panic!()
    };
    query.respond("yes").await.unwrap();
    let seen = agent.seen();
    let respond: Respond = seen
        .iter()
        .find(|request| request.command == Command::Respond)
        .unwrap()
        .body();
    assert_eq!((respond.id, &respond.payload[..]), (3, &b"yes"[..]));
    client.close();
    let error = query.respond("again").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Unavailable, Outcome::DidNotHappen)
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_name_that_the_protocol_cannot_say_is_refused() {
    let agent = Agent::start(|_, request| telling(request, &[], &[])).await;
    let error = agent
        .client()
        .stream(&[EventFilter::User(Some("a,b".to_owned()))])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(agent.seen().is_empty());
}

#[tokio::test]
async fn a_function_is_called_for_each_event_until_it_has_enough() {
    let events = [user("one"), user("two"), user("three")];
    let agent = Agent::start(move |_, request| telling(request, &events, &[])).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let client = agent.client();
    let subscription = client.on(&[EventFilter::User(None)], move |event| {
        let tell = tell.clone();
        async move {
            let Event::User(event) = event else {
                return Flow::Continue;
            };
            let flow = if event.name == "two" {
                Flow::Stop
            } else {
                Flow::Continue
            };
            tell.send(event.name).unwrap();
            flow
        }
    });
    subscription.await.unwrap().finished().await;
    assert_eq!(
        (told.recv().await.unwrap(), told.recv().await.unwrap()),
        ("one".into(), "two".into())
    );
    assert!(told.recv().await.is_none());
}

#[tokio::test]
async fn an_agent_that_goes_silent_under_a_stream_is_noticed() {
    let asked = AtomicUsize::new(0);
    let agent = Agent::start(
        move |connection, request| match (connection, request.command) {
            // When the stream begins it still answers.
            (0, Command::Stop) if asked.fetch_add(1, Ordering::AcqRel) > 0 => Act::Nothing,
            _ => telling(request, &[user("one")], &[]),
        },
    )
    .await;
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    let client = Client::builder()
        .hosts(hosts)
        .keep_alive(Duration::from_millis(100))
        .build()
        .unwrap();
    let mut stream = client.stream(&[EventFilter::User(None)]).await.unwrap();
    assert_eq!(
        words(&mut stream, 4).await,
        ["user one", "error", "resumed", "user one"]
    );
}

#[tokio::test]
async fn a_log_is_followed_and_lines_are_not_told_twice() {
    let line = |text: &str| LogRecord {
        log: format!("2026/11/21 16:05:57 [INFO] {text}"),
    };
    let agent = Agent::start(move |connection, request| {
        let lines = |texts: &[&str]| -> Vec<u8> {
            texts
                .iter()
                .flat_map(|text| with(request.seq, &line(text)))
                .collect()
        };
        match connection {
            0 => Act::SendAndEnd([ok(request.seq), lines(&["one", "two"])].concat()),
            _ => Act::Send([ok(request.seq), lines(&["one", "two", "three"])].concat()),
        }
    })
    .await;
    let mut log = agent.client().monitor(LogLevel::Debug).await.unwrap();
    let mut told = Vec::new();
    while told.len() < 5 {
        told.push(match log.next().await.unwrap() {
            Ok(LogItem::Line(line)) => line.text().to_owned(),
            Ok(LogItem::Resumed) => "resumed".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(_) => "error".to_owned(),
        });
    }
    assert_eq!(told, ["one", "two", "error", "resumed", "three"]);
}

#[test]
fn a_record_is_what_the_wire_says() {
    assert_eq!(user("x").to_msgpack(), with(7, &user("x"))[ok(7).len()..]);
}
