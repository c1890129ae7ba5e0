//! Which etcd is asked, how, and how answers are printed.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

use crate::args::value;

/// Options of every verb of `quorate etcd`, before or after it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The servers, separated by commas: HOST:PORT, http://HOST:PORT, https://HOST:PORT [else:
    /// --at etcd://…, then $ETCDCTL_ENDPOINTS, then 127.0.0.1:2379]
    #[arg(long, global = true, value_name = "URLS", value_delimiter = ',', value_parser = value::key)]
    pub(crate) endpoints: Vec<String>,

    /// Find the servers by DNS: the SRV records of this domain
    #[arg(
        long,
        short = 'd',
        global = true,
        env = "ETCDCTL_DISCOVERY_SRV",
        value_name = "DOMAIN",
        conflicts_with = "endpoints",
        value_parser = value::key
    )]
    pub(crate) discovery_srv: Option<String>,

    /// Take servers without TLS, too, that DNS names: =false takes none
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_INSECURE_DISCOVERY",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub(crate) insecure_discovery: bool,

    /// Speak without TLS to servers whose address does not say: =false speaks TLS to them, and so
    /// does every other option about TLS
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_INSECURE_TRANSPORT",
        default_value_t = true,
        action = clap::ArgAction::Set
    )]
    pub(crate) insecure_transport: bool,

    /// Do not check the servers' certificates: anybody can be in between
    #[arg(long, global = true, env = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY")]
    pub(crate) insecure_skip_tls_verify: bool,

    /// Trust the servers that the certificates in this file certify
    #[arg(long, global = true, env = "ETCDCTL_CACERT", value_name = "PATH")]
    pub(crate) cacert: Option<PathBuf>,

    /// Show the servers this certificate
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_CERT",
        value_name = "PATH",
        requires = "key_file"
    )]
    pub(crate) cert: Option<PathBuf>,

    /// The key of that certificate
    #[arg(
        long = "key",
        global = true,
        env = "ETCDCTL_KEY",
        value_name = "PATH",
        requires = "cert"
    )]
    pub(crate) key_file: Option<PathBuf>,

    /// The user: NAME:PASSWORD, or NAME and the password is asked for
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_USER",
        hide_env_values = true,
        value_name = "USER",
        value_parser = value::key
    )]
    pub(crate) user: Option<String>,

    /// The user's password; others on this machine can see it: better in $ETCDCTL_PASSWORD
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD",
        requires = "user"
    )]
    pub(crate) password: Option<String>,

    /// Give up reaching a server after this long [default: 2s]
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_DIAL_TIMEOUT",
        value_name = "D",
        value_parser = value::positive_duration
    )]
    pub(crate) dial_timeout: Option<Duration>,

    /// Give up a command that ends by itself after this long [else: --timeout, then 5s]
    #[arg(
        long,
        global = true,
        env = "ETCDCTL_COMMAND_TIMEOUT",
        value_name = "D",
        value_parser = value::positive_duration
    )]
    pub(crate) command_timeout: Option<Duration>,

    /// Print answers in this form, exactly as etcdctl does
    #[arg(
        long,
        short,
        global = true,
        env = "ETCDCTL_WRITE_OUT",
        value_enum,
        value_name = "FORM"
    )]
    pub(crate) write_out: Option<WriteOut>,

    /// Print the bytes of keys and values as \x..
    #[arg(long, global = true, env = "ETCDCTL_HEX")]
    pub(crate) hex: bool,
}

/// The forms in which `etcdctl` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WriteOut {
    /// Keys, values and sentences
    Simple,
    /// A field a line
    Fields,
    /// One line of JSON
    Json,
    /// The message as it was sent
    Protobuf,
    /// A table, of what is a list
    Table,
}
