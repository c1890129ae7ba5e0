//! What happens to a lock or an office: `quorate lock` and `quorate elect`, on standard error.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// What is held: its name, under `lock` or `election` in JSON.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Subject {
    Lock(String),
    Election(String),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lock(name) => write!(f, "lock {name}"),
            Self::Election(name) => write!(f, "election {name}"),
        }
    }
}

/// What happens to the lock, one line each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum LockEvent {
    /// Somebody else holds it.
    Waiting {
        #[serde(flatten)]
        subject: Subject,
        holders: Vec<String>,
    },
    /// It is held, and the command starts.
    Acquired {
        #[serde(flatten)]
        subject: Subject,
        fencing_token: u64,
    },
    /// It can no longer be kept, and the command is being stopped.
    Losing {
        #[serde(flatten)]
        subject: Subject,
        why: String,
    },
    /// It is free again.
    Released {
        #[serde(flatten)]
        subject: Subject,
    },
}

impl View for LockEvent {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let text = match self {
            Self::Waiting { subject, holders } if holders.is_empty() => {
                format!("waiting for {subject}")
            }
            Self::Waiting { subject, holders } => {
                format!("waiting for {subject}, held by {}", holders.join(", "))
            }
            Self::Acquired {
                subject,
                fencing_token,
            } => format!("{subject} acquired, fencing token {fencing_token}"),
            Self::Losing { subject, why } => {
                let text = format!("{subject} is being lost ({why}): stopping the command");
                return writeln!(out, "quorate: {}", style.bad(style.clean(&text)));
            }
            Self::Released { subject } => format!("{subject} released"),
        };
        writeln!(out, "quorate: {}", style.clean(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_has_its_own_key_in_json() {
        let of = |subject| LockEvent::Acquired {
            subject,
            fencing_token: 7,
        };
        let json = |event: &LockEvent| serde_json::to_string(event).unwrap();
        assert_eq!(
            json(&of(Subject::Lock("a".into()))),
            r#"{"event":"acquired","lock":"a","fencing_token":7}"#
        );
        let elected = of(Subject::Election("a".into()));
        assert!(json(&elected).contains(r#""election":"a""#));
        let mut out = Vec::new();
        elected.text(&mut out, &Style::PLAIN).unwrap();
        assert_eq!(
            out,
            b"quorate: election a acquired, fencing token 7
"
        );
    }
}
