//! Members of a cluster.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quorate::{Member, MemberEvent};
use serde::Serialize;

use super::rows::{Column, Tone};
use super::{Style, View};

/// A member.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberRow {
    name: String,
    address: String,
    port: u16,
    status: &'static str,
    tags: BTreeMap<String, String>,
}

impl MemberRow {
    pub(crate) const COLUMNS: &[Column<Self>] = &[
        Column::new("NAME", |row| row.name.clone()),
        Column::new("ADDRESS", Self::place),
        Column::new("STATUS", |row: &Self| row.status.to_owned()).toned(|row| tone(row.status)),
        Column::new("TAGS", |row| pairs(&row.tags)),
    ];

    fn place(&self) -> String {
        match self.address.contains(':') {
            true => format!("[{}]:{}", self.address, self.port),
            false => format!("{}:{}", self.address, self.port),
        }
    }
}

impl From<&Member> for MemberRow {
    fn from(member: &Member) -> Self {
        Self {
            name: member.name.clone(),
            address: member.address.clone(),
            port: member.port,
            status: member.status.as_str(),
            tags: member.tags.clone(),
        }
    }
}

/// How a status is meant.
pub(super) fn tone(status: &str) -> Tone {
    match status {
        "alive" => Tone::Good,
        "leaving" => Tone::Doubtful,
        "failed" => Tone::Bad,
        _ => Tone::Plain,
    }
}

/// Tags on one line.
pub(super) fn pairs(tags: &BTreeMap<String, String>) -> String {
    let pairs = tags.iter().map(|(name, text)| format!("{name}={text}"));
    pairs.collect::<Vec<_>>().join(",")
}

/// What happened to a member.
#[derive(Debug, Serialize)]
pub(crate) struct MemberView {
    event: &'static str,
    #[serde(flatten)]
    member: Option<MemberRow>,
}

impl MemberView {
    /// The view of `event`.
    pub(crate) fn new(event: &MemberEvent) -> Option<Self> {
        let word = match event {
            MemberEvent::Init => "init",
            MemberEvent::InitDone => "init-done",
            MemberEvent::Joined(_) => "joined",
            MemberEvent::Updated(_) => "updated",
            MemberEvent::Left(_) => "left",
            MemberEvent::Failed(_) => "failed",
            MemberEvent::Removed(_) => "removed",
            _ => return None,
        };
        Some(Self {
            event: word,
            member: event.member().map(MemberRow::from),
        })
    }
}

impl View for MemberView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let Some(member) = &self.member else {
            return writeln!(out, "{}", style.faint(self.event));
        };
        let rest = format!("{} {} {}", member.name, member.place(), pairs(&member.tags));
        let rest = style.line(rest.trim_end_matches(' ')).into_owned();
        match self.event {
            "joined" => writeln!(out, "{} {rest}", style.good(self.event)),
            "failed" => writeln!(out, "{} {rest}", style.bad(self.event)),
            event => writeln!(out, "{event} {rest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_and_one_object() {
        let mut member = Member::new("web-1", "::1", 7946);
        member.tags.insert("role".into(), "web\n".into());
        let view = MemberView::new(&MemberEvent::Joined(member)).unwrap();
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "joined web-1 [::1]:7946 role=web\\n\n");
        let json = serde_json::to_string(&view).unwrap();
        let expected = r#"{"event":"joined","name":"web-1","address":"::1","port":7946,"status":"alive","tags":{"role":"web\n"}}"#;
        assert_eq!(json, expected);
        let init = serde_json::to_string(&MemberView::new(&MemberEvent::Init)).unwrap();
        assert_eq!(init, r#"{"event":"init"}"#);
    }
}
