//! The log of an agent, and what happens in its cluster.

use std::io::{self, Write};

use quorate_serf::{Bytes, Event, LogLevel, LogLine};
use serde::Serialize;

use super::member::MemberRow;
use crate::view::value::ValueView;
use crate::view::{Style, View, sanitize};

/// How much of a payload a line of text shows; all of it, for they are short.
const SHOWN: usize = 1024;

/// What an agent told.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum ToldView {
    /// A line of the log.
    Log {
        time: String,
        level: Option<&'static str>,
        text: String,
        #[serde(skip)]
        raw: String,
    },
    /// Something happened to members.
    Members {
        change: &'static str,
        members: Vec<MemberRow>,
    },
    /// A user event.
    User {
        name: String,
        ltime: u64,
        coalesce: bool,
        #[serde(flatten)]
        payload: ValueView,
        #[serde(skip)]
        bytes: Bytes,
    },
    /// A question to all members.
    Query {
        name: String,
        ltime: u64,
        #[serde(flatten)]
        payload: ValueView,
        #[serde(skip)]
        bytes: Bytes,
    },
    /// So many are lost, because nobody read them in time.
    Missed { count: u64 },
    /// It goes on after a time in which nothing was told.
    Resumed,
}

impl ToldView {
    /// A line of the log.
    pub(crate) fn line(line: &LogLine) -> Self {
        Self::Log {
            time: line.time().to_owned(),
            level: line.level().map(LogLevel::as_str),
            text: line.text().to_owned(),
            raw: line.raw.clone(),
        }
    }

    /// An event.
    pub(crate) fn event(event: &Event) -> Option<Self> {
        Some(match event {
            Event::Member { change, members } => Self::Members {
                change: change.as_str(),
                members: members.iter().cloned().map(MemberRow::from).collect(),
            },
            Event::User(event) => Self::User {
                name: event.name.clone(),
                ltime: event.ltime,
                coalesce: event.coalesce,
                payload: ValueView::from(event.payload.as_ref()),
                bytes: event.payload.clone(),
            },
            Event::Query(query) => Self::Query {
                name: query.name.clone(),
                ltime: query.ltime,
                payload: ValueView::from(query.payload.as_ref()),
                bytes: query.payload.clone(),
            },
            _ => return None,
        })
    }
}

impl View for ToldView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Log { raw, level, .. } => {
                let line = style.line(raw);
                match *level {
                    Some("ERR") => writeln!(out, "{}", style.bad(line)),
                    Some("TRACE" | "DEBUG") => writeln!(out, "{}", style.faint(line)),
                    _ => writeln!(out, "{line}"),
                }
            }
            Self::Members { change, members } => {
                for member in members {
                    let member = member.line();
                    writeln!(out, "{} {}", style.title(change), style.line(&member))?;
                }
                Ok(())
            }
            Self::User {
                name, ltime, bytes, ..
            } => told(out, style, "user", (name, *ltime, bytes)),
            Self::Query {
                name, ltime, bytes, ..
            } => told(out, style, "query", (name, *ltime, bytes)),
            Self::Missed { count } => {
                writeln!(out, "{}", style.bad(format!("missed: {count} are lost")))
            }
            Self::Resumed => writeln!(out, "{}", style.bad("resumed: some may be missing here")),
        }
    }
}

/// The line of an event: its name, its time and what it says.
fn told(
    out: &mut dyn Write,
    style: &Style,
    kind: &str,
    (name, ltime, payload): (&str, u64, &Bytes),
) -> io::Result<()> {
    let payload = sanitize::one_line(payload, SHOWN);
    let name = style.line(name);
    writeln!(out, "{} {ltime} {name} {payload}", style.title(kind))
}
