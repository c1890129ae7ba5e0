//! Agents that send what no agent should.

use quorate_serf::{Client, Command, ErrorKind, Limits, MemberStatus};
use quorate_wire::serf::Members;

use super::agent::{Act, Agent, member, ok, patient, with};

fn members(count: usize) -> Members {
    Members {
        members: (0..count)
            .map(|number| member(&format!("m{number}"), MemberStatus::Alive))
            .collect(),
    }
}

fn limited(agent: &Agent, limits: Limits) -> Client {
    let hosts = agent
        .addr
        .to_string()
        .parse::<quorate_serf::Hosts>()
        .unwrap();
    Client::builder()
        .hosts(hosts)
        .timeouts(patient())
        .limits(limits)
        .build()
        .unwrap()
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_refused_by_its_head() {
    // Claims 4 GiB and sends five bytes.
    let agent = Agent::start(|_, request| {
        Act::Send([ok(request.seq), vec![0xc6, 0xff, 0xff, 0xff, 0xff]].concat())
    })
    .await;
    let client = limited(&agent, Limits::default().with_object_bytes(1 << 16));
    let error = client.members().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
}

#[tokio::test]
async fn a_large_answer_within_the_limit_is_read() {
    let agent = Agent::start(|_, request| Act::Send(with(request.seq, &members(10_000)))).await;
    assert_eq!(agent.client().members().await.unwrap().len(), 10_000);
}

#[tokio::test]
async fn bytes_that_are_no_messagepack_end_the_connection_and_not_the_client() {
    let agent = Agent::start(|connection, request| match connection {
        0 => Act::Send(vec![0xc1; 10]),
        _ => Act::Send(with(request.seq, &members(1))),
    })
    .await;
    let client = agent.client();
    let error = client.members().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
    assert_eq!(client.members().await.unwrap().len(), 1);
}

#[tokio::test]
async fn answers_and_bodies_of_nobody_are_passed_over() {
    let agent = Agent::start(|_, request| {
        let nobody = with(999, &members(3));
        let twice = ok(request.seq);
        Act::Send(match request.command {
            Command::Members => [nobody.clone(), with(request.seq, &members(1)), nobody].concat(),
            // As agents answer a command whose body they took for a header.
            _ => [twice.clone(), twice].concat(),
        })
    })
    .await;
    let client = agent.client();
    for _ in 0..3 {
        client.ping().await.unwrap();
        assert_eq!(client.members().await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_body_that_is_missing_or_of_another_kind_is_told() {
    let agent = Agent::start(|_, request| match request.command {
        Command::Members => Act::Send([ok(request.seq), ok(0)].concat()),
        _ => Act::Send([ok(request.seq), b"\x81\xa7Members\xa4none".to_vec()].concat()),
    })
    .await;
    let client = agent.client();
    let error = client.members().await.unwrap_err();
    assert!(error.to_string().contains("no body"), "{error}");
    let error = client
        .members_filtered(&quorate_serf::MemberFilter::default())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    client.ping().await.unwrap();
}
