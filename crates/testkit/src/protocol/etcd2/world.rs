//! Requests and answers as short lines, so that a table of them can be read.
//!
//! A request is `METHOD name?query form`: the name is below the trial's own directory, or a path of
//! the server behind a colon; a form is sent as one, or as another type: `text/plain|value=x`. With a
//! name and password it is `name:password@METHOD`.
//!
//! An answer is told in this way: `201 set /f='1' @A`, `200 get /d/ @A {/d/f='1' ttl 1000 @C/B}`,
//! `404 100 Key not found (/f)`. A slash at the end is a directory, `was` what was there before.
//! Indexes are letters in the order in which they are first seen, of the last change and, if it is
//! another, of the making; requests may have them too. `at 0` says that an error has no index.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::target::{Etcd, FORM, basic};
use crate::exchange::Answer;
use crate::trial::Subject;

/// One server, one directory in it, and the indexes that were seen.
#[derive(Debug)]
pub(super) struct World<'a> {
    etcd: &'a Etcd,
    /// With a slash at its beginning and none at its end.
    directory: String,
    seen: Vec<u64>,
}

impl<'a> World<'a> {
    /// The directory of a trial. It is made, so that nothing above it is missing.
    pub(super) async fn new(etcd: &'a Subject<Etcd>) -> anyhow::Result<Self> {
        Self::within(etcd, etcd.prefix()).await
    }

    /// A directory of any server.
    pub(super) async fn within(etcd: &'a Etcd, directory: &str) -> anyhow::Result<Self> {
        let directory = format!("/{}", directory.trim_matches('/'));
        etcd.write(&format!("/v2/keys{directory}"), "dir=true")
            .await?;
        Ok(Self {
            etcd,
            directory,
            seen: Vec::new(),
        })
    }

    /// The path of a name.
    pub(super) fn path(&self, name: &str) -> String {
        let slash = if name.is_empty() || name.starts_with('?') {
            ""
        } else {
            "/"
        };
        format!("/v2/keys{}{slash}{name}", self.directory)
    }

    /// The key of a name, as the typed client takes it.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}/{name}", self.directory)
    }

    /// Sends one request, and tells the answer.
    pub(super) async fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        let answer = self.send(line).await?;
        Ok(self.tell(&answer))
    }

    /// Sends one request.
    pub(super) async fn send(&self, line: &str) -> anyhow::Result<Answer> {
        let line = self.with_indexes(line);
        let mut parts = line.splitn(3, ' ');
        let (method, target) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        let body = parts.next();
        let (pair, method) = match method.rsplit_once('@') {
            Some((pair, method)) => (Some(basic(pair)), method),
            None => (None, method),
        };
        let target = match target.strip_prefix(':') {
            Some(path) => path.to_owned(),
            None => self.path(target),
        };
        let (kind, body) = match body.and_then(|body| body.split_once('|')) {
            Some((kind, body)) => (kind, body),
            None => (FORM, body.unwrap_or_default()),
        };
        let mut headers = Vec::new();
        if let Some(pair) = &pair {
            headers.push(("Authorization", pair.as_str()));
        }
        if line.matches(' ').count() > 1 {
            headers.push(("Content-Type", kind));
        }
        self.etcd.send(method, &target, &headers, body).await
    }

    /// Sends requests one after the other, each of which must be answered as it says.
    pub(super) async fn play(&mut self, lines: &[(&str, &str)]) -> anyhow::Result<()> {
        let mut wrong = String::new();
        for (line, expected) in lines {
            let told = self.ask(line).await?;
            if told != *expected {
                let _ = write!(wrong, "\n{line}\n     {told}\nnot  {expected}");
            }
        }
        anyhow::ensure!(wrong.is_empty(), "{wrong}");
        Ok(())
    }

    /// An answer in one line.
    pub(super) fn tell(&mut self, answer: &Answer) -> String {
        let (status, text) = (answer.status, answer.text());
        if let Some(place) = answer.header("Location") {
            return format!("{status} to {}", self.stripped(place));
        }
        match serde_json::from_str(&text) {
            Ok(Value::Object(fields)) => self.tell_object(status, fields, &text),
            _ => format!("{status} {}", text.trim_end())
                .trim_end()
                .to_owned(),
        }
    }

    /// An event in one line.
    pub(super) fn tell_event(&mut self, line: &str) -> String {
        match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => {
                let told = self.tell_object(200, fields, line);
                told.trim_start_matches("200 ").to_owned()
            }
            _ => line.to_owned(),
        }
    }

    /// The index behind a letter.
    pub(super) fn index(&self, letter: char) -> u64 {
        let at = u32::from(letter).wrapping_sub(u32::from('A'));
        let index = usize::try_from(at).ok().and_then(|at| self.seen.get(at));
        index.copied().unwrap_or_default()
    }

    fn tell_object(&mut self, status: u16, mut fields: Map<String, Value>, text: &str) -> String {
        let mut told = status.to_string();
        if let Some(Value::String(action)) = fields.remove("action") {
            let _ = write!(told, " {action}");
            for (name, before) in [("node", " "), ("prevNode", " was ")] {
                if let Some(node) = fields.remove(name) {
                    let _ = write!(told, "{before}{}", self.node(node));
                }
            }
        } else if let Some(code) = fields.remove("errorCode") {
            let text = |fields: &mut Map<_, _>, name| match fields.remove(name) {
                Some(Value::String(text)) => text,
                Some(other) => other.to_string(),
                None => String::new(),
            };
            let _ = write!(told, " {code} {}", text(&mut fields, "message"));
            let cause = text(&mut fields, "cause");
            let cause = self.stripped(&cause);
            let cause = self.compared(&cause);
            if !cause.is_empty() {
                let _ = write!(told, " ({cause})");
            }
            if fields.remove("index").and_then(|index| index.as_u64()) == Some(0) {
                told.push_str(" at 0");
            }
        } else if let (1, Some(Value::String(message))) = (fields.len(), fields.remove("message")) {
            let _ = write!(told, ": {message}");
        } else {
            return format!("{status} {}", text.trim_end());
        }
        for name in fields.keys() {
            let _ = write!(told, " ?{name}");
        }
        told
    }

    fn node(&mut self, node: Value) -> String {
        let Value::Object(mut fields) = node else {
            return format!("?{node}");
        };
        let key = fields.remove("key");
        let key = self.stripped(key.as_ref().and_then(Value::as_str).unwrap_or_default());
        let mut told = if key.is_empty() { "-".to_owned() } else { key };
        if let Some(value) = fields.remove("value") {
            let _ = write!(told, "='{}'", value.as_str().unwrap_or("?"));
        }
        if fields.remove("dir") == Some(Value::Bool(true)) {
            told.push_str(if told == "-" { " dir" } else { "/" });
        }
        match (fields.remove("ttl"), fields.remove("expiration")) {
            (None, None) => {}
            (Some(ttl), Some(_)) => {
                let _ = write!(told, " ttl {}", rounded(&ttl));
            }
            (ttl, expiration) => {
                let _ = write!(told, " ttl {ttl:?} until {expiration:?}");
            }
        }
        let mut index = |name| Some(fields.remove(name)?.as_u64().unwrap_or_default());
        if let (Some(modified), Some(created)) = (index("modifiedIndex"), index("createdIndex")) {
            let _ = write!(told, " @{}", self.letter(modified));
            if created != modified {
                let _ = write!(told, "/{}", self.letter(created));
            }
        }
        if let Some(Value::Array(nodes)) = fields.remove("nodes") {
            let nodes: Vec<_> = nodes.into_iter().map(|node| self.node(node)).collect();
            let _ = write!(told, " {{{}}}", nodes.join(", "));
        }
        for name in fields.keys() {
            let _ = write!(told, " ?{name}");
        }
        told
    }

    fn letter(&mut self, index: u64) -> String {
        if index == 0 {
            return "0".to_owned();
        }
        let at = self.seen.iter().position(|seen| *seen == index);
        let at = at.unwrap_or_else(|| {
            self.seen.push(index);
            self.seen.len() - 1
        });
        let letter = char::from(b'A' + u8::try_from(at % 26).unwrap_or_default());
        match at / 26 {
            0 => letter.to_string(),
            more => format!("{letter}{more}"),
        }
    }

    /// The request with indexes in the place of their letters.
    fn with_indexes(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (at, index) in self.seen.iter().enumerate().take(26) {
            let letter = char::from(b'A' + u8::try_from(at).unwrap_or_default());
            line = line.replace(&format!("=@{letter}"), &format!("={index}"));
        }
        line
    }

    /// A text without the trial's directory, and with letters in the place of names that are indexes.
    fn stripped(&mut self, text: &str) -> String {
        let text = text.replace(&self.directory, "");
        let parts: Vec<_> = text.split('/').collect();
        let parts = parts.into_iter().map(|part| match part.parse() {
            Ok(index) if part.len() == 20 => format!("#{}", self.letter(index)),
            _ => part.to_owned(),
        });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The cause of a comparison, with letters in the place of the indexes.
    fn compared(&mut self, cause: &str) -> String {
        let mut cause = cause.to_owned();
        for index in self.seen.clone() {
            let letter = self.letter(index);
            cause = cause.replace(&format!(" != {index}]"), &format!(" != @{letter}]"));
            cause = cause.replace(&format!("[{index} != "), &format!("[@{letter} != "));
        }
        cause
    }
}

/// A TTL, whose last hundred seconds before a thousand may be gone: machines are slow.
fn rounded(ttl: &Value) -> String {
    match ttl.as_i64() {
        Some(ttl) if ttl > 0 && (ttl + 99) / 1000 > ttl / 1000 => {
            ((ttl + 99) / 1000 * 1000).to_string()
        }
        _ => ttl.to_string(),
    }
}
