//! One call after the other, and side by side.

use quorate_serf::{
    Command, ErrorKind, JoinOptions, MemberFilter, MemberStatus, Outcome, Refusal, RetryAdvice,
    Secret, TagChanges,
};
use quorate_testkit::eventually;
use quorate_wire::serf::{
    Event, ForceLeave, Join, Joined, KeyResponse, MemberFilter as WireFilter, Members, Tags,
};

use super::agent::{Act, Agent, LONG, member, ok, refuse, with};

/// Answers whatever it is asked, as an agent alone does.
fn obliging(request: &super::agent::Request) -> Vec<u8> {
    let seq = request.seq;
    match request.command {
        Command::Members | Command::MembersFiltered => with(
            seq,
            &Members {
                members: vec![member("a", MemberStatus::Alive)],
            },
        ),
        Command::Join => with(seq, &Joined { num: 2 }),
        _ => ok(seq),
    }
}

#[tokio::test]
async fn every_option_is_on_the_wire() {
    let agent = Agent::start(|_, request| Act::Send(obliging(request))).await;
    let client = agent.client();
    client.event("deploy", vec![0, 255]).await.unwrap();
    assert_eq!(
        client
            .join_with(&["b:1", "c"], JoinOptions::default().with_replay(true))
            .await
            .unwrap(),
        2
    );
    client
        .force_leave_with(
            "b",
            quorate_serf::ForceLeaveOptions::default().with_prune(true),
        )
        .await
        .unwrap();
    client
        .set_tags(&TagChanges::new().set("role", "web").remove("old"))
        .await
        .unwrap();
    let filter = MemberFilter {
        status: "alive".to_owned(),
        ..MemberFilter::default()
    };
    assert_eq!(client.members_filtered(&filter).await.unwrap().len(), 1);
    client.member("a.b").await.unwrap();
    let seen = agent.seen();
    let find = |command| {
        seen.iter()
            .find(|request| request.command == command)
            .unwrap()
    };
    let event: Event = find(Command::Event).body();
    assert_eq!(
        (event.name.as_str(), &event.payload[..], event.coalesce),
        ("deploy", &[0, 255][..], false)
    );
    let join: Join = find(Command::Join).body();
    assert_eq!(
        (join.existing, join.replay),
        (vec!["b:1".to_owned(), "c".to_owned()], true)
    );
    let force: ForceLeave = find(Command::ForceLeave).body();
    assert_eq!((force.node.as_str(), force.prune), ("b", true));
    let tags: Tags = find(Command::Tags).body();
    assert_eq!(
        (tags.tags["role"].as_str(), &tags.delete_tags[..]),
        ("web", &["old".to_owned()][..])
    );
    let filters: Vec<WireFilter> = seen
        .iter()
        .filter(|request| request.command == Command::MembersFiltered)
        .map(super::agent::Request::body)
        .collect();
    assert_eq!(filters[0], filter);
    // A name is taken as it is, and not as an expression.
    assert_eq!(filters[1].name, r"a\.b");
}

#[tokio::test]
async fn an_expression_that_is_none_is_refused_before_it_ends_the_connection() {
    let agent = Agent::start(|_, request| Act::Send(obliging(request))).await;
    let filter = MemberFilter {
        name: "(".to_owned(),
        ..MemberFilter::default()
    };
    let error = agent.client().members_filtered(&filter).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::InvalidArgument, Outcome::DidNotHappen)
    );
    assert!(error.to_string().contains("name"), "{error}");
    assert!(agent.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_is_told_by_its_meaning() {
    let agent = Agent::start(|_, request| {
        Act::Send(match request.command {
            Command::Event => refuse(
                request.seq,
                "user event exceeds configured limit of 512 bytes before encoding",
            ),
            Command::Tags => refuse(request.seq, "timeout waiting for update broadcast"),
            _ => refuse(request.seq, "Authentication required"),
        })
    })
    .await;
    let client = agent.client();
    let error = client.event("e", vec![0; 600]).await.unwrap_err();
    assert_eq!(
        error.refusal(),
        Some(&Refusal::TooLarge { limit: Some(512) })
    );
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::TooLarge, RetryAdvice::Never)
    );
    let error = client
        .set_tags(&TagChanges::new().set("a", "b"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
    let error = client.members().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn what_each_member_said_of_a_key_is_kept() {
    let said = KeyResponse {
        messages: [(
            "b".to_owned(),
            "Requested key is not in the keyring".to_owned(),
        )]
        .into(),
        num_err: 1,
        num_nodes: 3,
        num_resp: 3,
        ..KeyResponse::default()
    };
    let answer = said.clone();
    let agent = Agent::start(move |_, request| {
        let refused = refuse(request.seq, "1/3 nodes reported failure");
        Act::Send([refused, quorate_wire::msgpack::Encode::to_msgpack(&answer)].concat())
    })
    .await;
    let error = agent
        .client()
        .keys()
        .use_key(&Secret::from("c2VjcmV0"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Partial);
    assert_eq!(error.refusal(), Some(&Refusal::Partial { some: 1, all: 3 }));
    assert_eq!(error.keys(), Some(&said));
    assert!(!format!("{error:?}").contains("c2VjcmV0"));
}

#[tokio::test]
async fn the_token_is_shown_before_the_first_command_and_never_printed() {
    let agent = Agent::start(|_, request| Act::Send(obliging(request))).await;
    let hosts = format!(
        "serf://127.0.0.1:{}?AuthKey=open%20sesame",
        agent.addr.port()
    );
    let client = quorate_serf::Client::connect(&hosts).await.unwrap();
    assert_eq!(agent.commands(), [Command::Auth, Command::Stop]);
    let auth: quorate_wire::serf::Auth = agent.seen()[0].body();
    assert_eq!(auth.auth_key, "open sesame");
    assert!(!format!("{client:?}").contains("sesame"));
}

#[tokio::test]
async fn a_wrong_token_is_told_as_such() {
    let agent = Agent::start(|_, request| {
        let seq = request.seq;
        Act::Send(match request.command {
            Command::Auth => refuse(seq, "Invalid authentication token"),
            _ => refuse(seq, "Authentication required"),
        })
    })
    .await;
    let hosts = format!("127.0.0.1:{}?AuthKey=wrong", agent.addr.port());
    let error = quorate_serf::Client::connect(&hosts).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::PermissionDenied, RetryAdvice::Never)
    );
    assert!(
        error
            .peer()
            .is_some_and(|peer| peer.starts_with("127.0.0.1:")),
        "{error}"
    );
}

#[tokio::test]
async fn calls_on_one_connection_get_their_own_answers_in_any_order() {
    // Answers the first only after the second.
    let agent = Agent::start(|_, request| {
        let members = |name: &str| Members {
            members: vec![member(name, MemberStatus::Alive)],
        };
        match request.command {
            Command::Members => Act::Nothing,
            Command::MembersFiltered => Act::Send(
                [
                    with(request.seq, &members("second")),
                    with(request.seq - 1, &members("first")),
                ]
                .concat(),
            ),
            _ => Act::Send(ok(request.seq)),
        }
    })
    .await;
    let client = agent.client();
    client.ping().await.unwrap();
    let filter = MemberFilter::default();
    let (first, second) = tokio::join!(client.members(), async {
        let asked = || async { agent.commands().contains(&Command::Members).then_some(()) };
        eventually(LONG, "the first call", asked).await.unwrap();
        client.members_filtered(&filter).await
    });
    assert_eq!(first.unwrap()[0].name, "first");
    assert_eq!(second.unwrap()[0].name, "second");
}

#[tokio::test]
async fn what_takes_long_holds_up_nobody() {
    // An agent does one command of a connection after the other.
    let agent = Agent::start(|_, request| match request.command {
        Command::Join => Act::Nothing,
        _ => Act::Send(obliging(request)),
    })
    .await;
    let client = agent.client();
    let joining = client.clone();
    let join = quorate_net::task::spawn(async move { joining.join(&["b:1"]).await });
    let asked = || async { agent.commands().contains(&Command::Join).then_some(()) };
    eventually(LONG, "the join", asked).await.unwrap();
    client.members().await.unwrap();
    assert!(!join.is_finished());
    client.close();
    let error = join.await.unwrap().unwrap_err();
    assert_eq!(error.outcome(), Outcome::Unknown, "{error}");
}

#[tokio::test]
async fn a_dropped_call_leaves_the_connection_in_order() {
    let agent = Agent::start(|_, request| match request.command {
        // Late: with the answer to the next command.
        Command::Members => Act::Nothing,
        Command::Event => {
            let late = with(
                request.seq - 1,
                &Members {
                    members: vec![member("late", MemberStatus::Alive)],
                },
            );
            Act::Send([late, ok(request.seq)].concat())
        }
        _ => Act::Send(obliging(request)),
    })
    .await;
    let client = agent.client();
    client.ping().await.unwrap();
    let asking = client.clone();
    let call = quorate_net::task::spawn(async move { asking.members().await.map(drop) });
    let asked = || async { agent.commands().contains(&Command::Members).then_some(()) };
    eventually(LONG, "the call", asked).await.unwrap();
    drop(call);
    client.event("after", "").await.unwrap();
    let filter = MemberFilter::default();
    assert_eq!(client.members_filtered(&filter).await.unwrap()[0].name, "a");
}

#[tokio::test]
async fn a_pipeline_is_answered_in_order_and_one_refusal_holds_up_nobody() {
    let agent = Agent::start(|_, request| match request.command {
        Command::Event => Act::Send(refuse(request.seq, "no")),
        _ => Act::Send(obliging(request)),
    })
    .await;
    let replies = agent
        .client()
        .pipeline()
        .members()
        .event("e", "")
        .event("e", "")
        .members()
        .send()
        .await
        .unwrap();
    let done: Vec<bool> = replies
        .iter()
        .map(quorate_serf::Reply::is_success)
        .collect();
    assert_eq!(done, [true, false, false, true]);
    assert_eq!(replies[3].members().unwrap()[0].name, "a");
    assert_eq!(replies[1].members().unwrap_err().kind(), ErrorKind::Refused);
    // Nothing is merged: what was added twice is sent twice.
    assert_eq!(
        agent.commands(),
        [
            Command::Members,
            Command::Event,
            Command::Event,
            Command::Members
        ]
    );
}

#[tokio::test]
async fn commands_can_be_sent_in_their_own_bytes() {
    let agent = Agent::start(|_, request| match request.command {
        Command::Stats => Act::Send(refuse(request.seq, "no")),
        _ => Act::Send(obliging(request)),
    })
    .await;
    let client = agent.client();
    let reply = client.call_raw(Command::Members, b"").await.unwrap();
    assert!(reply.is_success() && reply.body.is_some());
    assert_eq!(
        client.call_raw(Command::Stats, b"").await.unwrap().error,
        "no"
    );
    for (command, body) in [
        (Command::Members, &b"\x80"[..]),
        (Command::Event, b""),
        (Command::Stream, b"\x80"),
    ] {
        let error = client.call_raw(command, body).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{command}");
    }
}

#[tokio::test]
async fn nothing_goes_on_after_the_client_was_closed() {
    let agent = Agent::start(|_, request| Act::Send(obliging(request))).await;
    let client = agent.client();
    client.ping().await.unwrap();
    client.close();
    assert_eq!(
        client.members().await.unwrap_err().kind(),
        ErrorKind::Closed
    );
}
