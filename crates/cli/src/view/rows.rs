//! Lists of anything: a table for people, the things themselves for programs.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, Color, ContentArrangement, Table};
use serde::{Serialize, Serializer};

use super::{Style, View};

/// One column of a table.
pub(crate) struct Column<T> {
    title: &'static str,
    cell: fn(&T) -> String,
    tone: fn(&T) -> Tone,
}

/// How a cell is meant, which colour shows where there is any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Good,
    Doubtful,
    Bad,
}

impl Tone {
    fn color(self) -> Option<Color> {
        match self {
            Self::Plain => None,
            Self::Good => Some(Color::Green),
            Self::Doubtful => Some(Color::Yellow),
            Self::Bad => Some(Color::Red),
        }
    }
}

impl<T> Column<T> {
    /// A column under `title`, which is in capitals.
    pub(crate) const fn new(title: &'static str, cell: fn(&T) -> String) -> Self {
        Self {
            title,
            cell,
            tone: |_| Tone::Plain,
        }
    }

    /// The same column in colour.
    pub(crate) const fn toned(self, tone: fn(&T) -> Tone) -> Self {
        Self { tone, ..self }
    }
}

impl<T> Column<T> {
    /// The cell of one thing, as it is.
    pub(crate) fn text(&self, item: &T) -> String {
        (self.cell)(item)
    }

    fn shown(&self, item: &T, style: &Style) -> Cell {
        let cell = match &*style.line(&(self.cell)(item)) {
            "" => Cell::new("-"),
            text => Cell::new(text),
        };
        match (self.tone)(item).color().filter(|_| style.has_color()) {
            Some(color) => cell.fg(color),
            None => cell,
        }
    }
}

/// Things in a list. The JSON is a list of them, with the names of the protocol.
pub(crate) struct Rows<T: 'static> {
    items: Vec<T>,
    columns: &'static [Column<T>],
    title: bool,
}

impl<T> Rows<T> {
    /// A table with titles.
    pub(crate) fn new(items: Vec<T>, columns: &'static [Column<T>]) -> Self {
        Self {
            items,
            columns,
            title: true,
        }
    }

    /// A table of one column, which needs no title.
    pub(crate) fn plain(items: Vec<T>, columns: &'static [Column<T>]) -> Self {
        Self {
            title: false,
            ..Self::new(items, columns)
        }
    }
}

impl<T: Serialize> Serialize for Rows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.items.serialize(serializer)
    }
}

impl<T: Serialize> View for Rows<T> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        self.plain(out, style)
    }
}

/// What has rows and columns, of whatever kind.
pub(crate) trait Tabular {
    /// A table for people, without lines.
    fn plain(&self, out: &mut dyn Write, style: &Style) -> io::Result<()>;

    /// A table with lines of `+`, `-` and `|`, cells to the right, as Go's programs draw it.
    fn boxed(&self) -> String;
}

impl<T> Tabular for Rows<T> {
    fn plain(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_preset(NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        if style.has_color() {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        if self.title && !self.items.is_empty() {
            table.set_header(self.columns.iter().map(|column| column.title));
        }
        for item in &self.items {
            let cells = self.columns.iter().map(|column| column.shown(item, style));
            table.add_row(cells);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn boxed(&self) -> String {
        let rows = self.items.iter().map(|item| {
            let cells = self.columns.iter().map(|column| column.text(item));
            cells.collect::<Vec<_>>()
        });
        let rows: Vec<_> = rows.collect();
        let widths = self.columns.iter().enumerate().map(|(at, column)| {
            let cells = rows
                .iter()
                .filter_map(|row| row.get(at))
                .map(String::as_str);
            let cells = cells.chain([column.title]);
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        });
        let widths: Vec<_> = widths.collect();
        let rule = widths.iter().map(|width| "-".repeat(width + 2));
        let rule = format!("+{}+\n", rule.collect::<Vec<_>>().join("+"));
        let line = |cells: Vec<String>| format!("|{}|\n", cells.join("|"));
        let titles = self.columns.iter().zip(&widths);
        let titles = titles.map(|(column, &width)| format!(" {:^width$} ", column.title));
        let mut text = format!("{rule}{}{rule}", line(titles.collect()));
        for row in rows {
            let cells = row.iter().zip(&widths);
            let cells = cells.map(|(cell, &width)| format!(" {cell:>width$} "));
            text.push_str(&line(cells.collect()));
        }
        text + &rule
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column<(u8, &str)>] = &[
        Column::new("NUMBER", |row| row.0.to_string()),
        Column::new("NAME", |row| row.1.to_owned()),
    ];

    fn text(rows: &Rows<(u8, &'static str)>) -> String {
        let mut out = Vec::new();
        rows.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_has_titles_and_no_gaps() {
        let rows = Rows::new(vec![(1, "one"), (20, "")], COLUMNS);
        assert_eq!(text(&rows), "NUMBER  NAME\n1       one\n20      -\n");
        assert_eq!(
            serde_json::to_string(&rows).unwrap(),
            r#"[[1,"one"],[20,""]]"#
        );
    }

    #[test]
    fn colour_is_only_where_there_is_any() {
        const TONED: &[Column<(u8, &str)>] =
            &[Column::new("NAME", |row: &(u8, &str)| row.1.to_owned()).toned(|_| Tone::Bad)];
        assert_eq!(text(&Rows::new(vec![(1, "down")], TONED)), "NAME\ndown\n");
        let mut out = Vec::new();
        let rows = Rows::new(vec![(1, "down")], TONED);
        rows.text(&mut out, &Style::COLOR).unwrap();
        let shown = String::from_utf8(out).unwrap();
        assert!(
            shown.contains("\u{1b}[") && shown.contains("down"),
            "{shown:?}"
        );
    }

    #[test]
    fn a_table_with_lines_is_drawn_as_go_draws_it() {
        let rows = Rows::new(vec![(1, "one"), (20, "a long name")], COLUMNS);
        let expected = "\
            +--------+-------------+\n\
            | NUMBER |    NAME     |\n\
            +--------+-------------+\n\
            |      1 |         one |\n\
            |     20 | a long name |\n\
            +--------+-------------+\n";
        assert_eq!(rows.boxed(), expected);
    }

    #[test]
    fn a_list_of_nothing_prints_nothing() {
        assert_eq!(text(&Rows::new(Vec::new(), COLUMNS)), "");
    }
}
