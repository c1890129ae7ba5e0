//! Questions to all members.

use std::time::{Duration, Instant};

use quorate_serf::{Command, ErrorKind, MemberStatus, QueryItem, QueryOptions};
use quorate_wire::serf::{Members, Query, QueryRecord, QueryRecordKind};

use super::agent::{Act, Agent, Request, member, ok, with};

fn record(kind: QueryRecordKind, from: &str, payload: &'static str) -> QueryRecord {
    QueryRecord {
        from: from.to_owned(),
        payload: payload.into(),
        kind,
    }
}

fn answers(request: &Request, records: &[QueryRecord]) -> Act {
    Act::Send(match request.command {
        Command::Members => {
            let failed = member("failed", MemberStatus::Failed);
            let members = [
                member("a", MemberStatus::Alive),
                member("b", MemberStatus::Alive),
                failed,
            ];
            with(
                request.seq,
                &Members {
                    members: members.to_vec(),
                },
            )
        }
        Command::Query => {
            let records = records.iter().flat_map(|record| with(request.seq, record));
            [ok(request.seq), records.collect()].concat()
        }
        _ => ok(request.seq),
    })
}

#[tokio::test]
async fn it_ends_when_all_that_are_there_have_answered() {
    // No `done`: an agent sends it when the time is over.
    let records = [
        record(QueryRecordKind::Response, "a", "1"),
        record(QueryRecordKind::Ack, "a", ""),
        record(QueryRecordKind::Ack, "b", ""),
        record(QueryRecordKind::Response, "b", "2"),
    ];
    let agent = Agent::start(move |_, request| answers(request, &records)).await;
    let options = QueryOptions::default().with_acks(true);
    let stream = agent
        .client()
        .query_with("up", "?", &options)
        .await
        .unwrap();
    let result = stream.collect().await.unwrap();
    assert_eq!(
        (result.acks.len(), &result.responses["b"][..]),
        (2, &b"2"[..])
    );
    let query: Query = agent
        .seen()
        .iter()
        .find(|request| request.command == Command::Query)
        .unwrap()
        .body();
    assert_eq!(
        (query.name.as_str(), query.request_ack, query.timeout),
        ("up", true, 0)
    );
}

#[tokio::test]
async fn it_ends_with_the_time_otherwise_and_records_of_nobody_are_passed_over() {
    let nobody = record(QueryRecordKind::Response, "", "");
    let mut records = vec![record(QueryRecordKind::Response, "a", "1"); 2];
    records.extend(vec![nobody; 1000]);
    records.push(record(QueryRecordKind::Done, "", ""));
    let agent = Agent::start(move |_, request| answers(request, &records)).await;
    let mut stream = agent.client().query("up", "").await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(
        first,
        QueryItem::Response {
            from: "a".to_owned(),
            payload: "1".into()
        }
    );
    assert!(stream.next().await.is_none() && stream.next().await.is_none());
}

#[tokio::test]
async fn only_those_that_were_asked_are_waited_for() {
    let records = [record(QueryRecordKind::Response, "b", "2")];
    let agent = Agent::start(move |_, request| answers(request, &records)).await;
    let options = QueryOptions::default()
        .with_nodes(["b"])
        .with_timeout(Duration::from_secs(2))
        .with_relay_factor(3);
    let stream = agent.client().query_with("up", "", &options).await.unwrap();
    assert_eq!(stream.collect().await.unwrap().responses.len(), 1);
    let query: Query = agent
        .seen()
        .iter()
        .find(|request| request.command == Command::Query)
        .unwrap()
        .body();
    assert_eq!(
        (query.filter_nodes, query.timeout, query.relay_factor),
        (vec!["b".to_owned()], 2_000_000_000, 3)
    );
}

#[tokio::test]
async fn the_first_answer_can_be_enough() {
    let records = [
        record(QueryRecordKind::Ack, "a", ""),
        record(QueryRecordKind::Response, "a", "1"),
    ];
    let agent = Agent::start(move |_, request| answers(request, &records)).await;
    let begun = Instant::now();
    let first = agent
        .client()
        .query("up", "")
        .await
        .unwrap()
        .first()
        .await
        .unwrap();
    assert_eq!(first, Some(("a".to_owned(), "1".into())));
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_connection_that_ends_is_told() {
    let agent = Agent::start(|_, request| match request.command {
        Command::Query => Act::SendAndEnd(ok(request.seq)),
        _ => answers(request, &[]),
    })
    .await;
    let mut stream = agent.client().query("up", "").await.unwrap();
    assert_eq!(
        stream.next().await.unwrap().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn what_an_agent_would_refuse_or_die_of_is_refused_here() {
    let agent = Agent::start(|_, request| answers(request, &[])).await;
    let client = agent.client();
    let error = client.query("_serf_other", "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let options = QueryOptions::default().with_tag("role", "(");
    let error = client.query_with("up", "", &options).await.unwrap_err();
    assert!(error.to_string().contains("role"), "{error}");
    assert!(agent.seen().is_empty());
    let _ = client.query("_serf_ping", "").await.unwrap();
}
