//! One line an event: `event watch`.

use std::io::{self, Write};

use quorate::Delivery;
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View, sanitize};

/// How much of a payload a line of text shows; all of it, for they are short.
const SHOWN: usize = 1024;

/// What was told of the events.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum DeliveryView {
    /// An event was fired.
    Fired {
        id: String,
        name: String,
        time: u64,
        #[serde(flatten)]
        payload: ValueView,
        #[serde(skip)]
        bytes: bytes::Bytes,
    },
    /// Events may be missing here.
    Gap,
}

impl DeliveryView {
    /// The view of `delivery`.
    pub(crate) fn new(delivery: &Delivery) -> Option<Self> {
        Some(match delivery {
            Delivery::Event(event) => Self::Fired {
                id: event.id.clone(),
                name: event.name.clone(),
                time: event.time,
                payload: ValueView::from(event.payload.as_ref()),
                bytes: event.payload.clone(),
            },
            Delivery::Gap => Self::Gap,
            _ => return None,
        })
    }
}

impl View for DeliveryView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Fired {
                id, name, bytes, ..
            } => {
                let payload = sanitize::one_line(bytes, SHOWN);
                writeln!(out, "{id} {} {payload}", style.line(name))
            }
            Self::Gap => writeln!(out, "{}", style.bad("gap: events may be missing here")),
        }
    }
}

#[cfg(test)]
mod tests {
    use quorate::Event;

    use super::*;

    #[test]
    fn an_event_is_one_line_whatever_it_says() {
        let event = Event::new("id", "deploy", "a\nb");
        let view = DeliveryView::new(&Delivery::Event(event)).unwrap();
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        assert_eq!(out, b"id deploy \"a\\nb\"\n");
        let json = r#"{"event":"fired","id":"id","name":"deploy","time":0,"value":"a\nb","encoding":"utf-8"}"#;
        assert_eq!(serde_json::to_string(&view).unwrap(), json);
        let gap = DeliveryView::new(&Delivery::Gap).unwrap();
        assert_eq!(serde_json::to_string(&gap).unwrap(), r#"{"event":"gap"}"#);
    }
}
