//! `quorate etcd watch`.

use std::ffi::OsString;

use clap::{Args, Parser};

use crate::args::flag;

const FOLLOWING: &str = "\
Connections that break, servers that stop and members that change end nothing: it goes on where it
was. If the history is compacted meanwhile, that is said on standard error, and the keys as they are
then are told as PUT. With --rev, a revision that is compacted is an error.

The command finds the change in $ETCD_WATCH_REVISION, $ETCD_WATCH_EVENT_TYPE, $ETCD_WATCH_KEY and
$ETCD_WATCH_VALUE, the last three in quotes, as etcdctl gives them. The next change waits for its end;
if it fails, so does the watch. --interactive reads lines `watch [OPTIONS] KEY [RANGE_END]` and
`progress` from standard input. Without a key, $ETCDCTL_WATCH_KEY and $ETCDCTL_WATCH_RANGE_END say
what is followed.
";

const EXAMPLES: &str = "\
Examples:
  quorate etcd watch greeting
  quorate etcd watch --prefix --prev-kv jobs/
  quorate etcd -w json watch --rev 7 greeting
  quorate etcd watch greeting -- sh -c 'echo $ETCD_WATCH_EVENT_TYPE $ETCD_WATCH_KEY'
";

/// `quorate etcd watch`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{FOLLOWING}\n{EXAMPLES}"))]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) what: FollowArgs,
    /// Read what is to be followed from standard input, line by line
    #[arg(long, short, conflicts_with_all = ["key", "command"])]
    pub(crate) interactive: bool,
    /// The command that runs at each change, and its arguments
    #[arg(last = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}

/// What is followed, and how.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct FollowArgs {
    /// The key; it need not be there
    pub(crate) key: Option<OsString>,
    /// All keys from KEY up to this one, without it
    #[arg(conflicts_with = "prefix")]
    pub(crate) range_end: Option<OsString>,
    /// All keys that begin with KEY
    #[arg(long)]
    pub(crate) prefix: bool,
    /// From this revision on [default: from now on]
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(crate) rev: i64,
    /// Tell what was there before, too
    #[arg(long)]
    pub(crate) prev_kv: bool,
    /// Say now and then up to which revision nothing was left out
    #[arg(long)]
    pub(crate) progress_notify: bool,
}

/// A line of `watch --interactive`.
#[derive(Debug, Parser)]
#[command(
    multicall = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    mut_subcommands(flag::everywhere)
)]
pub(crate) enum Line {
    /// Follow keys
    Watch(FollowArgs),
    /// Say up to which revision nothing was left out
    Progress,
}
