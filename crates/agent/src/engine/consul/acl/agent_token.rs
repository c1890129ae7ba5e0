use quorate_wire::consul::SecretText;

use super::super::row::Row;
use super::super::state::{State, Step};
use super::command::AclReply;
use super::refusal::AclRefusal;
use crate::engine::Time;
use crate::engine::change::Changes;

impl State {
    /// The tokens that the agent was told to use and to remember, by what they are for.
    pub fn agent_tokens(&self) -> impl Iterator<Item = (&str, &SecretText)> {
        let tokens = self.acl.agent_tokens.iter();
        tokens.map(|(name, secret)| (&**name, secret))
    }

    /// Remembers a token that the agent uses itself. No index moves: it is no part of the state
    /// that servers share.
    pub(super) fn set_agent_token(
        &mut self,
        name: &str,
        secret: &SecretText,
        now: Time,
        changes: &mut Changes,
    ) -> Result<AclReply, AclRefusal> {
        self.acl
            .agent_tokens
            .insert_mut(name.into(), secret.clone());
        let mut step = Step::begin(self, now, changes);
        step.store(Row::AgentToken(name.into(), Some(secret.clone())));
        Ok(AclReply::Done)
    }
}
