//! `quorate serf event`.

use std::ffi::OsString;

use clap::Args;

/// `quorate serf event`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf event deploy v17
  quorate serf event --coalesce=false restart
")]
pub(crate) struct EventArgs {
    /// The event's name
    pub(crate) name: String,
    /// What it says, some 480 bytes at most
    #[arg(
        allow_hyphen_values = true,
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) payload: OsString,
    /// Of several of this name within a short time tell handlers the last one only: =false tells all
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set)]
    pub(crate) coalesce: bool,
}
