//! A request that means the same to both servers.
//!
//! What a server chose itself stands in a request as a reference to the step whose answer told it:
//! `⟦s:7⟧` is the session that step 7 created, `⟦S:7⟧` the same in capitals, `⟦i:7⟧` the index that
//! step 7 was answered with, and `⟦e⟧` the number of the episode.

use std::fmt;
use std::time::Duration;

/// Which of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Real,
    Ours,
}

/// One value of each server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Both<T> {
    pub(crate) real: T,
    pub(crate) ours: T,
}

impl<T> Both<T> {
    pub(crate) fn of(&self, side: Side) -> &T {
        match side {
            Side::Real => &self.real,
            Side::Ours => &self.ours,
        }
    }
}

/// What a request's references stand for.
pub(crate) trait Meanings {
    /// The session that a step created.
    fn session(&self, step: usize, side: Side) -> Option<String>;
    /// The index of a step's answer.
    fn index(&self, step: usize, side: Side) -> Option<u64>;
    /// The number of the episode.
    fn episode(&self) -> u64;
}

/// What follows the head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Nothing, not even a length.
    None,
    /// A text, which may have references.
    Text(String),
    /// Bytes as they are.
    Bytes(Vec<u8>),
    /// As many bytes.
    Filled(usize),
    /// A text that is sent as one chunk, without a length.
    Chunked(String),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// How long it is to block at most, if it is to block.
    pub(crate) wait: Option<Duration>,
}

impl Request {
    pub(crate) fn new(method: &'static str, target: impl Into<String>) -> Self {
        Self {
            method,
            target: target.into(),
            headers: Vec::new(),
            body: Body::None,
            wait: None,
        }
    }

    pub(crate) fn with_body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    /// The same read without blocking.
    pub(crate) fn at_once(&self) -> Self {
        let mut request = self.clone();
        if let Some((target, _)) = self.target.split_once("index=") {
            request.target = target.trim_end_matches(['?', '&']).to_owned();
        }
        request.wait = None;
        request
    }

    /// The request as it is sent to one server.
    pub(crate) fn wire(&self, meanings: &impl Meanings, side: Side) -> Vec<u8> {
        let target = resolve(&self.target, meanings, side);
        let mut head = format!("{} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\n", self.method);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {}\r\n", resolve(value, meanings, side)));
        }
        let body = match &self.body {
            Body::None if matches!(self.method, "PUT" | "POST") => Some(Vec::new()),
            Body::None => None,
            Body::Text(text) => Some(resolve(text, meanings, side).into_bytes()),
            Body::Bytes(bytes) => Some(bytes.clone()),
            Body::Filled(count) => Some(vec![b'v'; *count]),
            Body::Chunked(text) => {
                let text = resolve(text, meanings, side);
                head.push_str("Transfer-Encoding: chunked\r\n\r\n");
                if !text.is_empty() {
                    head.push_str(&format!("{:x}\r\n{text}\r\n", text.len()));
                }
                head.push_str("0\r\n\r\n");
                return head.into_bytes();
            }
        };
        if let Some(body) = &body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut wire = head.into_bytes();
        wire.extend(body.unwrap_or_default());
        wire
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target)?;
        for (name, value) in &self.headers {
            write!(f, " [{name}: {value}]")?;
        }
        match &self.body {
            Body::None => Ok(()),
            Body::Text(text) => write!(f, " {text:?}"),
            Body::Bytes(bytes) => write!(f, " b\"{}\"", bytes.escape_ascii()),
            Body::Filled(count) => write!(f, " <{count} bytes>"),
            Body::Chunked(text) => write!(f, " chunked {text:?}"),
        }
    }
}

/// What a session is called that no step created.
const NO_SESSION: &str = "0ddba11c-0ddb-0ddb-0ddb-0ddba110ddba";

fn resolve(template: &str, meanings: &impl Meanings, side: Side) -> String {
    let mut resolved = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('⟦') {
        resolved.push_str(before);
        let Some((reference, after)) = after.split_once('⟧') else {
            rest = after;
            break;
        };
        resolved.push_str(&meaning(reference, meanings, side));
        rest = after;
    }
    resolved + rest
}

fn meaning(reference: &str, meanings: &impl Meanings, side: Side) -> String {
    let (kind, step) = reference.split_once(':').unwrap_or((reference, ""));
    let step = step.parse().unwrap_or(usize::MAX);
    let session = || meanings.session(step, side).unwrap_or(NO_SESSION.into());
    match kind {
        "s" => session(),
        "S" => session().to_uppercase(),
        "i" => meanings.index(step, side).unwrap_or(1).to_string(),
        "e" => meanings.episode().to_string(),
        _ => String::new(),
    }
}
