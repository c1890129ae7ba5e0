//! One claim to hold.

use std::fmt;
use std::str::FromStr;

use serde_json::{Value, json};

use super::Moment;

/// The time in which one holder believed to hold, as it wrote it down.
///
/// `Display` and `FromStr` are one line of JSON each way, for holders in other processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Who.
    pub holder: String,
    /// The fencing token of the guard.
    pub token: u64,
    /// When it learnt that it holds.
    pub from: Moment,
    /// When it stopped to claim it: given up, lost, or the end of the validity.
    pub until: Moment,
    /// How the claim ended.
    pub end: End,
}

/// How a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The holder gave it up.
    Released,
    /// The holder learnt that it holds no longer.
    Lost,
    /// The holder did not say; the validity that it knew last counts.
    NotSeen,
}

impl End {
    const ALL: [Self; 3] = [Self::Released, Self::Lost, Self::NotSeen];

    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Released => "released",
            Self::Lost => "lost",
            Self::NotSeen => "end not seen",
        }
    }
}

impl fmt::Display for Validity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = json!({
            "holder": self.holder,
            "token": self.token,
            "from": self.from.as_nanos(),
            "until": self.until.as_nanos(),
            "end": self.end.text(),
        });
        write!(f, "{line}")
    }
}

impl FromStr for Validity {
    type Err = NotAValidity;

    fn from_str(line: &str) -> Result<Self, NotAValidity> {
        read(line).ok_or_else(|| NotAValidity {
            line: line.to_owned(),
        })
    }
}

fn read(line: &str) -> Option<Validity> {
    let value: Value = serde_json::from_str(line).ok()?;
    let moment = |field: &str| value[field].as_u64().map(Moment::from_nanos);
    let end = value["end"].as_str()?;
    Some(Validity {
        holder: value["holder"].as_str()?.to_owned(),
        token: value["token"].as_u64()?,
        from: moment("from")?,
        until: moment("until")?,
        end: End::ALL
            .into_iter()
            .find(|candidate| candidate.text() == end)?,
    })
}

/// A line is not what a holder writes down.
#[derive(Clone, Debug, thiserror::Error)]
#[error("not a line of a history: {line:?}")]
pub struct NotAValidity {
    line: String,
}
