//! Answers of Serf: as `serf` 0.10 prints them to a pipe, as tables and in colour on a terminal, and
//! as JSON.

pub(crate) mod member;
pub(crate) mod monitor;
pub(crate) mod query;
pub(crate) mod stats;

use std::io;

use serde::Serialize;

use super::{Screen, View};
use crate::args::serf::format::{Format, FormatArgs};

/// What `serf` has forms of its own for.
pub(crate) trait Exact: View {
    /// What `serf` prints, with every line ended.
    fn lines(&self) -> String;

    /// What `serf` prints with `-format json`.
    fn exact(&self) -> io::Result<String>;
}

/// Prints an answer in the form that was asked for.
pub(crate) fn show(screen: &Screen, form: Option<Format>, answer: &impl Exact) -> io::Result<()> {
    match form {
        Some(Format::Json) => screen.raw(answer.exact()?.as_bytes()),
        Some(Format::Text) => screen.raw(answer.lines().as_bytes()),
        None if screen.is_json() || screen.stdout_is_terminal() => screen.show(answer),
        None => screen.raw(answer.lines().as_bytes()),
    }
}

impl FormatArgs {
    /// Whether JSON was asked for as `serf` writes it.
    pub(crate) fn is_json(self) -> bool {
        self.format == Some(Format::Json)
    }

    /// Whether people read it.
    pub(crate) fn is_text(self, screen: &Screen) -> bool {
        match self.format {
            Some(form) => form == Format::Text,
            None => !screen.is_json(),
        }
    }
}

/// Indented JSON with the escapes that Go makes.
pub(crate) fn go_json(thing: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(thing)?;
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            // Outside of texts there are none of these.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('\n');
    Ok(out)
}

/// Rows with their columns below each other, two blanks between them.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths);
        let cells: Vec<_> = cells
            .map(|(cell, &width)| format!("{cell:width$}"))
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let row = |cells: &[&str]| cells.iter().map(|&cell| cell.to_owned()).collect();
        let rows = [row(&["a", "bcd", ""]), row(&["ef", "", "g"])];
        assert_eq!(aligned(&rows), "a   bcd\nef       g\n");
    }

    #[test]
    fn json_is_written_as_go_writes_it() {
        let json = go_json(&serde_json::json!({"a": "<&>", "b": [], "c": {}})).unwrap();
        let expected = "{\n  \"a\": \"\\u003c\\u0026\\u003e\",\n  \"b\": [],\n  \"c\": {}\n}\n";
        assert_eq!(json, expected);
    }
}
