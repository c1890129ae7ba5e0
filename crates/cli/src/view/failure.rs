//! Errors: once, with the chain, whether it happened, and the next command to try.

use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// An error as it is shown on standard error.
#[derive(Debug, Serialize)]
pub(crate) struct FailureView {
    pub(crate) error: FailureBody,
}

/// What stands in it.
#[derive(Debug, Serialize)]
pub(crate) struct FailureBody {
    pub(crate) message: String,
    pub(crate) causes: Vec<String>,
    /// `unavailable`, `conflict`, …; `None` where it is no error of a backend.
    pub(crate) kind: Option<&'static str>,
    /// `did-not-happen`, `happened` or `unknown`; `None` where nothing was asked of a backend.
    pub(crate) outcome: Option<&'static str>,
    pub(crate) next: Option<String>,
    pub(crate) exit_code: u8,
}

impl View for FailureView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let body = &self.error;
        writeln!(
            out,
            "{} {}",
            style.bad("error:"),
            style.clean(&body.message)
        )?;
        for cause in &body.causes {
            writeln!(out, "  because: {}", style.clean(cause))?;
        }
        match body.outcome {
            Some("did-not-happen") => writeln!(out, "  outcome: nothing was changed")?,
            Some("happened") => writeln!(out, "  outcome: it was done")?,
            Some("unknown") => {
                writeln!(
                    out,
                    "  outcome: unknown; read it back before doing it again"
                )?;
            }
            _ => {}
        }
        if let Some(next) = &body.next {
            writeln!(out, "  {} {}", style.title("next:"), style.clean(next))?;
        }
        Ok(())
    }
}
