//! How an agent is.

use std::io::{self, Write};

use quorate_serf::Stats;
use serde::Serialize;

use super::{Exact, go_json};
use crate::view::{Style, View};

/// Sections with names and values.
pub(crate) struct StatsView(Stats);

impl From<Stats> for StatsView {
    fn from(stats: Stats) -> Self {
        Self(stats)
    }
}

impl Serialize for StatsView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.sections.serialize(serializer)
    }
}

impl View for StatsView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        for (section, values) in &self.0.sections {
            writeln!(out, "{}", style.title(style.line(&format!("{section}:"))))?;
            for (name, value) in values {
                writeln!(out, "\t{}", style.line(&format!("{name} = {value}")))?;
            }
        }
        Ok(())
    }
}

impl Exact for StatsView {
    fn lines(&self) -> String {
        let mut text = String::new();
        for (section, values) in &self.0.sections {
            text.push_str(&format!("{section}:\n"));
            for (name, value) in values {
                text.push_str(&format!("\t{name} = {value}\n"));
            }
        }
        text
    }

    fn exact(&self) -> io::Result<String> {
        go_json(self)
    }
}
