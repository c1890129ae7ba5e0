//! An answer without what each server chooses by itself.

use std::io;

use quorate_testkit::exchange::Answer;
use serde_json::Value;

/// Headers that say how an answer travels, and when.
const FRAMING: [&str; 3] = ["date", "content-length", "transfer-encoding"];
/// Headers whose value is each server's own.
const OWN: [&str; 2] = ["x-etcd-cluster-id", "x-raft-index"];
/// What stands between these is each server's own.
const BETWEEN: [(&str, &str); 8] = [
    ("\"expiration\":\"", "\""),
    ("\"startTime\":\"", "\""),
    ("\"uptime\":\"", "\""),
    ("\"id\":\"", "\""),
    ("\"leader\":\"", "\""),
    ("http://127.0.0.1:", "!"),
    ("http://localhost:", "!"),
    ("No such member: ", "\""),
];
const TTL: &str = "\"ttl\":";
/// How far apart the seconds that are left may be, because one was asked later.
const TTL_APART: u64 = 30;

/// An answer in words that can be compared.
#[derive(Clone, Debug)]
pub(crate) struct Plain {
    pub(crate) text: String,
    /// The seconds that are left, of each node that has a time.
    ttls: Vec<u64>,
    /// The text, where the order of listed nodes does not count.
    unordered: Option<String>,
}

impl Plain {
    pub(crate) fn new(answer: &Result<Answer, io::ErrorKind>, is_unsorted: bool) -> Self {
        let (head, body) = match answer {
            Err(error) => (format!("no answer: {error:?}"), String::new()),
            Ok(answer) => (head(answer), masked(&answer.text())),
        };
        let (body, ttls) = without_ttls(&body);
        let sorted = |body: &str| {
            let mut value: Value = serde_json::from_str(body).ok()?;
            sort(&mut value);
            Some(format!("{head}\n{value}"))
        };
        Self {
            unordered: sorted(&body).filter(|_| is_unsorted && body.contains("\"nodes\"")),
            text: format!("{head}\n{body}"),
            ttls,
        }
    }

    /// Stands for an answer that did not come.
    pub(crate) fn missing(why: &str) -> Self {
        Self {
            text: format!("no answer: {why}"),
            ttls: Vec::new(),
            unordered: None,
        }
    }

    /// Whether both servers have said the same.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let texts = self.text == other.text
            || (self.unordered.is_some() && self.unordered == other.unordered);
        let ttls = self.ttls.iter().zip(&other.ttls);
        texts
            && (self.unordered.is_some() || ttls.clone().all(|(a, b)| a.abs_diff(*b) <= TTL_APART))
    }
}

fn head(answer: &Answer) -> String {
    let headers = answer.headers.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        let value = if OWN.contains(&&*name) { "…" } else { value };
        (!FRAMING.contains(&&*name)).then(|| format!("{name}: {value}\n"))
    });
    let mut headers: Vec<String> = headers.collect();
    headers.sort();
    format!("{}\n{}", answer.status, headers.concat())
}

fn masked(body: &str) -> String {
    let mut text = body.to_owned();
    for (begin, end) in BETWEEN {
        let mut parts = text.split(begin);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let at = match end {
                // A port ends with its digits.
                "!" => part.find(|c: char| !c.is_ascii_digit()),
                end => part.find(end),
            };
            out += begin;
            out += "…";
            out += &part[at.unwrap_or(part.len())..];
        }
        text = out;
    }
    text.replace("http://localhost:…", "http://127.0.0.1:…")
}

/// The text with `#` for the seconds that are left, and these.
fn without_ttls(text: &str) -> (String, Vec<u64>) {
    let mut ttls = Vec::new();
    let mut parts = text.split(TTL);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        out += TTL;
        if let Ok(ttl) = part[..digits].parse() {
            ttls.push(ttl);
            out += "\"#\"";
        }
        out += &part[digits..];
    }
    (out, ttls)
}

/// Puts listed nodes into an order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            elements.iter_mut().for_each(sort);
            elements.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}
