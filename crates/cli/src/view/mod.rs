//! What is printed: own types with stable keys, as text for people or as JSON for programs.

pub(crate) mod agent;
pub(crate) mod delivery;
pub(crate) mod entry;
pub(crate) mod etcd;
pub(crate) mod etcd2;
pub(crate) mod event;
pub(crate) mod failure;
pub(crate) mod json;
pub(crate) mod kv;
pub(crate) mod leader;
pub(crate) mod list;
pub(crate) mod lock;
pub(crate) mod member;
pub(crate) mod node;
pub(crate) mod object;
pub(crate) mod parameter;
pub(crate) mod query;
pub(crate) mod report;
pub(crate) mod rows;
pub(crate) mod said;
pub(crate) mod sanitize;
pub(crate) mod serf;
pub(crate) mod service;
pub(crate) mod snapshot;
pub(crate) mod style;
pub(crate) mod tour;
pub(crate) mod tree;
pub(crate) mod trees;
pub(crate) mod value;
pub(crate) mod version;
pub(crate) mod watch;

use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::args::Output;
pub(crate) use style::Style;

/// Something that can be shown. The JSON form is its `Serialize`; its keys are part of the
/// program's interface and are only ever added to.
pub(crate) trait View: Serialize {
    /// The form for people, with every line ended. Text that came from elsewhere goes through
    /// [`Style::clean`] or [`Style::line`].
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()>;
}

/// Where results and messages go, and in which form.
#[derive(Clone, Debug)]
pub(crate) struct Screen {
    output: Output,
    stdout: Style,
    stderr: Style,
}

impl Screen {
    /// Looks at what standard output and standard error are, and at `NO_COLOR`.
    pub(crate) fn new(output: Output) -> Self {
        Self {
            output,
            stdout: Style::detect(io::stdout().is_terminal()),
            stderr: Style::detect(io::stderr().is_terminal()),
        }
    }

    /// Whether results are JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// The form that was asked for.
    pub(crate) fn output(&self) -> Output {
        self.output
    }

    /// How text is written to standard output.
    pub(crate) fn stdout_style(&self) -> &Style {
        &self.stdout
    }

    /// Whether people want to see all that is known of keys.
    pub(crate) fn is_extended(&self) -> bool {
        self.output == Output::Extended
    }

    /// Whether standard output is a terminal.
    pub(crate) fn stdout_is_terminal(&self) -> bool {
        self.stdout.is_terminal()
    }

    /// Whether standard error is a terminal.
    pub(crate) fn stderr_is_terminal(&self) -> bool {
        self.stderr.is_terminal()
    }

    /// Prints a result on standard output, in one write.
    pub(crate) fn show(&self, view: &impl View) -> io::Result<()> {
        let bytes = render(self.output, view, &self.stdout)?;
        self.raw(&bytes)
    }

    /// Prints a message about what goes on, on standard error.
    pub(crate) fn note(&self, view: &impl View) -> io::Result<()> {
        let bytes = render(self.output, view, &self.stderr)?;
        io::stderr().lock().write_all(&bytes)
    }

    /// Prints bytes as they are on standard output.
    pub(crate) fn raw(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }
}

fn render(output: Output, view: &impl View, style: &Style) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match output {
        Output::Text | Output::Extended => view.text(&mut bytes, style)?,
        Output::Json => {
            serde_json::to_writer(&mut bytes, view)?;
            bytes.push(b'\n');
        }
    }
    Ok(bytes)
}
