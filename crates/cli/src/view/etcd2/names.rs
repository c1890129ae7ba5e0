//! Lists of things with names: a table on a terminal, the names alone to a pipe.

use std::io::{self, Write};

use serde::{Serialize, Serializer};

use crate::view::rows::{Column, Rows};
use crate::view::{Style, View};

/// Things that have names.
pub(crate) struct Names<T: 'static> {
    lines: Vec<String>,
    rows: Rows<T>,
}

impl<T> Names<T> {
    /// `line` is what a pipe gets of each.
    pub(crate) fn new(
        items: Vec<T>,
        columns: &'static [Column<T>],
        line: impl Fn(&T) -> String,
    ) -> Self {
        Self {
            lines: items.iter().map(line).collect(),
            rows: Rows::new(items, columns),
        }
    }
}

impl<T: Serialize> Serialize for Names<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<T: Serialize> View for Names<T> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        if style.is_terminal() {
            return self.rows.text(out, style);
        }
        let mut lines = self.lines.iter();
        lines.try_for_each(|line| writeln!(out, "{}", style.line(line)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_for_people_alone() {
        const COLUMNS: &[Column<(String, u8)>] = &[
            Column::new("NAME", |item| item.0.clone()),
            Column::new("SIZE", |item| item.1.to_string()),
        ];
        let names = Names::new(vec![("a".to_owned(), 7)], COLUMNS, |item| item.0.clone());
        let text = |style| {
            let mut out = Vec::new();
            names.text(&mut out, &style).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(Style::PLAIN), "a\n");
        assert!(text(Style::COLOR).contains("SIZE"));
    }
}
