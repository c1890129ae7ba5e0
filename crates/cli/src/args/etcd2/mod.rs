//! `quorate etcd2`: the v2 API of etcd, in the words of `etcdctl` with `ETCDCTL_API=2`.

pub(crate) mod auth;
pub(crate) mod backup;
pub(crate) mod connection;
pub(crate) mod directory;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod machines;
pub(crate) mod member;
pub(crate) mod queue;
pub(crate) mod role;
pub(crate) mod stats;
pub(crate) mod user;
pub(crate) mod value;
pub(crate) mod version;
pub(crate) mod watch;

use clap::{Args, Subcommand};

const EXAMPLES: &str = "\
Examples:
  quorate etcd2 set /message 'Hello world'
  quorate --at etcd2://10.0.1.10:2379,10.0.1.11:2379 etcd2 get /message
  quorate etcd2 --endpoints http://10.0.1.10:2379 ls --recursive -p /
  quorate -o extended etcd2 get /message
  quorate etcd2 watch -f -r /config
";

const WHERE: &str = "\
Where: --endpoints; else --at or $QUORATE_URL, if they say etcd2://…; else $ETCDCTL_ENDPOINTS; else
http://127.0.0.1:2379. A server: etcd 0.4 to 3.5 (3.4 and 3.5 with --enable-v2), or
quorate agent --etcd 127.0.0.1:2379.

What a pipe gets is what etcdctl prints: -o simple (as text), extended or json. Exit codes are those
of every quorate command: 3 where nothing is there, 4 where a condition does not hold, 6 where no
server can be reached (etcdctl: 4, 4 and 2).
";

/// The v2 API of etcd, in the words of etcdctl.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, after_long_help = format!("{WHERE}\n{EXAMPLES}"))]
pub(crate) struct Etcd2Args {
    #[command(flatten)]
    pub(crate) connection: connection::ConnectionArgs,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// The verbs and groups of `quorate etcd2`.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Print the value of a key; fails with code 3 if there is none
    Get(key::GetArgs),
    /// Write a key, whatever was there or under a condition
    Set(key::SetArgs),
    /// Make a key that must not be there, or one in order
    Mk(key::MkArgs),
    /// Write a key that must be there
    Update(key::UpdateArgs),
    /// Give a key or directory a new TTL; its value stays, and no watch is woken
    Refresh(key::RefreshArgs),
    /// Delete a key, or a directory
    Rm(key::RmArgs),
    /// List what is in a directory
    Ls(directory::LsArgs),
    /// Make a directory that must not be there
    Mkdir(directory::MkdirArgs),
    /// Make a directory, or give one that is there a new TTL
    Setdir(directory::SetdirArgs),
    /// Give a directory that must be there a new TTL
    Updatedir(directory::UpdatedirArgs),
    /// Delete a directory with nothing in it, or a key
    Rmdir(directory::RmdirArgs),
    /// Wait for a change of a key or a tree
    Watch(watch::WatchArgs),
    /// Run a command at each change of a key or a tree
    ExecWatch(watch::ExecWatchArgs),
    /// The members of the cluster
    Member(member::MemberArgs),
    /// Whether each member works
    ClusterHealth(health::ClusterHealthArgs),
    /// Whether each server that is named works
    Health(health::HealthArgs),
    /// Users and their roles
    User(user::UserArgs),
    /// Roles and what they may do
    Role(role::RoleArgs),
    /// Whether users and roles count
    Auth(auth::AuthArgs),
    /// What servers count
    Stats(stats::StatsArgs),
    /// Where clients reach the members
    Machines(machines::MachinesArgs),
    /// The versions of the server and of the cluster
    Version(version::VersionArgs),
    /// Who holds a lock, and who waits for it
    Lock(queue::LockArgs),
    /// Who holds the slots of a semaphore
    Semaphore(queue::SemaphoreArgs),
    /// Who leads, and who would like to
    Election(queue::ElectionArgs),
    /// Not here: says what does it
    Backup(backup::BackupArgs),
}
