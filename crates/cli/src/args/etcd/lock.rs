//! `quorate etcd lock`.

use std::ffi::OsString;

use clap::Args;

use crate::args::value;

const HOLDING: &str = "\
Its key is NAME/LEASE, as etcdctl and Go's package concurrency lay it out: they exclude each other.
Without a command the key is printed and the lock is held until a signal. A command finds the key in
$ETCD_LOCK_KEY and the fencing token in $ETCD_LOCK_REV; its exit code is that of this program. If the
lock can't be kept, the command is stopped before another can have the lock, with code 123.
";

const EXAMPLES: &str = "\
Examples:
  quorate etcd lock nightly
  quorate etcd lock nightly ./backup.sh
  quorate etcd lock --ttl 30 nightly -- ./backup.sh --all
";

/// `quorate etcd lock`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{HOLDING}\n{EXAMPLES}"))]
pub(crate) struct LockArgs {
    /// The lock's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// For how long it stays locked after its holder died, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(2..)
    )]
    pub(crate) ttl: u64,
    /// The command and its arguments
    #[arg(trailing_var_arg = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
