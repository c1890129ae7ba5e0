//! Sends recorded requests to an agent, and compares the answers with the recorded ones.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use quorate_agent::Agent;

use super::masked::Masked;
use crate::client::{Answer, Client, find, request, strict_agent};

/// What was compared so far: which ids and indexes of the recording are which of ours.
pub(super) struct Replay {
    agent: Agent,
    ids: BTreeMap<String, String>,
    indexes: BTreeMap<u64, u64>,
    done: BTreeSet<String>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures/consul-1.8.7")
}

pub(super) fn recorded(name: &str, kind: &str) -> Vec<u8> {
    let path = folder().join(format!("{name}.{kind}"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

impl Replay {
    pub(super) async fn start() -> Self {
        Self {
            agent: strict_agent().await,
            ids: BTreeMap::new(),
            indexes: BTreeMap::new(),
            done: BTreeSet::new(),
        }
    }

    pub(super) async fn shutdown(self) {
        self.agent.shutdown().await;
    }

    /// A connection for steps that were not recorded.
    pub(super) async fn client(&self) -> Client {
        Client::connect(&self.agent).await
    }

    /// Creates a session that the recording has not, and says which recorded one it is: the one
    /// at `place` of the ids in the request `name`.
    pub(super) async fn session(&mut self, fields: &str, name: &str, place: usize) -> String {
        let id = self.client().await.session(fields).await;
        let text = String::from_utf8_lossy(&recorded(name, "request")).into_owned();
        let theirs = Masked::new(&text).ids[place].clone();
        self.ids.insert(theirs, id.clone());
        id
    }

    pub(super) async fn modify_index(&self, key: &str) -> u64 {
        let answer = self.client().await.get(&format!("/v1/kv/{key}")).await;
        answer.json()[0]["ModifyIndex"].as_u64().unwrap()
    }

    /// Sends the recorded requests, and compares each answer.
    pub(super) async fn same(&mut self, names: &[&str]) {
        for name in names {
            let mut bytes = recorded(name, "request");
            for (theirs, ours) in &self.ids {
                while let Some(at) = find(&bytes, theirs.as_bytes()) {
                    bytes.splice(at..at + theirs.len(), ours.bytes());
                }
            }
            self.exchange(name, &bytes).await;
        }
    }

    /// Sends a request that has an index of ours in it, and compares the answer with `name`'s.
    pub(super) async fn like(&mut self, name: &str, method: &str, target: &str, body: &[u8]) {
        self.exchange(name, &request(method, target, &[], body))
            .await;
    }

    /// As [`Replay::same`], for an answer whose ids and indexes have nothing to say.
    pub(super) async fn same_text(&mut self, name: &str) {
        let ours = self.answer(name, &recorded(name, "request")).await;
        let (theirs, ours) = (show(name, &read_recorded(name)), show(name, &ours));
        assert_eq!(Masked::new(&ours).text, Masked::new(&theirs).text, "{name}");
        self.done.insert(name.to_owned());
    }

    /// As [`Replay::same`], for an answer without a body that says how long it would be.
    pub(super) async fn same_head(&mut self, name: &str) {
        let mut client = self.client().await;
        client.send(&recorded(name, "request")).await;
        let ours = client.receive_head().await.unwrap();
        let theirs = read_recorded(name);
        assert_eq!(show(name, &ours), show(name, &theirs), "{name}");
        assert_eq!(
            ours.header("content-length"),
            theirs.header("content-length")
        );
        self.done.insert(name.to_owned());
    }

    async fn answer(&self, name: &str, request: &[u8]) -> Answer {
        let mut client = self.client().await;
        client.send(request).await;
        client
            .receive()
            .await
            .unwrap_or_else(|| panic!("{name}: no answer"))
    }

    async fn exchange(&mut self, name: &str, request: &[u8]) {
        let ours = self.answer(name, request).await;
        self.compare(name, &read_recorded(name), &ours);
        assert!(
            self.done.insert(name.to_owned()),
            "{name} is replayed twice"
        );
    }

    fn compare(&mut self, name: &str, theirs: &Answer, ours: &Answer) {
        let (theirs, ours) = (
            Masked::new(&show(name, theirs)),
            Masked::new(&show(name, ours)),
        );
        assert_eq!(
            ours.text, theirs.text,
            "{name}: ours is left, Consul's is right"
        );
        for (theirs, ours) in theirs.ids.into_iter().zip(ours.ids) {
            let known = self
                .ids
                .entry(theirs.clone())
                .or_insert_with(|| ours.clone());
            assert_eq!(*known, ours, "{name}: another id stands for {theirs}");
        }
        for (theirs, ours) in theirs.indexes.into_iter().zip(ours.indexes) {
            // 0 is no index, and 1 means that nothing was ever written.
            if theirs <= 1 || ours <= 1 {
                assert_eq!(theirs, ours, "{name}");
                continue;
            }
            let known = *self.indexes.entry(theirs).or_insert(ours);
            assert_eq!(known, ours, "{name}: another index stands for {theirs}");
        }
        let order: Vec<_> = self.indexes.values().collect();
        assert!(
            order.is_sorted_by(|one, next| one < next),
            "{name}: {:?}",
            self.indexes
        );
    }

    /// Which recordings were not replayed and not `excused`. Those of a part of their own are
    /// replayed elsewhere.
    pub(super) fn missing(&self, excused: impl Fn(&str) -> bool) -> Vec<String> {
        let index = std::fs::read(folder().join("index.json")).unwrap();
        let index: serde_json::Value = serde_json::from_slice(&index).unwrap();
        let rows = index["exchanges"].as_object().unwrap().iter();
        let names = rows.filter(|(_, row)| row["part"].is_null());
        let names = names.map(|(name, _)| name);
        let missing = names.filter(|name| !self.done.contains(*name) && !excused(name));
        missing.cloned().collect()
    }
}

/// The recordings of a part, in the order in which they were made.
pub(super) fn recorded_names(part: &str) -> Vec<String> {
    let index = std::fs::read_to_string(folder().join("index.json")).unwrap();
    let part = format!("\"part\": \"{part}\"");
    let lines = index.lines().filter(|line| line.contains(&part));
    let names = lines.map(|line| line.trim().split('"').nth(1).unwrap());
    names.map(str::to_owned).collect()
}

pub(super) fn read_recorded(name: &str) -> Answer {
    let bytes = recorded(name, "http");
    let end = find(&bytes, b"\r\n\r\n").unwrap();
    let mut answer = Answer::parse_head(std::str::from_utf8(&bytes[..end]).unwrap());
    answer.body = bytes[end + 4..].to_vec();
    if answer.header("transfer-encoding").is_some() {
        answer.body = unchunk(&answer.body);
    }
    answer
}

fn unchunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = find(rest, b"\r\n").unwrap();
        let length = std::str::from_utf8(&rest[..end]).unwrap();
        let length = usize::from_str_radix(length, 16).unwrap();
        rest = &rest[end + 2..];
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[..length]);
        rest = &rest[length + 2..];
    }
}

/// An answer as it is compared: without its date and framing, its headers sorted.
fn show(name: &str, answer: &Answer) -> String {
    const FRAMING: [&str; 3] = ["date", "content-length", "transfer-encoding"];
    let headers = answer.headers.iter();
    let headers = headers.filter(|(name, _)| !FRAMING.contains(&&*name.to_ascii_lowercase()));
    let mut headers: Vec<_> = headers
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    headers.sort();
    let mut body = answer.body.clone();
    if answer.header("content-encoding") == Some("gzip") {
        let packed = std::mem::take(&mut body);
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_end(&mut body)
            .unwrap();
    }
    let mut body =
        String::from_utf8(body).unwrap_or_else(|error| format!("{:?}", error.as_bytes()));
    if name.starts_with("session-list") || name == "session-node" {
        body = sort_sessions(&body);
    }
    // The port of the servers among each other.
    let body = body.replace(":18300\"", ":8300\"");
    format!("{}\n{}\n\n{body}", answer.line, headers.join("\n"))
}

/// Sessions are listed by id, which is random: compared is the order of their creation.
fn sort_sessions(body: &str) -> String {
    let mut sessions: Vec<serde_json::Value> = serde_json::from_str(body).unwrap();
    sessions.sort_by_key(|session| session["CreateIndex"].as_u64());
    serde_json::to_string(&sessions).unwrap()
}
