//! The end of the agent: `leave`.

use quorate_gossip::{Error, Failure};

use super::Front;
use super::connection::{Ended, Session};
use super::refusal;
use crate::log::LogLevel;

impl Session {
    /// Answers when the others know; then the agent ends.
    pub(super) async fn leave(&self, seq: u64) -> Result<(), Ended> {
        let front = &self.front;
        let left = front.say_goodbye().await;
        let answered = self.answer_done(seq, left.clone()).await;
        if left.is_ok() {
            front.agent.leave();
        }
        answered
    }
}

impl Front {
    /// Tells the others that this member leaves.
    pub(super) async fn say_goodbye(&self) -> Result<(), String> {
        self.say(
            LogLevel::Info,
            "agent",
            "requesting graceful leave from Serf",
        );
        let left = self.gossip.leave().await;
        left.map_err(|error| match error {
            Error::Failure(Failure::Leaving) => "Leave already in progress".into(),
            Error::Closed => "Leave called after Shutdown".into(),
            error => refusal::text(&error),
        })
    }
}
