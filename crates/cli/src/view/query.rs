//! One line an answer: `query ask`.

use std::io::{self, Write};

use quorate::Answer;
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View, sanitize};

/// How much of an answer a line of text shows; all of it, for they are short.
const SHOWN: usize = 2048;

/// What came of a question.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum AnswerView {
    /// A member was asked.
    Ack { from: String },
    /// A member answers.
    Answer {
        from: String,
        #[serde(flatten)]
        payload: ValueView,
        #[serde(skip)]
        bytes: bytes::Bytes,
    },
    /// So many are lost, because nobody read them in time.
    Missed { count: u64 },
}

impl AnswerView {
    /// The view of `answer`.
    pub(crate) fn new(answer: &Answer) -> Option<Self> {
        Some(match answer {
            Answer::Ack(from) => Self::Ack { from: from.clone() },
            Answer::Response { from, payload } => Self::Answer {
                from: from.clone(),
                payload: ValueView::from(payload.as_ref()),
                bytes: payload.clone(),
            },
            Answer::Missed(count) => Self::Missed { count: *count },
            _ => return None,
        })
    }
}

impl View for AnswerView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Ack { from } => writeln!(out, "{} {}", style.faint("ack"), style.line(from)),
            Self::Answer { from, bytes, .. } => {
                let answer = sanitize::one_line(bytes, SHOWN);
                writeln!(
                    out,
                    "{} {} {answer}",
                    style.good("answer"),
                    style.line(from)
                )
            }
            Self::Missed { count } => {
                writeln!(out, "{}", style.bad(format!("missed: {count} are lost")))
            }
        }
    }
}
