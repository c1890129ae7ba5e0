//! One step while it runs.

use tokio::time::error::Elapsed;

use crate::view::tour::{LineView, StepView};

/// Collects what happens in a step.
#[derive(Debug)]
pub(crate) struct Step {
    title: &'static str,
    lines: Vec<LineView>,
}

impl Step {
    /// A step in which nothing happened yet.
    pub(crate) fn new(title: &'static str) -> Self {
        Self {
            title,
            lines: Vec::new(),
        }
    }

    /// Something was sent.
    pub(crate) fn sent(&mut self, text: impl Into<String>) {
        self.lines.push(LineView::Sent { text: text.into() });
    }

    /// Something came back.
    pub(crate) fn received(&mut self, text: impl Into<String>) {
        self.lines.push(LineView::Received { text: text.into() });
    }

    /// Something had to be so.
    pub(crate) fn expect(&mut self, text: impl Into<String>, ok: bool) {
        self.lines.push(LineView::Expected {
            text: text.into(),
            ok,
        });
    }

    /// An error, or no end in time, is an expectation that did not hold.
    pub(crate) fn finish(&mut self, ran: Result<quorate::Result<()>, Elapsed>) {
        match ran {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                let error = anyhow::Error::from(error);
                self.expect(format!("no error, but: {error:#}"), false);
            }
            Err(_) => self.expect("ends within the 20 s of the tour", false),
        }
    }

    /// The form for the screen.
    pub(crate) fn view(self, prefix: &str) -> StepView {
        StepView {
            title: self.title,
            lines: self.lines,
            prefix: format!("{prefix}/"),
        }
    }
}
