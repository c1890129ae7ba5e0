//! Keys as Consul has them: `consul kv get`.

use std::io::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use quorate_consul::KvEntry;
use serde::{Serialize, Serializer};

use super::entry::write_value;
use super::{Style, View};

/// How much of a key people see, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Form {
    /// All that is known of it.
    pub(crate) detailed: bool,
    /// Its value as base64.
    pub(crate) base64: bool,
}

/// One key. The JSON is that of the protocol.
#[derive(Debug)]
pub(crate) struct EntryView {
    pub(crate) entry: KvEntry,
    pub(crate) form: Form,
}

/// Several keys. The JSON is that of the protocol.
#[derive(Debug)]
pub(crate) struct EntriesView {
    pub(crate) entries: Vec<KvEntry>,
    pub(crate) form: Form,
}

impl Serialize for EntryView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entry.serialize(serializer)
    }
}

impl Serialize for EntriesView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.entries.serialize(serializer)
    }
}

impl View for EntryView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self.form {
            Form { detailed: true, .. } => details(&self.entry, self.form, out, style),
            Form { base64: true, .. } => writeln!(out, "{}", STANDARD.encode(&self.entry.value)),
            _ => write_value(out, style, &self.entry.value),
        }
    }
}

impl View for EntriesView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        for (at, entry) in self.entries.iter().enumerate() {
            if self.form.detailed {
                if at > 0 {
                    writeln!(out)?;
                }
                details(entry, self.form, out, style)?;
            } else {
                let value = shown(entry, self.form);
                writeln!(out, "{}:{}", style.line(&entry.key), style.clean(&value))?;
            }
        }
        Ok(())
    }
}

fn shown(entry: &KvEntry, form: Form) -> String {
    if form.base64 {
        STANDARD.encode(&entry.value)
    } else {
        String::from_utf8_lossy(&entry.value).into_owned()
    }
}

fn details(entry: &KvEntry, form: Form, out: &mut dyn Write, style: &Style) -> io::Result<()> {
    writeln!(out, "CreateIndex  {}", entry.create_index)?;
    writeln!(out, "Flags        {}", entry.flags)?;
    writeln!(out, "Key          {}", style.line(&entry.key))?;
    writeln!(out, "LockIndex    {}", entry.lock_index)?;
    writeln!(out, "ModifyIndex  {}", entry.modify_index)?;
    let session = entry.session.as_deref().unwrap_or("-");
    writeln!(out, "Session      {}", style.line(session))?;
    writeln!(out, "Value        {}", style.clean(&shown(entry, form)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    fn text(view: &impl View) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_value_is_printed_as_it_is_or_as_base64() {
        let view = |form| EntryView {
            entry: KvEntry::new("a", "1"),
            form,
        };
        assert_eq!(text(&view(Form::default())), "1");
        let base64 = Form {
            base64: true,
            ..Form::default()
        };
        assert_eq!(text(&view(base64)), "MQ==\n");
        let detailed = Form {
            detailed: true,
            base64: true,
        };
        let details = text(&view(detailed));
        assert!(
            details.contains("Session      -\nValue        MQ==\n"),
            "{details}"
        );
    }

    #[test]
    fn several_keys_stand_under_each_other() {
        let entries = vec![KvEntry::new("a", "1"), KvEntry::new("b", "2")];
        let form = Form::default();
        assert_eq!(text(&EntriesView { entries, form }), "a:1\nb:2\n");
    }
}
