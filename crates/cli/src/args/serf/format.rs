//! The forms in which `serf` prints.

use clap::{Args, ValueEnum};

/// `--format`.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct FormatArgs {
    /// Print the answer in this form, exactly as serf does
    #[arg(long, value_enum, value_name = "FORM")]
    pub(crate) format: Option<Format>,
}

/// A form in which `serf` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines
    Text,
    /// Indented JSON
    Json,
}
