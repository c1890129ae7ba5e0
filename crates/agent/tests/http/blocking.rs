//! Reads that wait: C6, C7 and section 4.3 of what Consul does.

use std::time::Duration;

use quorate_agent::Agent;
use tokio::time::{Instant, timeout};

use crate::client::{Answer, Client, PATIENCE, agent, eventually, request};

/// A read that is blocked for as long as nothing it waits for changes.
struct Blocked {
    client: Client,
    begun: Instant,
}

impl Blocked {
    async fn start(agent: &Agent, target: &str) -> Self {
        let mut client = Client::connect(agent).await;
        client.send(&request("GET", target, &[], b"")).await;
        Self {
            client,
            begun: Instant::now(),
        }
    }

    /// Whether it stays blocked for a while.
    async fn sleeps(&mut self) -> bool {
        timeout(Duration::from_millis(60), self.client.receive())
            .await
            .is_err()
    }

    async fn answer(&mut self) -> Answer {
        self.client.receive().await.unwrap()
    }
}

/// The target with the index that a read of it answers now.
async fn from_now(client: &mut Client, target: &str) -> String {
    let index = client.get(target).await.index();
    let separator = if target.contains('?') { '&' } else { '?' };
    format!("{target}{separator}index={index}")
}

#[tokio::test]
async fn a_read_wakes_for_its_own_key_and_for_no_other() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let target = from_now(&mut client, "/v1/kv/a").await;
    let mut blocked = Blocked::start(&agent, &target).await;
    client.done("/v1/kv/b", "1").await;
    client.done("/v1/kv/a", "1").await;
    assert!(
        blocked.sleeps().await,
        "another key, or the same value again, woke it"
    );
    client.done("/v1/kv/a", "2").await;
    let answer = blocked.answer().await;
    assert_eq!(answer.json()[0]["Value"], "Mg==");
    assert_eq!(
        answer.index(),
        answer.json()[0]["ModifyIndex"].as_u64().unwrap()
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_read_of_a_key_that_is_deleted_answers_404_with_a_newer_index() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let before = client.get("/v1/kv/a").await.index();
    let target = from_now(&mut client, "/v1/kv/a").await;
    let mut blocked = Blocked::start(&agent, &target).await;
    assert_eq!(client.ask("DELETE", "/v1/kv/a", b"").await.text(), "true");
    let answer = blocked.answer().await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    assert!(answer.index() > before);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_read_of_a_prefix_wakes_for_changes_and_deletions_under_it() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/p/1", "1").await;
    for (target, change) in [
        ("/v1/kv/p/?recurse", "/v1/kv/p/2"),
        ("/v1/kv/p/?keys", "/v1/kv/p/3"),
    ] {
        let target = from_now(&mut client, target).await;
        let mut blocked = Blocked::start(&agent, &target).await;
        client.done("/v1/kv/q", change).await;
        assert!(blocked.sleeps().await, "{target} woke for a key beside it");
        client.done(change, "x").await;
        assert_eq!(blocked.answer().await.status, 200);
        let target = from_now(&mut client, "/v1/kv/p/?recurse").await;
        let mut blocked = Blocked::start(&agent, &target).await;
        client.ask("DELETE", change, b"").await;
        assert!(
            !blocked
                .answer()
                .await
                .text()
                .contains(change.trim_start_matches("/v1/kv/"))
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn sessions_wake_their_readers() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let id = client.session("{}").await;
    for target in ["/v1/session/list", "/v1/session/node/node-1"] {
        let target = from_now(&mut client, target).await;
        let mut blocked = Blocked::start(&agent, &target).await;
        client.done("/v1/kv/other", target.as_str()).await;
        assert!(blocked.sleeps().await, "{target}");
        client.session("{}").await;
        assert!(blocked.answer().await.json().as_array().unwrap().len() > 1);
    }
    let target = from_now(&mut client, &format!("/v1/session/info/{id}")).await;
    let mut blocked = Blocked::start(&agent, &target).await;
    client.session("{}").await;
    assert!(blocked.sleeps().await, "it waits for one session");
    client.done(&format!("/v1/session/destroy/{id}"), "").await;
    assert_eq!(blocked.answer().await.text(), "[]");
    agent.shutdown().await;
}

#[tokio::test]
async fn the_catalog_and_checks_wake_their_readers() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    let register = |name: &str, status: &str| {
        format!(r#"{{"Node":"{name}","Address":"a","Check":{{"Name":"c","Status":"{status}"}}}}"#)
    };
    client
        .done("/v1/catalog/register", register("n", "passing"))
        .await;
    for (target, name, status) in [
        ("/v1/catalog/nodes", "n1", "passing"),
        ("/v1/health/node/n", "n", "warning"),
        ("/v1/health/state/any", "n", "passing"),
    ] {
        let target = from_now(&mut client, target).await;
        let mut blocked = Blocked::start(&agent, &target).await;
        client.done("/v1/kv/other", &target).await;
        assert!(blocked.sleeps().await, "{target}");
        client
            .done("/v1/catalog/register", register(name, status))
            .await;
        assert!(
            blocked
                .answer()
                .await
                .text()
                .contains(status.trim_end_matches("passing"))
        );
    }
    // A real 1.8.7 answers index 1 for a node that is gone, and leaves its readers asleep.
    let target = from_now(&mut client, "/v1/catalog/node/n").await;
    let mut blocked = Blocked::start(&agent, &target).await;
    client
        .done("/v1/catalog/deregister", r#"{"Node":"n"}"#)
        .await;
    assert_eq!(blocked.answer().await.text(), "null");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_wait_that_is_over_answers_what_there_is() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let target = from_now(&mut client, "/v1/kv/a").await;
    let mut blocked = Blocked::start(&agent, &format!("{target}&wait=80ms")).await;
    let answer = blocked.answer().await;
    assert!(blocked.begun.elapsed() >= Duration::from_millis(80));
    assert_eq!(answer.json()[0]["Value"], "MQ==");
    assert!(
        target.ends_with(&answer.index().to_string()),
        "the index has not moved"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn an_index_beyond_ours_waits_to_the_end() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let target = format!("/v1/kv/a?index={}&wait=2s", u64::MAX);
    let mut blocked = Blocked::start(&agent, &target).await;
    client.done("/v1/kv/a", "2").await;
    let answer = blocked.answer().await;
    assert!(
        blocked.begun.elapsed() >= Duration::from_secs(2),
        "woken too early"
    );
    assert_eq!(answer.json()[0]["Value"], "Mg==");
    agent.shutdown().await;
}

#[tokio::test]
async fn an_older_index_answers_at_once() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    for target in [
        "/v1/kv/a?index=1",
        "/v1/kv/a?index=0&wait=10m",
        "/v1/kv/a?wait=10m",
    ] {
        assert_eq!(client.get(target).await.status, 200, "{target}");
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn many_writes_behind_one_another_wake_many_readers() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/p/0", "0").await;
    let mut readers = Vec::new();
    for _ in 0..50 {
        let agent = agent.clone();
        readers.push(quorate_net::task::spawn(async move {
            let mut client = Client::connect(&agent).await;
            let mut index = 0;
            // Follows the prefix until the last write shows.
            loop {
                let answer = client
                    .get(&format!("/v1/kv/p/?recurse&index={index}"))
                    .await;
                assert!(answer.index() > index, "it answered without news");
                index = answer.index();
                if answer.text().contains("p/last") {
                    break;
                }
            }
        }));
    }
    for number in 1..=200 {
        client
            .done(&format!("/v1/kv/p/{}", number % 7), number.to_string())
            .await;
    }
    client.done("/v1/kv/p/last", "x").await;
    for reader in readers {
        timeout(PATIENCE, reader)
            .await
            .expect("a reader missed the last write")
            .unwrap();
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_client_that_goes_away_leaves_nothing_behind() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let target = from_now(&mut client, "/v1/kv/a").await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let mut blocked = Vec::new();
    for _ in 0..10 {
        blocked.push(Blocked::start(&agent, &target).await);
    }
    eventually("ten connections", async || {
        metrics.num_alive_tasks() == before + 10
    })
    .await;
    assert!(blocked[9].sleeps().await);
    drop(blocked);
    eventually("no connection", async || {
        metrics.num_alive_tasks() == before
    })
    .await;
    agent.shutdown().await;
}

#[tokio::test]
async fn requests_behind_a_blocked_read_are_answered_after_it_in_their_order() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "1").await;
    let target = from_now(&mut client, "/v1/kv/a").await;
    // More than is read ahead of its turn, cut anywhere.
    let behind: Vec<u8> = (0..40)
        .flat_map(|number| request("PUT", &format!("/v1/kv/behind/{number}"), &[], b"body"))
        .chain(request("GET", "/v1/kv/behind/39?raw", &[], b""))
        .collect();
    let mut blocked = Blocked::start(&agent, &target).await;
    blocked.client.send(&behind).await;
    assert!(blocked.sleeps().await);
    assert_eq!(client.get("/v1/kv/behind/0").await.status, 404, "overtaken");
    client.done("/v1/kv/a", "2").await;
    assert_eq!(blocked.answer().await.json()[0]["Value"], "Mg==");
    for number in 0..40 {
        assert_eq!(blocked.answer().await.text(), "true", "{number}");
    }
    assert_eq!(blocked.answer().await.text(), "body");
    assert_eq!(blocked.client.get(&target).await.status, 200);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_connection_blocks_again_and_again() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    client.done("/v1/kv/a", "0").await;
    let mut blocked = Client::connect(&agent).await;
    for round in 1..20 {
        let target = from_now(&mut blocked, "/v1/kv/a").await;
        blocked.send(&request("GET", &target, &[], b"")).await;
        client.done("/v1/kv/a", round.to_string()).await;
        let answer = blocked.receive().await.unwrap();
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("date").is_some());
        assert_eq!(blocked.get("/v1/kv/a?raw").await.text(), round.to_string());
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn many_who_wait_for_the_same_get_the_answers_to_their_own_questions() {
    let agent = agent().await;
    let mut writer = Client::connect(&agent).await;
    writer.done("/v1/kv/a", "1").await;
    let index = writer.get("/v1/kv/a").await.index();
    let questions: [(&str, &[&str]); 5] = [
        ("/v1/kv/a?", &[]),
        ("/v1/kv/a?raw&", &[]),
        ("/v1/kv/a?pretty&", &[]),
        ("/v1/kv/a?", &["Accept-Encoding: gzip"]),
        ("/v1/kv/a?", &["Connection: close"]),
    ];
    let mut waiting = Vec::new();
    for number in 0..40 {
        let (target, headers) = questions[number % questions.len()];
        let mut client = Client::connect(&agent).await;
        let target = format!("{target}index={index}&wait={}s", 60 + number);
        client.send(&request("GET", &target, headers, b"")).await;
        waiting.push((target, headers, client));
    }
    writer.done("/v1/kv/a", "2").await;
    let own = writer.get("/v1/kv/a").await;
    for (target, headers, mut client) in waiting {
        let answer = client.receive().await.unwrap();
        assert_eq!(answer.index(), own.index(), "{target}");
        let path = target.split("index=").next().unwrap();
        let expected = writer.ask_with("GET", path, headers, b"").await;
        assert_eq!(answer.body, expected.body, "{target} {headers:?}");
        let closes = headers.contains(&"Connection: close");
        assert_eq!(answer.header("connection").is_some(), closes, "{target}");
        if closes {
            writer = Client::connect(&agent).await;
        }
    }
    agent.shutdown().await;
}
