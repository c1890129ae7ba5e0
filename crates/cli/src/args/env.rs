//! `quorate env`.

use std::ffi::OsString;
use std::time::Duration;

use clap::{Args, ValueEnum};
use nix::sys::signal::Signal;

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate env myapp -- ./server                     HTTP/port is $HTTP_PORT
  quorate env myapp --restart -- ./server           again whenever something changes
  quorate env myapp --signal HUP -- ./server        told, and left to read it anew by itself
  quorate env myapp --prefix MYAPP_ --join __ -- ./server
  quorate env myapp --missing wait -- ./server
  quorate env myapp -- env                          what it would find

The key myapp/HTTP/max-body becomes the variable HTTP_MAX_BODY: letters in capitals, every other
character but digits a _, segments joined by --join; a name that would begin with a digit gets a _
before it. Two keys with the same name are refused. A key of the tree's own (.tree, .lock) is none.

The command runs in a process group of its own, which gets the terminal. SIGTERM, SIGINT, SIGHUP,
SIGUSR1 and SIGUSR2 are passed on to that group. While the backend can't be reached it goes on with
what it has. With --restart the group gets SIGTERM and, after the grace, SIGKILL, and the command is
started anew; that it ends by itself is the end.

Exit codes: the command's own (128 + N when a signal N ended it); 125 quorate failed before the command
started; 126 the command cannot be executed; 127 it was not found; 3 there are no keys.
";

/// Options of the environment.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct EnvArgs {
    /// The path that the keys lie below
    #[arg(value_parser = value::key, value_name = "PATH")]
    pub(crate) path: String,

    /// Put this before each name
    #[arg(long, value_name = "P", default_value = "", hide_default_value = true)]
    pub(crate) prefix: String,

    /// What stands between segments in a name
    #[arg(long, value_name = "SEP", default_value = "_")]
    pub(crate) join: String,

    /// Only these variables: nothing of the environment of quorate
    #[arg(long)]
    pub(crate) pristine: bool,

    /// Without any key below PATH: fail (exit code 3), wait for one, or run without
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Missing::Fail)]
    pub(crate) missing: Missing,

    /// Start the command anew when something changes
    #[arg(long, conflicts_with = "signal")]
    pub(crate) restart: bool,

    /// Send the command this signal when something changes: HUP, USR1, …
    #[arg(long, value_name = "SIG", value_parser = signal)]
    pub(crate) signal: Option<Signal>,

    /// Wait until nothing has changed for this long; at most 20 times as long
    #[arg(long, value_name = "D", default_value = "500ms", value_parser = value::duration)]
    pub(crate) settle: Duration,

    /// How long the command may take to end when it is restarted
    #[arg(long, value_name = "D", default_value = "10s", value_parser = value::duration)]
    pub(crate) grace: Duration,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// What to do without any key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Missing {
    /// Fail
    Fail,
    /// Wait for the first
    Wait,
    /// Run without
    Run,
}

/// A signal by its name, with or without SIG.
fn signal(text: &str) -> Result<Signal, String> {
    let name = text.to_ascii_uppercase();
    let full = if name.starts_with("SIG") {
        name
    } else {
        format!("SIG{name}")
    };
    full.parse()
        .map_err(|_| "write it as HUP, USR1 or SIGTERM".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_have_their_names() {
        assert_eq!(signal("hup"), Ok(Signal::SIGHUP));
        assert_eq!(signal("SIGUSR1"), Ok(Signal::SIGUSR1));
        assert!(signal("9").is_err());
    }
}
