//! An answer with everything taken out that a server chooses itself.

use std::io::Read as _;

use quorate_testkit::exchange::Answer;
use serde_json::value::RawValue;

/// An answer whose ids are labels, and whose indexes stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plain {
    /// Status, headers and body.
    pub(crate) text: String,
    /// The indexes in the order in which they stood there.
    pub(crate) indexes: Vec<u64>,
}

/// Headers that say how an answer travels, and when.
const FRAMING: [&str; 3] = ["date", "content-length", "transfer-encoding"];

/// What stands before an index, in answers and in the parameters that answers repeat.
const BEFORE_INDEX: [&str; 9] = [
    "CreateIndex\":",
    "CreateIndex\": ",
    "ModifyIndex\":",
    "ModifyIndex\": ",
    "modify index ",
    "index> != ",
    "x-consul-index: ",
    "cas=",
    "index=",
];

/// Takes out what the server calls by names of its own.
pub(crate) fn plain(
    answer: &Answer,
    names: &[(String, &'static str)],
    labels: &[(String, String)],
    unordered: bool,
) -> Plain {
    let mut lines = vec![answer.status.to_string()];
    let mut headers: Vec<_> = answer.headers.iter().collect();
    headers.sort();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if !FRAMING.contains(&name.as_str()) {
            lines.push(format!("{name}: {value}"));
        }
    }
    let mut body = body(answer);
    for (name, label) in names {
        body = body.replace(name, label);
    }
    let mut masked = Masked::default();
    masked.add(&(lines.join("\n") + "\n\n"), labels);
    if unordered && let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(&body) {
        let mut elements: Vec<_> = elements
            .iter()
            .map(|element| {
                let mut masked = Masked::default();
                masked.add(element.get(), labels);
                masked
            })
            .collect();
        elements.sort_by(|one, other| one.text.cmp(&other.text));
        for element in elements {
            masked.text.push_str(&element.text);
            masked.text.push('\n');
            masked.indexes.extend(element.indexes);
        }
    } else {
        masked.add(&body, labels);
    }
    Plain {
        text: masked.text,
        indexes: masked.indexes,
    }
}

/// The body as text, unpacked.
pub(crate) fn body(answer: &Answer) -> String {
    if answer.header("content-encoding") == Some("gzip") {
        let mut unpacked = Vec::new();
        let read = flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut unpacked);
        return match read {
            Ok(_) => show(&unpacked),
            Err(error) => format!("not gzip: {error}"),
        };
    }
    show(&answer.body)
}

fn show(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.escape_ascii().to_string(),
    }
}

#[derive(Default)]
struct Masked {
    text: String,
    indexes: Vec<u64>,
}

impl Masked {
    fn add(&mut self, text: &str, labels: &[(String, String)]) {
        let mut rest = text;
        while !rest.is_empty() {
            // Only these begin something to mask.
            let plain = rest
                .find(|c: char| c.is_ascii_hexdigit())
                .unwrap_or(rest.len());
            self.text.push_str(&rest[..plain]);
            rest = &rest[plain..];
            if rest.is_empty() {
                return;
            }
            let taken = self
                .take_label(rest, labels)
                .or_else(|| self.take_index(rest));
            let taken = taken.unwrap_or_else(|| {
                let run = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
                self.text.push_str(&rest[..run]);
                run
            });
            rest = &rest[taken..];
        }
    }

    fn take_label(&mut self, rest: &str, labels: &[(String, String)]) -> Option<usize> {
        // All are UUIDs: a look at one byte spares most comparisons.
        (rest.as_bytes().get(8) == Some(&b'-')).then_some(())?;
        let mut labels = labels.iter();
        let (id, label) = labels.find(|(id, _)| rest.starts_with(id.as_str()))?;
        self.text.push_str(label);
        Some(id.len())
    }

    fn take_index(&mut self, rest: &str) -> Option<usize> {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let index = rest[..digits].parse().ok()?;
        BEFORE_INDEX
            .iter()
            .any(|before| self.text.ends_with(before))
            .then_some(())?;
        self.indexes.push(index);
        self.text.push_str("<index>");
        Some(digits)
    }
}
