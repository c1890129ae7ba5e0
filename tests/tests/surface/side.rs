//! One of the two servers.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use anyhow::Context as _;
use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::ask::{Ask, Body};
use crate::exchange::Line;
use crate::plain::unpacked;
use crate::world::NODE;

/// What a name stands for that no answer gave.
const NOBODY: &str = "ffffffff-ffff-4fff-bfff-ffffffffffff";

/// A server, and what it called things by itself.
pub(crate) struct Side {
    line: Line,
    token: Option<&'static str>,
    /// The answers that scripts gave names to.
    answers: HashMap<String, Value>,
    /// The ids in them, and how they are shown.
    pub(crate) labels: HashMap<String, String>,
    /// What it calls itself: the id of its node, its address, its port.
    pub(crate) own: Vec<(String, &'static str)>,
}

impl Side {
    pub(crate) async fn new(
        server: SocketAddr,
        token: Option<&'static str>,
    ) -> anyhow::Result<Self> {
        let mut side = Self {
            line: Line::new(server),
            token,
            answers: HashMap::new(),
            labels: HashMap::new(),
            own: Vec::new(),
        };
        let leader = side.get("/v1/status/leader").await?;
        let node = side.get(&format!("/v1/catalog/node/{NODE}")).await?;
        let leader = leader.as_str().context("a leader")?;
        let id = node["Node"]["ID"].as_str().context("a node id")?;
        let port = leader.rsplit(':').next().unwrap_or_default();
        side.own = vec![
            (leader.to_owned(), "<leader>"),
            (id.to_owned(), "<node>"),
            (format!("Port\":{port},"), "Port\":88888,"),
            (format!("Port\": {port},"), "Port\": 88888,"),
        ];
        Ok(side)
    }

    /// The JSON of a successful read.
    pub(crate) async fn get(&mut self, target: &str) -> anyhow::Result<Value> {
        let answer = self.ask(&Ask::parse(&format!("GET {target}"))).await;
        let answer = answer.map_err(io::Error::from).context(target.to_owned())?;
        answer.json().context(target.to_owned())
    }

    /// Makes a request.
    pub(crate) async fn ask(&mut self, ask: &Ask) -> Result<Answer, io::ErrorKind> {
        let wire = self.wire(ask);
        let told = self.line.ask(&wire).await;
        let answer = told.answer?;
        if let Some(name) = &ask.name {
            self.learn(name, &answer);
        }
        Ok(answer)
    }

    fn wire(&self, ask: &Ask) -> Vec<u8> {
        let Ask { method, target, .. } = ask;
        let target = encoded(&self.fill(target));
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        for (name, value) in &ask.headers {
            head += &format!("{name}: {}\r\n", self.fill(value));
        }
        let is_token = |(name, _): &(String, String)| name == "X-Consul-Token";
        if let Some(token) = self.token.filter(|_| !ask.headers.iter().any(is_token)) {
            head += &format!("X-Consul-Token: {token}\r\n");
        }
        let body = match &ask.body {
            Body::Text(text) => self.fill(text).into_bytes(),
            Body::Bytes(bytes) => bytes.clone(),
            Body::Chunked(text) => {
                let text = self.fill(text);
                let length = text.len();
                head +=
                    &format!("Transfer-Encoding: chunked\r\n\r\n{length:x}\r\n{text}\r\n0\r\n\r\n");
                return head.into_bytes();
            }
        };
        if !body.is_empty() || matches!(method.as_str(), "PUT" | "POST" | "PATCH") {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        [head.into_bytes(), body].concat()
    }

    /// The text with what names stand for.
    fn fill(&self, text: &str) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('⟦') {
            let (name, after) = after.split_once('⟧').unwrap_or((after, ""));
            filled += before;
            filled += &self.meaning(name);
            rest = after;
        }
        filled + rest
    }

    fn meaning(&self, name: &str) -> String {
        let (name, field) = name.split_once('.').unwrap_or((name, ""));
        let Some(answer) = self.answers.get(name) else {
            return NOBODY.to_owned();
        };
        let value = match field {
            "" => match &answer["AccessorID"] {
                Value::Null => &answer["ID"],
                accessor => accessor,
            },
            field => &answer[field],
        };
        match value {
            Value::String(text) => text.clone(),
            Value::Null => NOBODY.to_owned(),
            other => other.to_string(),
        }
    }

    /// Remembers an answer.
    fn learn(&mut self, name: &str, answer: &Answer) {
        let value = serde_json::from_slice::<Value>(&unpacked(answer));
        let value = match value {
            Ok(Value::Array(rows)) => rows.into_iter().next().unwrap_or_default(),
            Ok(value) => value,
            Err(_) => return,
        };
        for field in ["ID", "AccessorID", "SecretID"] {
            if let Some(id) = value[field].as_str().filter(|id| id.len() == 36) {
                let label = format!("<{name}.{field}>");
                self.labels.entry(id.to_owned()).or_insert(label);
            }
        }
        self.answers.insert(name.to_owned(), value);
    }

    /// Forgets the names of a script.
    pub(crate) fn forget(&mut self) {
        self.answers.clear();
        self.labels.clear();
    }
}

/// The target without what has no place in one, as clients send it.
fn encoded(target: &str) -> String {
    let encode = |char: char| match char {
        '"' | '<' | '>' | '`' | '\u{80}'.. => {
            let mut bytes = [0; 4];
            let bytes = char.encode_utf8(&mut bytes).bytes();
            bytes.map(|byte| format!("%{byte:02X}")).collect()
        }
        plain => plain.to_string(),
    };
    target.chars().map(encode).collect()
}
