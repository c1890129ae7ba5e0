//! `quorate etcd`: the v3 API of etcd, in the words of `etcdctl` 3.5.

pub(crate) mod alarm;
pub(crate) mod auth;
pub(crate) mod check;
pub(crate) mod compaction;
pub(crate) mod connection;
pub(crate) mod defrag;
pub(crate) mod elect;
pub(crate) mod endpoint;
pub(crate) mod key;
pub(crate) mod lease;
pub(crate) mod lock;
pub(crate) mod member;
pub(crate) mod move_leader;
pub(crate) mod role;
pub(crate) mod snapshot;
pub(crate) mod txn;
pub(crate) mod user;
pub(crate) mod value;
pub(crate) mod version;
pub(crate) mod watch;

use clap::{Args, Subcommand};

use super::flag;

const EXAMPLES: &str = "\
Examples:
  quorate etcd put greeting 'Hello world'
  quorate etcd get --prefix jobs/ --keys-only
  quorate --at etcd://10.0.1.10:2379,10.0.1.11:2379 etcd get greeting
  quorate etcd --endpoints 10.0.1.10:2379 -w json get greeting
  quorate etcd watch --prefix jobs/ -- sh -c 'echo $ETCD_WATCH_KEY'
  quorate etcd lock nightly ./backup.sh
";

const WHERE: &str = "\
Where: --endpoints; else --at or $QUORATE_URL, if they say etcd://…; else $ETCDCTL_ENDPOINTS; else
127.0.0.1:2379. A server: etcd 3.4 and later, or quorate agent --etcd 127.0.0.1:2379. Every option
of the connection is also an environment variable of etcdctl: $ETCDCTL_USER, $ETCDCTL_CACERT, …

With -w, what is printed is what etcdctl 3.5 prints, byte for byte; without it, a terminal gets
tables. Exit codes are those of every quorate command: 3 where nothing is there, 4 where a condition
does not hold, 6 where no server can be reached (etcdctl: 1). Reading keys that are not there is no
failure, as in etcdctl.
";

/// The v3 API of etcd, in the words of etcdctl.
#[derive(Debug, Args)]
#[command(
    after_help = EXAMPLES,
    after_long_help = format!("{WHERE}\n{EXAMPLES}"),
    mut_args(flag::as_in_go),
    mut_subcommands(flag::everywhere)
)]
pub(crate) struct EtcdArgs {
    #[command(flatten)]
    pub(crate) connection: connection::ConnectionArgs,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs and groups of `quorate etcd`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Print a key or a range of keys
    Get(key::GetArgs),
    /// Write a key
    Put(key::PutArgs),
    /// Delete a key or a range of keys; prints how many there were
    Del(key::DelArgs),
    /// Do several things at once, if conditions hold
    Txn(txn::TxnArgs),
    /// Follow keys
    Watch(watch::WatchArgs),
    /// Times to live that keys share
    Lease(lease::LeaseArgs),
    /// Hold a lock, alone or while a command runs
    Lock(lock::LockArgs),
    /// Stand for election, or see who leads
    Elect(elect::ElectArgs),
    /// The members of the cluster
    Member(member::MemberArgs),
    /// How each server is
    Endpoint(endpoint::EndpointArgs),
    /// Users and their roles
    User(user::UserArgs),
    /// Roles and what they may do
    Role(role::RoleArgs),
    /// Whether users and roles count
    Auth(auth::AuthArgs),
    /// Save the database of a server into a file, or see what such a file holds
    Snapshot(snapshot::SnapshotArgs),
    /// Forget the history before a revision
    Compaction(compaction::CompactionArgs),
    /// Give the room that was freed in the database of each server back to its disk
    Defrag(defrag::DefragArgs),
    /// What keeps the cluster from taking writes
    Alarm(alarm::AlarmArgs),
    /// Let another member lead
    MoveLeader(move_leader::MoveLeaderArgs),
    /// Whether the cluster is fast enough
    Check(check::CheckArgs),
    /// The versions of this program and of the API
    Version(version::VersionArgs),
}
