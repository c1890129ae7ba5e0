//! A sentence for people, and the thing itself for programs.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use super::{Style, View};

/// People see the text, programs the thing.
pub(crate) struct Said<T> {
    thing: T,
    text: String,
}

impl<T> Said<T> {
    /// `text` has no end of line.
    pub(crate) fn new(thing: T, text: impl Into<String>) -> Self {
        Self {
            thing,
            text: text.into(),
        }
    }
}

impl<T: Serialize> Serialize for Said<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.thing.serialize(serializer)
    }
}

impl<T: Serialize> View for Said<T> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        writeln!(out, "{}", style.clean(&self.text))
    }
}
