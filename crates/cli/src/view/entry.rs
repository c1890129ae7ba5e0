//! A key with its value: `kv get`.

use std::io::{self, Write};

use quorate::Entry;
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View};

/// A key as `kv get --meta` and `--output json` show it.
#[derive(Debug, Serialize)]
pub(crate) struct EntryView {
    key: String,
    #[serde(flatten)]
    value: ValueView,
    size: usize,
    revision: u64,
    create_revision: u64,
    holder: Option<String>,
    #[serde(skip)]
    bytes: bytes::Bytes,
}

impl From<&Entry> for EntryView {
    fn from(entry: &Entry) -> Self {
        Self {
            key: entry.key.clone(),
            value: ValueView::from(entry.value.as_ref()),
            size: entry.value.len(),
            revision: entry.revision.0,
            create_revision: entry.create_revision.0,
            holder: entry.holder.clone(),
            bytes: entry.value.clone(),
        }
    }
}

impl View for EntryView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        writeln!(out, "key       {}", style.clean(&self.key))?;
        writeln!(out, "revision  {}", self.revision)?;
        writeln!(out, "created   {}", self.create_revision)?;
        writeln!(out, "size      {}", self.size)?;
        if let Some(holder) = &self.holder {
            writeln!(out, "holder    {}", style.clean(holder))?;
        }
        writeln!(out)?;
        write_value(out, style, &self.bytes)
    }
}

/// Writes a value: raw to a pipe; on a terminal without control characters and with a newline
/// at its end.
pub(crate) fn write_value(out: &mut dyn Write, style: &Style, bytes: &[u8]) -> io::Result<()> {
    if !style.is_terminal() {
        return out.write_all(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    out.write_all(style.clean(&text).as_bytes())?;
    if text.ends_with('\n') {
        Ok(())
    } else {
        writeln!(out)
    }
}

/// Only the value, as `kv get` prints it.
#[derive(Debug)]
pub(crate) struct RawValue(pub(crate) Entry);

impl Serialize for RawValue {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        EntryView::from(&self.0).serialize(serializer)
    }
}

impl View for RawValue {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        write_value(out, style, &self.0.value)
    }
}
