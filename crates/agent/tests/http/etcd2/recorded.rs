//! What etcd 3.4.23 was recorded to answer, asked of an agent: byte for byte, but for ids, dates
//! and addresses.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quorate_agent::Agent;
use regex::Regex;

use super::{Etcd, strict_agent};
use crate::client::{Answer, Client, find};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures/etcd-3.4.23")
}

fn recorded(name: &str, kind: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.{kind}"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The recordings, in their order.
fn names() -> Vec<String> {
    // A parsed object would be sorted.
    let index = String::from_utf8(recorded("index", "json")).unwrap();
    let name = Regex::new(r#"(?m)^  "([^"]+)": \{"method""#).unwrap();
    name.captures_iter(&index)
        .map(|it| it[1].to_owned())
        .collect()
}

/// What needs more members than one, or none that leads, or another server.
fn is_of_a_cluster(name: &str) -> bool {
    const OF_TWO: [&str; 11] = [
        "members-add",
        "members-unstarted",
        "members-two",
        "machines-two",
        "stats-leader-two",
        "stats-self-leader",
        "stats-self-follower",
        "stats-leader-on-follower",
        "members-remove",
        "members-remove-again",
        "members-update-removed",
    ];
    name.starts_with("no-") || OF_TWO.contains(&name)
}

/// What the agent counts, and etcd counts of its own reads too.
const COUNTED: &str = "stats-store";

/// Requests that were sent before a recorded one: method, target and form.
fn before(name: &str) -> Vec<(&'static str, String, String)> {
    let put = |key: &str, form: &str| ("PUT", key.to_owned(), form.to_owned());
    let delete = |key: &str| ("DELETE", key.to_owned(), String::new());
    match name {
        "keys-get-dir-sorted" => ["c", "a", "b/2", "b/1", "_hidden"]
            .map(|key| {
                put(
                    &format!("/dir/{key}"),
                    &format!("value={}", key.replace('/', "%2F")),
                )
            })
            .to_vec(),
        "keys-cas-dir" => vec![put("/casdir", "dir=true")],
        "keys-cad-both" => vec![put("/cas", "value=seven")],
        "keys-cad-index" => vec![put("/cas", "value=eight&ttl=600")],
        "keys-delete" => vec![put("/plain", "value=p")],
        "keys-refresh" => vec![put("/fresh", "value=f&ttl=600")],
        "watch-set" => vec![put("/watched", "value=w")],
        "watch-set-again" => vec![put("/watched", "value=w2")],
        "watch-delete" => vec![delete("/watched")],
        "watch-recursive" => vec![put("/tree/a", "value=w")],
        "watch-delete-dir" => vec![delete("/tree?recursive=true")],
        "watch-expire" => vec![put("/short", "value=s&ttl=1")],
        "watch-expire-dir" => vec![put("/shortdir", "dir=true&ttl=1")],
        "watch-cleared" => (0..1005)
            .map(|at| put("/noise", &format!("value={at}")))
            .collect(),
        _ => Vec::new(),
    }
}

/// What differs from one server to the next is masked.
struct Masks(Vec<(Regex, &'static str)>);

impl Masks {
    fn new() -> Self {
        let masks = [
            (r#""(expiration|startTime|uptime)":"[^"]*""#, r#""$1":"…""#),
            (r#""(id|leader)":"[0-9a-f]+""#, r#""$1":"…""#),
            (r"http://(127\.0\.0\.1|localhost):\d+", "http://…"),
        ];
        let masks = masks.map(|(pattern, with)| (Regex::new(pattern).unwrap(), with));
        Self(masks.into())
    }

    fn body(&self, body: &[u8]) -> String {
        let text = String::from_utf8(body.to_vec()).unwrap();
        self.0.iter().fold(text, |text, (pattern, with)| {
            pattern.replace_all(&text, *with).into_owned()
        })
    }

    fn headers(answer: &Answer) -> BTreeMap<String, String> {
        let headers = answer.headers.iter().map(|(name, value)| {
            let name = name.to_lowercase();
            let value = match name.as_str() {
                "date" | "content-length" | "x-etcd-cluster-id" | "x-raft-index" => "…",
                _ => value,
            };
            let value = value.to_owned();
            (name, value)
        });
        headers.collect()
    }
}

/// A recorded answer, its body unframed.
fn parse(bytes: &[u8]) -> Answer {
    let end = find(bytes, b"\r\n\r\n").unwrap();
    let mut answer = Answer::parse_head(std::str::from_utf8(&bytes[..end]).unwrap());
    let body = &bytes[end + 4..];
    answer.body = match answer.header("transfer-encoding") {
        Some(_) => unframed(body),
        None => body.to_vec(),
    };
    answer
}

fn unframed(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let end = find(body, b"\r\n").unwrap();
        let size = std::str::from_utf8(&body[..end]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return whole;
        }
        whole.extend_from_slice(&body[end + 2..end + 2 + size]);
        body = &body[end + 2 + size + 2..];
    }
}

async fn replay(agent: &Agent, names: &[String]) {
    let masks = Masks::new();
    let mut differences = Vec::new();
    for name in names {
        for (method, target, form) in before(name) {
            let answer = Etcd::of(agent).await.write(method, &target, &form).await;
            assert!(answer.status < 300, "before {name}: {}", answer.text());
        }
        let asked = String::from_utf8(recorded(name, "request")).unwrap();
        let mut client = Client::connect_etcd(agent).await;
        client.send(asked.as_bytes()).await;
        let theirs = parse(&recorded(name, "http"));
        let ours = if asked.starts_with("HEAD ") {
            client.receive_head().await.unwrap()
        } else {
            client.receive().await.unwrap()
        };
        let seen = |answer: &Answer| {
            let body = masks.body(&answer.body);
            (answer.line.clone(), Masks::headers(answer), body)
        };
        let (ours, theirs) = (seen(&ours), seen(&theirs));
        if ours != theirs {
            differences.push(format!("{name}:\n  ours   {ours:?}\n  theirs {theirs:?}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

async fn own_id(agent: &Agent) -> String {
    let mut client = Client::connect_etcd(agent).await;
    let answer = client.get("/v2/members/leader").await;
    answer.json()["id"].as_str().unwrap().to_owned()
}

fn part(is_of_it: impl Fn(&str) -> bool) -> Vec<String> {
    let mut names = names();
    names.retain(|name| is_of_it(name) && !is_of_a_cluster(name) && name != COUNTED);
    assert!(names.len() > 10, "too few are left: {names:?}");
    names
}

fn is_of_members(name: &str) -> bool {
    let prefixes = [
        "members-add",
        "members-update",
        "members-remove",
        "members-patch",
    ];
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

#[tokio::test]
async fn keys_watches_and_their_neighbours_are_answered_as_recorded() {
    let agent = strict_agent().await;
    replay(
        &agent,
        &part(|name| !name.starts_with("auth-") && !is_of_members(name)),
    )
    .await;
    agent.shutdown().await;
}

#[tokio::test]
async fn users_and_roles_are_answered_as_recorded() {
    let agent = strict_agent().await;
    replay(&agent, &part(|name| name.starts_with("auth-"))).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn changes_of_members_are_answered_as_recorded() {
    let agent = strict_agent().await;
    let peer = r#"{"peerURLs":["http://127.0.0.1:18580"]}"#;
    let target = format!("/v2/members/{}", own_id(&agent).await);
    let mut client = Client::connect_etcd(&agent).await;
    let answer = client
        .ask_with("PUT", &target, &[super::JSON], peer.as_bytes())
        .await;
    assert_eq!(answer.status, 204);
    let names = part(|name| is_of_members(name) && name != "members-update");
    replay(&agent, &names).await;
    agent.shutdown().await;
}
