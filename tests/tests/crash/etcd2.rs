//! Writers of etcd's v2 API, and what each must find after a kill.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use quorate_conformance::random::Random;
use quorate_testkit::exchange::{Answer, exchange, request};
use serde_json::Value;

/// Longer than a living agent needs for anything.
const LIMIT: Duration = Duration::from_secs(20);
const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// Sends one request to `/v2/keys` and reads its answer.
pub(crate) async fn ask(
    server: SocketAddr,
    method: &str,
    key: &str,
    form: &str,
) -> io::Result<Answer> {
    let target = format!("/v2/keys{key}");
    let wire = request(method, &target, &[FORM], form.as_bytes());
    exchange(server, &wire, LIMIT).await
}

/// The index that an answer tells.
pub(crate) fn index(answer: &Answer) -> u64 {
    answer.header("x-etcd-index").unwrap().parse().unwrap()
}

/// One write.
#[derive(Clone, Debug)]
struct Write {
    method: &'static str,
    /// With its parameters.
    target: String,
    form: String,
    key: String,
    value: String,
}

/// One who writes below a directory of its own.
#[derive(Debug)]
pub(crate) struct EtcdWriter {
    pub(crate) number: usize,
    random: Random,
    written: u64,
    /// The node of each key, as the answer to the last write of it has told it, but for the
    /// seconds that it has left.
    nodes: BTreeMap<String, Value>,
    /// The write whose answer was lost.
    pending: Option<Write>,
    pub(crate) highest: u64,
    /// The index of the last write that watchers are told of.
    pub(crate) told: u64,
    pub(crate) acknowledged: u64,
}

/// The part of a node that stays the same until it is written again.
fn lasting(node: &Value) -> Value {
    let mut node = node.clone();
    node.as_object_mut().unwrap().remove("ttl");
    node
}

impl EtcdWriter {
    pub(crate) fn new(number: usize, seed: u64) -> Self {
        Self {
            number,
            random: Random::new(seed),
            written: 0,
            nodes: BTreeMap::new(),
            pending: None,
            highest: 0,
            told: 0,
            acknowledged: 0,
        }
    }

    fn directory(&self) -> String {
        format!("/crash/{}", self.number)
    }

    /// Writes until the first failure: the agent was killed.
    pub(crate) async fn run(&mut self, server: SocketAddr) {
        loop {
            let write = self.choose();
            match ask(server, write.method, &write.target, &write.form).await {
                Ok(answer) => self.note(&write, &answer),
                Err(_) => {
                    self.pending = Some(write);
                    return;
                }
            }
        }
    }

    fn note(&mut self, write: &Write, answer: &Answer) {
        let text = answer.text();
        assert!(answer.status < 300, "{write:?}: {text}");
        let node = &answer.json().unwrap()["node"];
        let key = node["key"].as_str().unwrap().to_owned();
        if write.method == "DELETE" {
            self.forget(&key);
        } else {
            self.nodes.insert(key, lasting(node));
        }
        self.highest = self.highest.max(index(answer));
        if !write.form.contains("refresh") {
            self.told = self.highest;
        }
        self.acknowledged += 1;
    }

    fn forget(&mut self, key: &str) {
        let below = format!("{key}/");
        self.nodes
            .retain(|it, _| it != key && !it.starts_with(&below));
    }

    /// A write that succeeds on what is there.
    fn choose(&mut self) -> Write {
        self.written += 1;
        let value = format!("{}-{}", self.number, self.written);
        let name = self.random.below(6);
        let folder = self.random.below(3);
        let key = format!("{}/d{folder}/{name}", self.directory());
        let ttl = 1000 + self.random.below(1000);
        let known = self.nodes.get(&key).cloned();
        let (query, form) = match (self.random.below(10), known) {
            (0, Some(_)) => return self.delete(key, ""),
            (1, Some(_)) => {
                let folder = format!("{}/d{folder}", self.directory());
                return self.delete(folder, "?recursive=true");
            }
            (2, Some(node)) => {
                let query = format!("?prevIndex={}", node["modifiedIndex"]);
                (query, format!("value={value}&ttl={ttl}"))
            }
            (3, Some(node)) => {
                let value = node["value"].as_str().unwrap();
                let form = format!("ttl={ttl}&refresh=true");
                return Write {
                    method: "PUT",
                    target: format!("{key}?prevExist=true"),
                    form,
                    value: value.to_owned(),
                    key,
                };
            }
            (_, None) => ("?prevExist=false".to_owned(), format!("value={value}")),
            (4, _) => {
                return Write {
                    method: "POST",
                    target: format!("{}/queue", self.directory()),
                    form: format!("value={value}"),
                    key: format!("{}/queue/", self.directory()),
                    value,
                };
            }
            _ => (String::new(), format!("value={value}&ttl={ttl}")),
        };
        Write {
            method: "PUT",
            target: format!("{key}{query}"),
            form,
            key,
            value,
        }
    }

    fn delete(&self, key: String, query: &str) -> Write {
        Write {
            method: "DELETE",
            target: format!("{key}{query}"),
            form: String::new(),
            key,
            value: String::new(),
        }
    }

    /// Compares what is there with what must be, and goes on from there.
    pub(crate) async fn verify(&mut self, server: SocketAddr) -> Result<(), String> {
        let found = self.read(server).await;
        let pending = self.pending.take();
        for key in self.nodes.keys().chain(found.keys()) {
            let (expected, seen) = (self.nodes.get(key), found.get(key));
            let lost = pending
                .as_ref()
                .is_some_and(|write| may_be(write, key, seen));
            if expected != seen && !lost {
                return Err(format!(
                    "{key} must be {expected:?}, is {seen:?}; {pending:?}"
                ));
            }
        }
        self.nodes = found;
        Ok(())
    }

    /// The files that are there.
    async fn read(&self, server: SocketAddr) -> BTreeMap<String, Value> {
        let target = format!("{}?recursive=true", self.directory());
        let answer = ask(server, "GET", &target, "").await.unwrap();
        let mut found = BTreeMap::new();
        if answer.status == 200 {
            collect(&answer.json().unwrap()["node"], &mut found);
        }
        found
    }
}

/// Whether `key` looks like that when the write was carried out.
fn may_be(write: &Write, key: &str, seen: Option<&Value>) -> bool {
    let value = seen.map(|node| node["value"].as_str().unwrap_or_default());
    match write.method {
        "DELETE" => {
            let is_of_it = key == write.key || key.starts_with(&format!("{}/", write.key));
            is_of_it && value.is_none()
        }
        "POST" => key.starts_with(&write.key) && value == Some(&write.value),
        _ => key == write.key && value == Some(&write.value),
    }
}

fn collect(node: &Value, found: &mut BTreeMap<String, Value>) {
    for child in node["nodes"].as_array().into_iter().flatten() {
        if child["dir"] == true {
            collect(child, found);
        } else {
            let key = child["key"].as_str().unwrap().to_owned();
            found.insert(key, lasting(child));
        }
    }
}
