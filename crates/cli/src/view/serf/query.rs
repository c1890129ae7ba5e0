//! What comes of a query.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quorate_serf::{Bytes, QueryItem};
use serde::{Serialize, Serializer};

use super::go_json;
use crate::view::said::Said;
use crate::view::value::ValueView;
use crate::view::{Style, View};

/// An ack or an answer, for people, as it comes.
pub(crate) struct ItemView<'a>(pub(crate) &'a QueryItem);

impl Serialize for ItemView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl View for ItemView<'_> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self.0 {
            QueryItem::Ack { from } => {
                writeln!(out, "{} from '{}'", style.faint("Ack"), style.line(from))
            }
            QueryItem::Response { from, payload } => {
                let text = String::from_utf8_lossy(payload);
                // What scripts print ends its last line.
                let text = text.strip_suffix('\n').unwrap_or(&text);
                let (from, text) = (style.line(from), style.clean(text));
                writeln!(out, "{} from '{from}': {text}", style.good("Response"))
            }
            QueryItem::Missed(count) => {
                writeln!(out, "{}", style.bad(format!("missed: {count} answers")))
            }
            _ => Ok(()),
        }
    }
}

/// All that came.
#[derive(Debug)]
pub(crate) struct Answers {
    name: String,
    acks: Option<Vec<String>>,
    responses: BTreeMap<String, Bytes>,
    missed: u64,
}

impl Answers {
    /// Nothing came yet.
    pub(crate) fn new(name: &str, acks: bool) -> Self {
        Self {
            name: name.to_owned(),
            acks: acks.then(Vec::new),
            responses: BTreeMap::new(),
            missed: 0,
        }
    }

    /// What people see first.
    pub(crate) fn begin(&self) -> Said<()> {
        Said::new((), format!("Query '{}' dispatched", self.name))
    }

    /// Adds what came.
    pub(crate) fn add(&mut self, item: QueryItem) {
        match item {
            QueryItem::Ack { from } => self.acks.get_or_insert_default().push(from),
            QueryItem::Response { from, payload } => {
                self.responses.insert(from, payload);
            }
            QueryItem::Missed(count) => self.missed += count,
            _ => {}
        }
    }

    /// What `serf` prints with `-format json`.
    pub(crate) fn exact(&self) -> io::Result<String> {
        let text = |bytes: &Bytes| String::from_utf8_lossy(bytes).into_owned();
        let responses = self.responses.iter();
        let responses: BTreeMap<_, _> =
            responses.map(|(from, bytes)| (from, text(bytes))).collect();
        go_json(&serde_json::json!({"Acks": self.acks, "Responses": responses}))
    }
}

/// An answer.
#[derive(Serialize)]
struct Response<'a> {
    from: &'a str,
    #[serde(flatten)]
    payload: ValueView,
}

impl Serialize for Answers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let responses = self.responses.iter();
        let responses = responses.map(|(from, payload)| Response {
            from,
            payload: ValueView::from(payload.as_ref()),
        });
        let all = All {
            name: &self.name,
            acks: self.acks.as_deref().unwrap_or_default(),
            responses: responses.collect(),
            missed: self.missed,
        };
        all.serialize(serializer)
    }
}

#[derive(Serialize)]
struct All<'a> {
    name: &'a str,
    acks: &'a [String],
    responses: Vec<Response<'a>>,
    missed: u64,
}

/// How many they were; each was shown when it came.
impl View for Answers {
    fn text(&self, out: &mut dyn Write, _: &Style) -> io::Result<()> {
        if let Some(acks) = &self.acks {
            writeln!(out, "Total Acks: {}", acks.len())?;
        }
        writeln!(out, "Total Responses: {}", self.responses.len())
    }
}
