//! `quorate etcd elect`.

use std::ffi::OsString;

use clap::Args;

use crate::args::value;

/// `quorate etcd elect`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd elect mailer $HOSTNAME
  quorate etcd elect --listen mailer

To run a command while leading: quorate elect NAME -- CMD
")]
pub(crate) struct ElectArgs {
    /// The election's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// What others read of us while we lead
    #[arg(required_unless_present = "listen", conflicts_with = "listen")]
    pub(crate) proposal: Option<OsString>,
    /// Say who leads, now and whenever that changes
    #[arg(long, short)]
    pub(crate) listen: bool,
    /// How long nobody leads after a leader died, in seconds
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(2..)
    )]
    pub(crate) ttl: u64,
}
