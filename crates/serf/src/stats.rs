//! How an agent is.

use quorate_net::call::Operation;
use quorate_wire::serf::{Command, Stats};

use crate::call::Call;
use crate::client::Client;
use crate::error::Error;

impl Client {
    /// How the agent is: members, queues, versions, tags, handlers, all as text.
    ///
    /// Protocol: `stats`.
    ///
    /// # Errors
    /// As of every call: connections, tokens, times.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn stats(&self) -> Result<Stats, Error> {
        self.ask_for(&Call::bare(
            Operation::new("read the statistics", ""),
            Command::Stats,
        ))
        .await
    }
}
