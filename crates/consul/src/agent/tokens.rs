//! The agent's own ACL tokens.

use quorate_net::secret::Secret;
use quorate_wire::consul::agent::{AgentToken, TokenUpdate};
use quorate_wire::consul::path;

use super::Agent;
use crate::call::Operation;
use crate::error::Error;
use crate::options::WriteOptions;
use crate::url::Url;

impl Agent {
    /// Gives the agent one of the ACL tokens that it uses itself; an empty one takes it away.
    /// Unless `enable_token_persistence` is set, the agent forgets it when it ends. Sent again
    /// when the answer is lost. Agents before Consul 1.4 are asked by the name of their time.
    ///
    /// `PUT /v1/agent/token/NAME`
    ///
    /// # Errors
    /// `Unsupported` where there are no ACLs; otherwise as every write, see
    /// [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without `agent:write`.
    pub async fn update_token(&self, which: AgentToken, token: &Secret) -> Result<(), Error> {
        self.update_token_with(which, token, &WriteOptions::default())
            .await
    }

    /// [`update_token`](Self::update_token) with options; only the token and the timeout matter
    /// here.
    ///
    /// # Errors
    /// As [`update_token`](Self::update_token).
    pub async fn update_token_with(
        &self,
        which: AgentToken,
        token: &Secret,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("set the agent's token", which.as_str());
        let body = TokenUpdate::new(token.expose());
        let named = |name| {
            self.write_json(
                operation,
                Url::named(path::AGENT_TOKEN, name),
                &body,
                options,
            )
        };
        match named(which.as_str()).await {
            // Before 1.4 only the old names are known.
            Err(error) if error.status() == Some(404) => named(which.old_name()).await,
            done => done,
        }
    }
}
