//! `quorate etcd2 watch` and `exec-watch`.

use std::ffi::OsString;

use clap::Args;

use crate::args::value;

const FOLLOWING: &str = "\
Connections that break, servers that stop and histories that are cleared end nothing: it goes on
where it was. What can't be resumed is said on standard error, and the state as it is then is told as
changes with the action get. With --after-index, a history that does not go back so far is an error.
";

/// What is followed.
#[derive(Debug, Args)]
pub(crate) struct FollowArgs {
    /// The key; it need not be there
    #[arg(value_parser = value::key)]
    pub(crate) key: String,
    /// Everything below it, too, and say which key it was
    #[arg(long, short)]
    pub(crate) recursive: bool,
    /// Tell what happened after this index [default: after now]
    #[arg(long, value_name = "N")]
    pub(crate) after_index: Option<u64>,
}

/// `quorate etcd2 watch`.
#[derive(Debug, Args)]
#[command(
    after_help = WATCH_EXAMPLES,
    after_long_help = format!("{FOLLOWING}\n{WATCH_EXAMPLES}")
)]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) what: FollowArgs,
    /// Go on after the first change
    #[arg(long, short)]
    pub(crate) forever: bool,
}

const WATCH_EXAMPLES: &str = "\
Examples:
  quorate etcd2 watch /message
  quorate etcd2 watch --forever --recursive /config
  quorate -o json etcd2 watch -f --after-index 7 /message
";

const EXEC_EXAMPLES: &str = "\
Examples:
  quorate etcd2 exec-watch /message -- ./reload
  quorate etcd2 exec-watch --recursive /config -- sh -c 'echo $ETCD_WATCH_KEY = $ETCD_WATCH_VALUE'
";

const COMMAND: &str = "\
The command finds the change in $ETCD_WATCH_ACTION, $ETCD_WATCH_KEY, $ETCD_WATCH_VALUE and
$ETCD_WATCH_MODIFIED_INDEX. The next change waits for its end; that it failed is said, and the watch
goes on.
";

/// `quorate etcd2 exec-watch`.
#[derive(Debug, Args)]
#[command(
    after_help = EXEC_EXAMPLES,
    after_long_help = format!("{COMMAND}\n{FOLLOWING}\n{EXEC_EXAMPLES}")
)]
pub(crate) struct ExecWatchArgs {
    #[command(flatten)]
    pub(crate) what: FollowArgs,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
