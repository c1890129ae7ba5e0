//! Members.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quorate_serf::Member;
use serde::Serialize;

use super::{Exact, aligned, go_json};
use crate::view::member::{pairs, tone};
use crate::view::rows::{Column, Rows};
use crate::view::{Style, View};

/// A member. Its fields have the names and the order that `serf` gives them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberRow {
    name: String,
    addr: String,
    port: u16,
    tags: BTreeMap<String, String>,
    status: String,
    protocol: Protocol,
}

/// The versions of Serf's protocol that it speaks.
#[derive(Clone, Copy, Debug, Serialize)]
struct Protocol {
    max: u8,
    min: u8,
    version: u8,
}

impl From<Member> for MemberRow {
    fn from(member: Member) -> Self {
        Self {
            addr: member.address().to_string(),
            port: member.port,
            name: member.name,
            tags: member.tags.into(),
            status: member.status.as_str().to_owned(),
            protocol: Protocol {
                max: member.delegate_max,
                min: member.delegate_min,
                version: member.delegate_cur,
            },
        }
    }
}

impl MemberRow {
    const COLUMNS: &[Column<Self>] = &[
        Column::new("NAME", |row| row.name.clone()),
        Column::new("ADDRESS", |row| row.addr.clone()),
        Column::new("STATUS", |row: &Self| row.status.clone()).toned(|row| tone(&row.status)),
        Column::new("TAGS", |row| pairs(&row.tags)),
    ];

    const DETAILED: &[Column<Self>] = &[
        Column::new("NAME", |row| row.name.clone()),
        Column::new("ADDRESS", |row| row.addr.clone()),
        Column::new("STATUS", |row: &Self| row.status.clone()).toned(|row| tone(&row.status)),
        Column::new("PROTOCOL", |row| row.protocol.version.to_string()),
        Column::new("RANGE", |row| {
            format!("{}-{}", row.protocol.min, row.protocol.max)
        }),
        Column::new("TAGS", |row| pairs(&row.tags)),
    ];

    /// A line about it.
    pub(super) fn line(&self) -> String {
        format!("{} {} {}", self.name, self.addr, self.status)
    }
}

/// Members by name.
#[derive(Debug)]
pub(crate) struct MembersView {
    members: Vec<MemberRow>,
    detailed: bool,
}

impl MembersView {
    pub(crate) fn new(mut members: Vec<Member>, detailed: bool) -> Self {
        members.sort_by(|one, other| one.name.cmp(&other.name));
        Self {
            members: members.into_iter().map(MemberRow::from).collect(),
            detailed,
        }
    }
}

impl Serialize for MembersView {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl View for MembersView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let columns = match self.detailed {
            true => MemberRow::DETAILED,
            false => MemberRow::COLUMNS,
        };
        Rows::new(self.members.clone(), columns).text(out, style)
    }
}

impl Exact for MembersView {
    fn lines(&self) -> String {
        let rows = self.members.iter().map(|member| {
            let mut cells = vec![
                member.name.clone(),
                member.addr.clone(),
                member.status.clone(),
                pairs(&member.tags),
            ];
            if self.detailed {
                let Protocol { max, min, version } = member.protocol;
                cells.push(format!("Protocol Version: {version}"));
                cells.push(format!("Available Protocol Range: [{min}, {max}]"));
            }
            cells
        });
        match rows.collect::<Vec<_>>() {
            rows if rows.is_empty() => "\n".to_owned(),
            rows => aligned(&rows),
        }
    }

    fn exact(&self) -> io::Result<String> {
        // Go writes a list that was never begun as null.
        let members = (!self.members.is_empty()).then_some(&self.members);
        go_json(&BTreeMap::from([("members", members)]))
    }
}
