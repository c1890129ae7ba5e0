//! Which etcd is asked, and how.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::args::value;

/// Options of every verb of `quorate etcd2`, before or after it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The servers, separated by commas: http://HOST:PORT, https://HOST:PORT, HOST:PORT [else:
    /// --at etcd2://…, then $ETCDCTL_ENDPOINTS, then http://127.0.0.1:2379]
    #[arg(
        long,
        short = 'C',
        aliases = ["endpoint", "peers"],
        global = true,
        value_name = "URLS",
        value_parser = value::key
    )]
    pub(crate) endpoints: Option<String>,

    /// Find the servers by DNS: the SRV records of this domain
    #[arg(
        long,
        short = 'D',
        global = true,
        value_name = "DOMAIN",
        conflicts_with = "endpoints",
        value_parser = value::key
    )]
    pub(crate) discovery_srv: Option<String>,

    /// Take servers without TLS, too, that DNS names
    #[arg(long, global = true)]
    pub(crate) insecure_discovery: bool,

    /// Ask the servers for all members first, and use their addresses, too
    #[arg(long, global = true)]
    pub(crate) sync: bool,

    /// Use the addresses that are named, and no others: the default here, unlike in etcdctl
    #[arg(long, global = true, overrides_with = "sync")]
    pub(crate) no_sync: bool,

    /// The user: NAME:PASSWORD, or NAME and the password is asked for
    #[arg(
        long,
        short,
        global = true,
        env = "ETCDCTL_USERNAME",
        hide_env_values = true,
        value_name = "USER",
        value_parser = value::key
    )]
    pub(crate) username: Option<String>,

    /// Read the user's password from this file
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) password_file: Option<PathBuf>,

    /// Trust the servers that the certificates in this file certify
    #[arg(long, global = true, env = "ETCDCTL_CA_FILE", value_name = "PATH")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Show the servers this certificate
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_CERT_FILE",
        value_name = "PATH",
        requires = "key_file"
    )]
    pub(crate) cert_file: Option<PathBuf>,

    /// The key of that certificate
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_KEY_FILE",
        value_name = "PATH",
        requires = "cert_file"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// Give up an operation after this long with all of its attempts; --timeout is then for each
    /// attempt
    #[arg(long, global = true, value_name = "D", value_parser = value::positive_duration)]
    pub(crate) total_timeout: Option<Duration>,
}
