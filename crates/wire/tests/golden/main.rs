//! What Consul 1.8.7 really sent, decoded and encoded again byte for byte; and what etcd 3.4.23 and
//! 3.5.16 sent (`etcd2/`).
//!
//! The recordings are in `fixtures/`; the READMEs there say how they were made.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod acl;
mod agent;
mod catalog;
mod config_entry;
mod connect;
mod coordinate;
mod etcd2;
mod event;
mod message;
mod operator;
mod prepared_query;
mod serf;
mod snapshot;

use std::collections::BTreeMap;

use quorate_wire::consul::kv::{self, KvRead};
use quorate_wire::consul::{
    AgentSelf, HealthCheck, KvVerb, Node, QueryOptions, TxnAnswer, TxnOp, json, path, session,
    status,
};

use message::{Message, named};

#[test]
fn entries_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("kv-get").into_iter().chain(named("kv-recurse")) {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let entries = kv::decode_entries(&answer.body).unwrap();
        assert!(answer.meta().index >= Some(1), "{name}");
        assert_eq!(answer.meta().known_leader, Some(true), "{name}");
        seen += 1;
        if name == "kv-get-not-utf8" {
            let bytes = kv::KvEntryRef {
                key: b"bad\xffutf8",
                ..entries[0].as_entry_ref()
            };
            assert_eq!(kv::encode_entries([bytes]), answer.body);
            continue;
        }
        let again = kv::encode_entries(entries.iter().map(kv::KvEntry::as_entry_ref));
        assert_eq!(String::from_utf8(again).unwrap(), answer.text(), "{name}");
        assert_eq!(json::encode(&entries).unwrap(), answer.body, "{name}");
    }
    assert!(seen >= 10, "only {seen} reads were recorded");
}

#[test]
fn the_facts_of_entries_survive() {
    let entry = |name: &str| {
        let entries = kv::decode_entries(&Message::answer(name).body).unwrap();
        entries.into_iter().next().unwrap()
    };
    assert_eq!(entry("kv-get-flags-max").flags, u64::MAX);
    assert!(entry("kv-get-empty-value").value.is_empty());
    assert!(entry("kv-get-locked").session.is_some());
    assert_eq!(entry("kv-get-locked").lock_index, 1);
    assert_eq!(entry("kv-get-over-lock").lock_index, 0);
    assert!(entry("kv-get-over-lock").session.is_some());
    assert_eq!(entry("kv-get-released").session, None);
}

#[test]
fn key_names_are_read_and_written_as_consul_writes_them() {
    for name in named("kv-keys") {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let keys = kv::decode_keys(&answer.body).unwrap();
        let again = kv::encode_keys(keys.iter().map(String::as_bytes));
        assert_eq!(String::from_utf8(again).unwrap(), answer.text(), "{name}");
    }
}

/// The parameters of a recorded target, decoded.
fn parameters(target: &str) -> Vec<(String, String)> {
    let query = target.split_once('?').map_or("", |(_, query)| query);
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decode = |text: &str| String::from_utf8_lossy(&path::decode(text)).into_owned();
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

fn borrowed(pairs: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
}

#[test]
fn read_parameters_mean_what_the_recording_says() {
    for (name, read) in [
        ("kv-get", KvRead::Entry),
        ("kv-raw", KvRead::Raw),
        ("kv-recurse", KvRead::Recurse),
        ("kv-keys", KvRead::Keys { separator: None }),
        (
            "kv-keys-separator",
            KvRead::Keys {
                separator: Some("/".into()),
            },
        ),
        (
            "kv-keys-separator-misspelt",
            KvRead::Keys {
                separator: Some("/".into()),
            },
        ),
    ] {
        let pairs = parameters(Message::request(name).target());
        assert_eq!(KvRead::from_pairs(borrowed(&pairs)), read, "{name}");
    }
}

#[test]
fn bad_query_options_have_the_servers_own_text() {
    for name in [
        "kv-get-bad-index",
        "kv-get-bad-wait",
        "kv-get-stale-and-consistent",
        "kv-get-cached-and-consistent",
    ] {
        let pairs = parameters(Message::request(name).target());
        let error = QueryOptions::from_pairs(borrowed(&pairs)).unwrap_err();
        let answer = Message::answer(name);
        assert_eq!((answer.status(), answer.text()), (400, error), "{name}");
    }
}

#[test]
fn sessions_are_read_and_written_as_consul_writes_them() {
    let names = [
        "session-info",
        "session-list",
        "session-node",
        "session-renew",
    ];
    let mut seen = 0;
    for name in names.into_iter().flat_map(named) {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let sessions = session::decode_sessions(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&sessions).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += sessions.len();
    }
    assert!(seen >= 20, "only {seen} sessions were recorded");
}

#[test]
fn a_new_sessions_id_is_read_and_written() {
    for name in named("session-create") {
        let answer = Message::answer(&name);
        if answer.status() == 200 {
            let created: session::SessionCreated = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(created.id.len(), 36, "{name}");
            assert_eq!(json::encode(&created).unwrap(), answer.body, "{name}");
        }
    }
}

#[test]
fn transactions_answers_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("txn-") {
        let answer = Message::answer(&name);
        if !matches!(answer.status(), 200 | 409) {
            continue;
        }
        let decoded: TxnAnswer = serde_json::from_slice(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&decoded).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        assert_eq!(decoded.errors.is_some(), answer.status() == 409, "{name}");
        seen += 1;
    }
    assert!(seen >= 30, "only {seen} transactions were recorded");
}

#[test]
fn transactions_of_reads_alone_say_so() {
    let read = |name: &str| {
        serde_json::from_slice::<TxnAnswer>(&Message::answer(name).body)
            .unwrap()
            .read
    };
    assert!(read("txn-get").is_some());
    assert!(read("txn-409-read-only").is_some());
    assert!(read("txn-set").is_none());
}

#[test]
fn every_verb_was_recorded_and_is_understood() {
    let mut verbs = BTreeMap::new();
    for name in named("txn-") {
        let answer = Message::answer(&name);
        let request = Message::request(&name);
        let Ok(ops) = serde_json::from_slice::<Vec<TxnOp>>(&request.body) else {
            continue;
        };
        for op in ops.iter().filter_map(|op| op.kv.as_ref()) {
            let count: &mut usize = verbs.entry(op.verb.as_str()).or_default();
            *count += usize::from(answer.status() == 200);
            let again = serde_json::to_vec(op).unwrap();
            assert_eq!(
                &serde_json::from_slice::<quorate_wire::consul::KvOp>(&again).unwrap(),
                op
            );
        }
    }
    let all = [
        KvVerb::Set,
        KvVerb::Cas,
        KvVerb::Lock,
        KvVerb::Unlock,
        KvVerb::Get,
        KvVerb::GetTree,
        KvVerb::CheckIndex,
        KvVerb::CheckSession,
        KvVerb::CheckNotExists,
        KvVerb::Delete,
        KvVerb::DeleteTree,
        KvVerb::DeleteCas,
    ];
    for verb in all {
        assert!(
            verbs.get(verb.as_str()) > Some(&0),
            "{} never succeeded",
            verb.as_str()
        );
    }
}

#[test]
fn status_is_read() {
    let leader = status::decode_leader(&Message::answer("status-leader").body).unwrap();
    assert_eq!(leader.as_deref(), Some("127.0.0.1:18300"));
    let peers = status::decode_peers(&Message::answer("status-peers").body).unwrap();
    assert_eq!(peers, ["127.0.0.1:18300"]);
    let none = status::decode_leader(&Message::answer("no-leader-status-leader").body).unwrap();
    assert_eq!(none, None);
}

#[test]
fn the_agent_the_catalog_and_the_checks_are_read() {
    let agent: AgentSelf = serde_json::from_slice(&Message::answer("agent-self").body).unwrap();
    assert_eq!(
        (agent.config.node_name.as_str(), agent.config.server),
        ("node-1", true)
    );
    assert_eq!(agent.config.version, "1.8.7");
    let answer = Message::answer("catalog-nodes");
    let nodes: Vec<Node> = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json::encode(&nodes).unwrap(), answer.body);
    assert_eq!(
        answer.meta().effective_consistency.as_deref(),
        Some("leader")
    );
    let answer = Message::answer("health-node");
    let checks: Vec<HealthCheck> = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(json::encode(&checks).unwrap(), answer.body);
    assert!(checks.iter().any(|check| check.check_id == "serfHealth"));
}

#[test]
fn a_failed_answer_may_carry_an_index_that_must_not_be_used() {
    let answer = Message::answer("session-info-malformed-id");
    assert_eq!(answer.status(), 500);
    assert!(!answer.text().is_empty());
}
