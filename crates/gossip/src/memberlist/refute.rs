//! Saying that we are there, when somebody says otherwise.

use crate::engine::Engine;

impl Engine {
    /// Answers what somebody said about our incarnation `accused`, or a later one.
    pub(super) fn refute(&mut self, accused: u32) {
        let incarnation = self.list.incarnation.max(accused).saturating_add(1);
        self.list.incarnation = incarnation;
        let name = self.config.name.clone();
        if let Some(me) = self.list.roster.get_mut(&name) {
            me.incarnation = incarnation;
        }
        // Others would not doubt us if we were well.
        self.aware(1);
        self.broadcast_self(None);
    }
}
