//! Commands in their own bytes.

use bytes::Bytes;
use quorate_net::call::Operation;
use quorate_wire::serf::Command;

use crate::call::{Call, Effect};
use crate::client::Client;
use crate::error::Error;

/// What an agent answered, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RawReply {
    /// Why it refused; empty when it did not.
    pub error: String,
    /// The body, in `MessagePack`.
    pub body: Option<Bytes>,
}

impl RawReply {
    /// Whether the agent did it.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.error.is_empty()
    }
}

impl Client {
    /// Sends a command with a body in `MessagePack`, which is empty for commands that have none, and
    /// gives the answer as it comes. A refusal is an answer here, no error.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) for the commands that records follow, and
    /// when there is a body where none belongs or none where one does. Otherwise as of every call.
    ///
    /// # Cancel safety
    /// The command may be done.
    pub async fn call_raw(&self, command: Command, body: &[u8]) -> Result<RawReply, Error> {
        let operation = Operation::new(command.as_str(), "");
        let wrong = match command {
            Command::Stream | Command::Monitor | Command::Query => {
                Some("records follow this command")
            }
            _ if command.request_has_body() && body.is_empty() => {
                Some("body: this command has one")
            }
            _ if !command.request_has_body() && !body.is_empty() => {
                Some("body: this command has none")
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            return Err(Error::invalid(command.as_str(), wrong));
        }
        let call = Call {
            body: body.to_vec(),
            effect: Effect::Write,
            ..Call::bare(operation, command)
        };
        let answered = self.ask_raw(&call).await?;
        Ok(RawReply {
            error: answered.error,
            body: answered.body,
        })
    }
}
