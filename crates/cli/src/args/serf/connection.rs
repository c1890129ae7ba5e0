//! Which agent is asked.

use clap::Args;

use crate::args::value;

/// Options of every verb of `quorate serf`, before or after it.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The agents, separated by commas, in the order in which they are tried: HOST:PORT [else:
    /// --at serf://…, then $SERF_RPC_ADDR, then 127.0.0.1:7373]
    #[arg(long, global = true, value_name = "ADDRS", value_parser = value::key)]
    pub(crate) rpc_addr: Option<String>,

    /// The token that the agent wants; others on this machine can see it: better in --token-file or
    /// $SERF_RPC_AUTH
    #[arg(
        long,
        global = true,
        env = "SERF_RPC_AUTH",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) rpc_auth: Option<String>,
}
