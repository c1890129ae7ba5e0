//! Access rules. Ids, hashes of ids, times and indexes differ, and lists are ordered by ids: what is
//! compared is everything else.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use quorate_agent::{AclConfig, Agent, AgentConfig};
use quorate_wire::consul::GoTime;
use serde_json::Value;

use super::replay::{read_recorded, recorded, recorded_names};
use crate::client::{Answer, Client, find, request, start};

/// The token that everything was recorded with.
const MASTER: &str = "11111111-2222-4333-8444-555555555555";

struct Replay {
    agent: Agent,
    ids: BTreeMap<String, String>,
}

impl Replay {
    async fn start(acl: Option<AclConfig>) -> Self {
        let config = AgentConfig::memory().with_strict(true);
        let config = match acl {
            Some(acl) => config.with_acl(acl),
            None => config,
        };
        Self {
            agent: start(config).await,
            ids: BTreeMap::new(),
        }
    }

    /// Sends the recorded requests, and gives those whose answer differs.
    async fn run(&mut self, names: &[String]) -> Vec<String> {
        let mut differences = Vec::new();
        for name in names {
            let theirs = read_recorded(name);
            let mut bytes = recorded(name, "request");
            for (theirs, ours) in &self.ids {
                while let Some(at) = find(&bytes, theirs.as_bytes()) {
                    bytes.splice(at..at + theirs.len(), ours.bytes());
                }
            }
            if name == "acl-token-create-expiration-time" {
                bytes = in_an_hour();
            }
            let mut client = Client::connect(&self.agent).await;
            client.send(&bytes).await;
            let ours = client.receive().await.unwrap_or_else(|| panic!("{name}"));
            if name == "acl-tokens-legacy" {
                self.ids.insert(old_token(&theirs), old_token(&ours));
            }
            let (mut theirs, mut ours) = (Shown::new(&theirs), Shown::new(&ours));
            if theirs.text() != ours.text() {
                let (theirs, ours) = (theirs.text(), ours.text());
                differences.push(format!("{name}\n  theirs {theirs}\n  ours   {ours}"));
            }
            for (theirs, ours) in theirs.ids.drain(..).zip(ours.ids.drain(..)) {
                self.ids.entry(theirs).or_insert(ours);
            }
        }
        differences
    }
}

/// An answer without what differs each time.
struct Shown {
    head: String,
    body: String,
    /// The ids of an object, in their order.
    ids: Vec<String>,
}

impl Shown {
    fn new(answer: &Answer) -> Self {
        const FRAMING: [&str; 3] = ["date", "content-length", "transfer-encoding"];
        let headers = answer.headers.iter();
        let headers = headers.filter(|(name, _)| !FRAMING.contains(&&*name.to_ascii_lowercase()));
        let mut headers: Vec<_> = headers
            .map(|(name, value)| match name.as_str() {
                "X-Consul-Index" if value != "1" => format!("{name}: <index>"),
                _ => format!("{name}: {value}"),
            })
            .collect();
        headers.sort();
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let mut shown = Self {
            head: format!("{} {headers:?}", answer.line),
            body: String::new(),
            ids: Vec::new(),
        };
        shown.body = match serde_json::from_str(&text) {
            Ok(json) => {
                let json = shown.masked(json);
                json.to_string()
            }
            Err(_) => mask_ids(&text),
        };
        shown
    }

    fn text(&self) -> String {
        format!("{} {}", self.head, self.body)
    }

    fn masked(&mut self, value: Value) -> Value {
        match value {
            Value::Object(fields) => {
                let fields = fields.into_iter();
                let fields = fields.map(|(name, value)| {
                    let value = self.field(&name, value);
                    (name, value)
                });
                Value::Object(fields.collect())
            }
            Value::Array(values) => {
                // What is ordered by ids says nothing about which is which.
                let known = self.ids.len();
                let values = values.into_iter().map(|value| self.masked(value));
                let mut values: Vec<_> = values.collect();
                if values
                    .iter()
                    .any(|value| value.get("CreateIndex").is_some())
                {
                    values.sort_by_key(ToString::to_string);
                    self.ids.truncate(known);
                }
                Value::Array(values)
            }
            Value::String(text) if is_uuid(&text) => {
                self.ids.push(text);
                "<id>".into()
            }
            other => other,
        }
    }

    fn field(&mut self, name: &str, value: Value) -> Value {
        match name {
            "CreateIndex" | "ModifyIndex" => "<index>".into(),
            // Those of what has no ids are compared in the engine's own tests.
            "Hash" => "<hash>".into(),
            "CreateTime" | "ExpirationTime" if value != "0001-01-01T00:00:00Z" => "<time>".into(),
            _ => self.masked(value),
        }
    }
}

fn is_uuid(text: &str) -> bool {
    let shaped = text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    // Those that the recorder made up are the same on both sides.
    shaped && !["00000000", "11111111", "33333333", "ffffffff"].contains(&&text[..8])
}

fn mask_ids(text: &str) -> String {
    let index = text
        .find("reset index: ")
        .map(|at| at + "reset index: ".len());
    match index {
        Some(at) => format!("{}<index>)", &text[..at]),
        None => text.to_owned(),
    }
}

/// The request `acl-token-create-expiration-time`, with a time that is still to come.
fn in_an_hour() -> Vec<u8> {
    let time = GoTime::from(SystemTime::now() + Duration::from_secs(3600));
    let body = format!("{{\"ExpirationTime\":\"{time}\"}}");
    let token = format!("X-Consul-Token: {MASTER}");
    request("PUT", "/v1/acl/token", &[&token], body.as_bytes())
}

/// The accessor of the token called `old` in a list.
fn old_token(list: &Answer) -> String {
    let rows: Vec<Value> = serde_json::from_slice(&list.body).unwrap();
    let is_old = |row: &&Value| row["Description"] == "old" && row["Legacy"] == true;
    let row = rows.iter().find(is_old).unwrap();
    row["AccessorID"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn access_rules_answer_what_consul_answered() {
    let names = recorded_names("acl");
    let part = |begins: fn(&str) -> bool| -> Vec<String> {
        let names = names.iter().filter(|name| begins(name));
        names.cloned().collect()
    };
    let off = part(|name| name.starts_with("acl-off-"));
    let bootstrap = part(|name| name.starts_with("acl-bootstrap"));
    let on = part(|name| !name.starts_with("acl-off-") && !name.starts_with("acl-bootstrap"));
    assert!(!off.is_empty() && bootstrap.len() == 2 && on.len() > 150);

    let mut differences = Replay::start(None).await.run(&off).await;
    let acl = AclConfig::default();
    differences.extend(Replay::start(Some(acl.clone())).await.run(&bootstrap).await);
    let acl = acl.with_management_token(MASTER);
    differences.extend(Replay::start(Some(acl)).await.run(&on).await);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
