//! `quorate lock`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate lock nightly -- ./backup.sh               wait for it, as long as it takes
  quorate lock nightly --wait 30s -- ./backup.sh    give up after 30 s (exit code 124)
  quorate lock nightly --try -- ./backup.sh         give up at once (exit code 124)
  quorate lock workers --limit 3 -- ./work          a place of a semaphore of 3
  quorate lock nightly -- sh -c 'echo $QUORATE_FENCING_TOKEN'

The command finds QUORATE_LOCK_NAME and QUORATE_FENCING_TOKEN in its environment: the token grows
from holder to holder, so a resource that remembers the largest one can refuse an old holder.

It runs in a process group of its own, which gets the terminal. SIGTERM, SIGINT, SIGHUP, SIGUSR1 and
SIGUSR2 are passed on to that group. If the lock can no longer be kept, the group gets SIGTERM and,
after the grace, SIGKILL, before anybody else can hold the lock; also when quorate itself is killed.

Exit codes: the command's own (128 + N when a signal N ended it); 123 the lock was lost and the
command stopped; 124 the lock was not acquired in time; 125 quorate failed before the command
started; 126 the command cannot be executed; 127 it was not found.
";

/// Options of the lock.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LockArgs {
    /// The name of the lock: a key path
    #[arg(value_parser = value::key)]
    pub(crate) name: String,

    /// Let N hold it at once: a semaphore. All contenders have to say the same N
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) limit: Option<u32>,

    /// How long the lock outlives the last sign of life of its holder; at least 10s on Consul, 2s on etcd
    #[arg(long, value_name = "D", default_value = "15s", value_parser = value::positive_duration)]
    pub(crate) ttl: Duration,

    /// How long nobody can have the lock after its holder has vanished; a semaphore has no such time
    #[arg(long, value_name = "D", default_value = "15s", value_parser = value::duration,
          conflicts_with = "limit")]
    pub(crate) lock_delay: Duration,

    /// Wait this long for the lock [default: for ever]
    #[arg(long, value_name = "D", conflicts_with = "try_once", value_parser = value::duration)]
    pub(crate) wait: Option<Duration>,

    /// Do not wait
    #[arg(long = "try")]
    pub(crate) try_once: bool,

    /// Store this with the lock, for others to see [default: host and process]
    #[arg(long, value_name = "V")]
    pub(crate) value: Option<String>,

    /// How long the command may take to end after SIGTERM when the lock is being lost; less than half the TTL
    #[arg(long, value_name = "D", default_value = "3s", value_parser = value::duration)]
    pub(crate) grace: Duration,

    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
