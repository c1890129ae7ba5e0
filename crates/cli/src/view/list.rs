//! Keys in a list: `kv ls`.

use std::io::{self, Write};

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use quorate::Entry;
use serde::Serialize;

use super::{Style, View};

/// What `kv ls` found.
#[derive(Debug, Serialize)]
pub(crate) struct ListView {
    pub(crate) prefix: String,
    pub(crate) keys: Vec<RowView>,
    #[serde(skip)]
    pub(crate) long: bool,
}

/// One key, or one folder (`config/`) that has more below it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RowView {
    pub(crate) key: String,
    pub(crate) folder: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) holder: Option<String>,
}

impl RowView {
    /// A name of which nothing else is known; one that ends with `/` is a folder.
    pub(crate) fn name(key: String) -> Self {
        let folder = key.ends_with('/');
        Self {
            key,
            folder,
            revision: None,
            size: None,
            holder: None,
        }
    }

    /// A key with its facts.
    pub(crate) fn entry(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            folder: false,
            revision: Some(entry.revision.0),
            size: Some(entry.value.len()),
            holder: entry.holder.clone(),
        }
    }
}

impl View for ListView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        if self.long {
            return self.table(out, style);
        }
        for row in &self.keys {
            writeln!(out, "{}", style.clean(&row.key))?;
        }
        Ok(())
    }
}

impl ListView {
    fn table(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let mut table = Table::new();
        table
            .load_preset(NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(["REVISION", "SIZE", "KEY", "HOLDER"]);
        for row in &self.keys {
            let number = |number: Option<String>| number.unwrap_or_else(|| "-".into());
            table.add_row([
                number(row.revision.map(|revision| revision.to_string())),
                number(row.size.map(|size| size.to_string())),
                style.clean(&row.key).into_owned(),
                style
                    .clean(row.holder.as_deref().unwrap_or_default())
                    .into_owned(),
            ]);
        }
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        for column in table.column_iter_mut().take(2) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        for line in table.lines() {
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
