//! `quorate elect`.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate elect service/mailer -- ./mailer          run it here while this is the leader
  quorate elect service/mailer --wait 30s -- ./mailer
  quorate elect service/mailer --value 10.0.0.7:25 -- ./mailer
  quorate elect service/mailer --watch              who leads, one line a change

The command finds QUORATE_ELECTION_NAME and QUORATE_FENCING_TOKEN in its environment: the token
grows from leader to leader, so a resource that remembers the largest one can refuse an old leader.

It is run and ended as quorate lock does it: signals are passed on to its process group, and if the
office can no longer be kept, the group gets SIGTERM and, after the grace, SIGKILL, before anybody
else can be elected; also when quorate itself is killed. When the command ends, so does the office.

Exit codes: the command's own (128 + N when a signal N ended it); 123 the office was lost and the
command stopped; 124 not elected in time; 125 quorate failed before the command started; 126 the
command cannot be executed; 127 it was not found.
";

/// Options of the election.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ElectArgs {
    /// The name of the election: a key path. On Consul the leader holds the key NAME/leader
    #[arg(value_parser = value::key)]
    pub(crate) name: String,

    /// How long the office outlives the last sign of life of the leader; at least 10s on Consul, 2s on etcd
    #[arg(long, value_name = "D", default_value = "15s", value_parser = value::positive_duration)]
    pub(crate) ttl: Duration,

    /// How long nobody can be elected after a leader has vanished
    #[arg(long, value_name = "D", default_value = "15s", value_parser = value::duration)]
    pub(crate) lock_delay: Duration,

    /// Stand for election for this long [default: for ever]
    #[arg(long, value_name = "D", conflicts_with = "try_once", value_parser = value::duration)]
    pub(crate) wait: Option<Duration>,

    /// Do not wait
    #[arg(long = "try")]
    pub(crate) try_once: bool,

    /// What others read of the leader [default: host and process]
    #[arg(long, value_name = "V")]
    pub(crate) value: Option<String>,

    /// How long the command may take to end after SIGTERM when the office is being lost; less than half the TTL
    #[arg(long, value_name = "D", default_value = "3s", value_parser = value::duration)]
    pub(crate) grace: Duration,

    /// Print who leads, and then each change, without taking part
    #[arg(long, conflicts_with_all = ["command", "wait", "try_once", "value"])]
    pub(crate) watch: bool,

    /// The command and its arguments
    #[arg(last = true, required_unless_present = "watch", value_name = "CMD")]
    pub(crate) command: Vec<OsString>,
}
