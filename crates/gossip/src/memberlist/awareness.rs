//! Lifeguard's local health: a member that gets no answers may itself be the one that is ill.

use std::time::Duration;

use crate::engine::Engine;

impl Engine {
    /// Moves the score, within its bounds.
    pub(super) fn aware(&mut self, delta: i32) {
        let worst = self.config.profile.awareness_max.saturating_sub(1);
        self.list.awareness = self.list.awareness.saturating_add_signed(delta).min(worst);
    }

    /// A time that is longer the worse we are.
    pub(super) fn patient(&self, time: Duration) -> Duration {
        time * (self.list.awareness + 1)
    }
}
