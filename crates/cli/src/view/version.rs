//! `quorate version`.

use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// The version and what was built in.
#[derive(Debug, Serialize)]
pub(crate) struct VersionView {
    pub(crate) version: &'static str,
    pub(crate) backends: &'static [&'static str],
    pub(crate) agent_protocols: &'static [&'static str],
    pub(crate) target: String,
    pub(crate) profile: &'static str,
}

impl View for VersionView {
    fn text(&self, out: &mut dyn Write, _: &Style) -> io::Result<()> {
        writeln!(out, "quorate {}", self.version)?;
        writeln!(out, "backends  {}", self.backends.join(", "))?;
        writeln!(out, "agent     {}", self.agent_protocols.join(", "))?;
        writeln!(out, "built for {} ({})", self.target, self.profile)
    }
}
