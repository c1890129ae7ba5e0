//! `quorate etcd2 lock`, `semaphore` and `election`: how they stand.

use clap::Args;

use crate::args::value;

/// `quorate etcd2 lock`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 lock nightly

To run a command under a lock: quorate lock NAME -- CMD
")]
pub(crate) struct LockArgs {
    /// The lock's name: its entries are in /_locks/NAME, where python-etcd has them, too
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
}

/// `quorate etcd2 semaphore`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  quorate etcd2 semaphore workers --limit 3\n")]
pub(crate) struct SemaphoreArgs {
    /// The semaphore's name: its entries are in `/_semaphores/NAME`
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// How many slots it has
    #[arg(long, short = 'n', value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) limit: u16,
}

/// `quorate etcd2 election`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd2 election mailer
  quorate etcd2 election mailer --follow
")]
pub(crate) struct ElectionArgs {
    /// The election's name: its entries are in `/_elections/NAME`
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Say who leads, now and whenever that changes
    #[arg(long, short)]
    pub(crate) follow: bool,
}
