//! What `quorate agent` is told about Serf.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::member::{MemberArgs, place};
use crate::args::serf::agent::AgentArgs;
use crate::args::serf::connection::ConnectionArgs;

/// Options of the agent's membership and of Serf's RPC.
#[derive(Debug, Args)]
pub(crate) struct SerfArgs {
    /// Listen here for Serf's RPC: HOST:PORT or unix:///PATH; may be repeated. With $SERF_RPC_AUTH
    /// or --rpc-auth-file, clients have to show that token
    #[arg(long, value_name = "ADDR")]
    pub(crate) serf_rpc: Vec<String>,

    /// The token itself, of `quorate serf agent`
    #[arg(skip)]
    pub(crate) rpc_auth: Option<String>,

    /// The token of Serf's RPC, in a file
    #[arg(long, value_name = "FILE", requires = "serf_rpc")]
    pub(crate) rpc_auth_file: Option<PathBuf>,

    /// Take part in a cluster of agents and of Serf's, listening here by UDP and TCP: IP or IP:PORT.
    /// The options from here on need it, except for --event-handler
    #[arg(long, value_name = "ADDR", value_parser = place)]
    pub(crate) gossip: Option<SocketAddr>,

    /// A member of the cluster to join, tried until one is reached: HOST or HOST:PORT; may be repeated
    #[arg(long, value_name = "ADDR", requires = "gossip")]
    pub(crate) join: Vec<String>,

    /// Members of which one has to be there at once: `--join` of `quorate serf agent`
    #[arg(skip)]
    pub(crate) join_at_once: Vec<String>,

    #[command(flatten)]
    pub(crate) member: MemberArgs,

    /// Encrypt with the key in this file
    #[arg(
        long,
        value_name = "FILE",
        requires = "gossip",
        conflicts_with = "encrypt"
    )]
    pub(crate) encrypt_file: Option<PathBuf>,

    /// Say what a client in the pool of a Consul datacenter says, so that it lists this agent; the
    /// port there is mostly 8301
    #[arg(long, requires = "gossip")]
    pub(crate) consul_client: bool,

    /// Run a script when something happens in the cluster, as Serf does: [TYPE[:NAME][,…]=]SCRIPT;
    /// may be repeated
    #[arg(long = "event-handler", value_name = "HANDLER")]
    pub(crate) event_handlers: Vec<String>,

    /// What was typed, to read configuration files again: of `quorate serf agent`
    #[arg(skip)]
    pub(crate) typed: Option<Box<Typed>>,

    /// Which signals say goodbye to the cluster: of a configuration file
    #[arg(skip = Goodbye::default())]
    pub(crate) goodbye: Goodbye,
}

/// All that `quorate serf agent` was told.
#[derive(Clone, Debug)]
pub(crate) struct Typed {
    pub(crate) connection: ConnectionArgs,
    pub(crate) agent: AgentArgs,
}

/// Which signals say goodbye to the cluster. As with Serf: an interrupt does, SIGTERM does not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Goodbye {
    pub(crate) on_interrupt: bool,
    pub(crate) on_terminate: bool,
}

impl Default for Goodbye {
    fn default() -> Self {
        Self {
            on_interrupt: true,
            on_terminate: false,
        }
    }
}
