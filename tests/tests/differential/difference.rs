//! What differed, and how that is told.

use crate::answer::body;
use crate::exchange::Told;
use crate::known::{self, Kind, Known};
use crate::request::{Both, Request};

/// The longest answer that is shown whole.
const SHOWN: usize = 1500;

/// What differed in a step.
pub(crate) struct Difference {
    pub(crate) kind: Kind,
    pub(crate) what: String,
    pub(crate) told: Both<Told>,
}

/// A difference, and whether it is known.
pub(crate) enum Found {
    Known(&'static Known),
    Unknown(Difference),
}

pub(crate) fn found(request: &Request, difference: Difference) -> Found {
    let told = &difference.told;
    let answers = [&told.real, &told.ours].map(|told| told.answer.as_ref().ok());
    known::find(difference.kind, request, answers[0], answers[1])
        .map_or(Found::Unknown(difference), Found::Known)
}

/// Where two texts begin to differ.
pub(crate) fn first_difference(real: &str, ours: &str) -> String {
    let differs = real
        .lines()
        .zip(ours.lines())
        .find(|(real, ours)| real != ours);
    let (real, ours) = differs.unwrap_or((real, ours));
    let at = real
        .bytes()
        .zip(ours.bytes())
        .take_while(|(real, ours)| real == ours)
        .count();
    let from = |text: &str| {
        let begin = boundary(text, at.saturating_sub(60));
        let end = boundary(text, at + 200);
        text[begin..end].to_owned()
    };
    format!("Consul:    {}\nthe agent: {}", from(real), from(ours))
}

/// The start of the character at `at`, or the end of `text`.
fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// An answer as reports show it.
pub(crate) fn shown(told: &Told) -> String {
    let took = told.took;
    match &told.answer {
        Err(error) => format!("{error:?} after {took:?}"),
        Ok(answer) => {
            let headers: Vec<_> = answer
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            let mut body = body(answer);
            if body.len() > SHOWN {
                body.truncate(boundary(&body, SHOWN));
                body.push('…');
            }
            let (status, headers) = (answer.status, headers.join("; "));
            format!("{status} after {took:?} [{headers}]\n    {body}")
        }
    }
}
