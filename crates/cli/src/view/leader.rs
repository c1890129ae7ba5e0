//! Who leads: `elect --watch`.

use std::io::{self, Write};

use quorate::Holder;
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View, sanitize};

/// How much of what the leader says a line of text shows.
const SHOWN: usize = 200;

/// Who leads from now on.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum LeaderView {
    /// Somebody.
    Leader {
        owner: String,
        #[serde(flatten)]
        value: ValueView,
        #[serde(skip)]
        bytes: bytes::Bytes,
    },
    /// Nobody.
    NoLeader,
}

impl From<Option<&Holder>> for LeaderView {
    fn from(leader: Option<&Holder>) -> Self {
        match leader {
            Some(leader) => Self::Leader {
                owner: leader.owner.clone(),
                value: ValueView::from(leader.value.as_ref()),
                bytes: leader.value.clone(),
            },
            None => Self::NoLeader,
        }
    }
}

impl View for LeaderView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        match self {
            Self::Leader { owner, bytes, .. } => {
                let value = sanitize::one_line(bytes, SHOWN);
                writeln!(
                    out,
                    "{} {value} {}",
                    style.good("leader"),
                    style.line(owner)
                )
            }
            Self::NoLeader => writeln!(out, "{}", style.bad("no-leader")),
        }
    }
}
