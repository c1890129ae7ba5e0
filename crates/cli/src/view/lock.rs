//! What happens to a lock: `quorate lock`, on standard error.

use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// What happens to the lock, one line each.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum LockEvent {
    /// Somebody else holds it.
    Waiting { lock: String, holders: Vec<String> },
    /// It is held, and the command starts.
    Acquired { lock: String, fencing_token: u64 },
    /// It can no longer be kept, and the command is being stopped.
    Losing { lock: String, why: String },
    /// It is free again.
    Released { lock: String },
}

impl View for LockEvent {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        write!(out, "quorate: ")?;
        match self {
            Self::Waiting { lock, holders } if holders.is_empty() => {
                writeln!(out, "waiting for lock {}", style.clean(lock))
            }
            Self::Waiting { lock, holders } => {
                let holders = holders.join(", ");
                let (lock, holders) = (style.clean(lock), style.clean(&holders));
                writeln!(out, "waiting for lock {lock}, held by {holders}")
            }
            Self::Acquired {
                lock,
                fencing_token,
            } => {
                writeln!(
                    out,
                    "lock {} acquired, fencing token {fencing_token}",
                    style.clean(lock)
                )
            }
            Self::Losing { lock, why } => {
                let text = format!("lock {lock} is being lost ({why}): stopping the command");
                writeln!(out, "{}", style.bad(style.clean(&text)))
            }
            Self::Released { lock } => writeln!(out, "lock {} released", style.clean(lock)),
        }
    }
}
