//! The steps of the tour.

use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// One step: what was sent, what came back, and whether it is what had to come.
#[derive(Debug, Serialize)]
pub(crate) struct StepView {
    pub(crate) title: &'static str,
    pub(crate) lines: Vec<LineView>,
    /// What all keys of the tour begin with: too long to be shown in each line.
    #[serde(skip)]
    pub(crate) prefix: String,
}

/// One line of a step, in the order in which it happened.
#[derive(Debug, Serialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub(crate) enum LineView {
    Sent { text: String },
    Received { text: String },
    Expected { text: String, ok: bool },
}

/// The whole tour.
#[derive(Debug, Serialize)]
pub(crate) struct TourView {
    pub(crate) target: String,
    pub(crate) prefix: String,
    pub(crate) steps: Vec<StepView>,
    pub(crate) expectations: usize,
    pub(crate) failed: usize,
    pub(crate) seconds: f64,
}

impl StepView {
    /// How many expectations there are, and how many did not hold.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let held = self.lines.iter().filter_map(|line| match line {
            LineView::Expected { ok, .. } => Some(*ok),
            LineView::Sent { .. } | LineView::Received { .. } => None,
        });
        held.fold((0, 0), |(all, failed), ok| {
            (all + 1, failed + usize::from(!ok))
        })
    }
}

impl View for StepView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let short = |text: &str| style.clean(&text.replace(&self.prefix, "…/")).into_owned();
        writeln!(out, "\n{}", style.title(self.title))?;
        for line in &self.lines {
            match line {
                LineView::Sent { text } => writeln!(out, "  → {}", short(text))?,
                LineView::Received { text } => {
                    writeln!(out, "  ← {}", style.faint(short(text)))?;
                }
                LineView::Expected { text, ok: true } => {
                    writeln!(out, "  {} {}", style.good("✓"), short(text))?;
                }
                LineView::Expected { text, ok: false } => {
                    writeln!(out, "  {} {}", style.bad("✗"), style.bad(short(text)))?;
                }
            }
        }
        Ok(())
    }
}

impl View for TourView {
    /// The closing lines only: the steps were shown as they happened.
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let all = self.expectations;
        writeln!(out)?;
        if self.failed == 0 {
            let text = format!("All {all} expectations held, in {:.1} s.", self.seconds);
            writeln!(out, "{}", style.good(text))?;
            writeln!(
                out,
                "Next: quorate kv put hello world, quorate lock --help, quorate agent"
            )
        } else {
            let text = format!("{} of {all} expectations did not hold.", self.failed);
            writeln!(out, "{}", style.bad(text))
        }
    }
}

/// What the tour begins with.
#[derive(Debug, Serialize)]
pub(crate) struct OpeningView {
    pub(crate) target: String,
    pub(crate) prefix: String,
}

impl View for OpeningView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let title = format!("A tour of quorate on {}", style.clean(&self.target));
        writeln!(out, "{}", style.title(title))?;
        let about = format!(
            "→ sent, ← came back, ✓ as expected. Everything lies below {}, shown as …/, and goes at the \
             end.",
            self.prefix
        );
        writeln!(out, "{}", style.faint(about))
    }
}
