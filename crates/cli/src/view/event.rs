//! One line an event: `kv watch`.

use std::io::{self, Write};

use quorate::{Entry, WatchEvent};
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View, sanitize};

/// How much of a value a line of text shows.
const SHOWN: usize = 200;

/// What a watch told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum EventView {
    /// All that is there follows, as `init-put`, up to `init-done`.
    Init,
    /// A key that is there.
    InitPut(PutView),
    /// All that is there was told.
    InitDone { revision: u64 },
    /// A key was created or changed.
    Put(PutView),
    /// A key was deleted.
    Delete { key: String, revision: u64 },
}

/// A key with its value.
#[derive(Debug, Serialize)]
pub(crate) struct PutView {
    key: String,
    revision: u64,
    #[serde(flatten)]
    value: ValueView,
    #[serde(skip)]
    bytes: bytes::Bytes,
}

impl EventView {
    /// The view of `event`; `in_init` says whether it lies between `Init` and `InitDone`.
    pub(crate) fn new(event: &WatchEvent, in_init: bool) -> Option<Self> {
        Some(match event {
            WatchEvent::Init => Self::Init,
            WatchEvent::Put(entry) if in_init => Self::InitPut(entry.into()),
            WatchEvent::Put(entry) => Self::Put(entry.into()),
            WatchEvent::InitDone { revision } => Self::InitDone {
                revision: revision.0,
            },
            WatchEvent::Delete { key, revision } => Self::Delete {
                key: key.clone(),
                revision: revision.0,
            },
            _ => return None,
        })
    }
}

impl From<&Entry> for PutView {
    fn from(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            revision: entry.revision.0,
            value: ValueView::from(entry.value.as_ref()),
            bytes: entry.value.clone(),
        }
    }
}

impl View for EventView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Init => writeln!(out, "{}", style.faint("init")),
            Self::InitPut(put) => put.line(out, style, "init-put"),
            Self::InitDone { revision } => {
                writeln!(out, "{}", style.faint(format!("init-done {revision}")))
            }
            Self::Put(put) => put.line(out, style, "put"),
            Self::Delete { key, revision } => {
                let key = one_line(key);
                writeln!(out, "{} {revision} {key}", style.bad("delete"))
            }
        }
    }
}

impl PutView {
    fn line(&self, out: &mut dyn Write, style: &Style, event: &str) -> io::Result<()> {
        let value = sanitize::one_line(&self.bytes, SHOWN);
        let key = one_line(&self.key);
        writeln!(out, "{} {} {key} {value}", style.good(event), self.revision)
    }
}

/// A key as it is, or in quotes with escapes where it could break the line.
fn one_line(key: &str) -> String {
    if key.contains(char::is_control) {
        sanitize::one_line(key.as_bytes(), usize::MAX)
    } else {
        key.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use quorate::Revision;

    use super::*;

    fn text(view: &EventView) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_event_is_one_line_whatever_the_value_holds() {
        let entry = Entry::new("a", "x\ny", Revision(7), Revision(5));
        let event = WatchEvent::Put(entry);
        assert_eq!(
            text(&EventView::new(&event, false).unwrap()),
            "put 7 a \"x\\ny\"\n"
        );
        assert_eq!(
            text(&EventView::new(&event, true).unwrap()),
            "init-put 7 a \"x\\ny\"\n"
        );
        let deleted = WatchEvent::Delete {
            key: "a\nb".into(),
            revision: Revision(8),
        };
        assert_eq!(
            text(&EventView::new(&deleted, false).unwrap()),
            "delete 8 \"a\\nb\"\n"
        );
    }

    #[test]
    fn the_json_of_an_event_has_stable_keys() {
        let event = WatchEvent::Put(Entry::new("a", "1", Revision(7), Revision(5)));
        let json = serde_json::to_string(&EventView::new(&event, false)).unwrap();
        let expected = r#"{"event":"put","key":"a","revision":7,"value":"1","encoding":"utf-8"}"#;
        assert_eq!(json, expected);
    }
}
