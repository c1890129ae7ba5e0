use super::action::Action;
use super::state::State;
use crate::engine::Time;
use crate::engine::change::Changes;

impl State {
    /// Removes what is due, soonest first: each with an index and an event of its own, and a
    /// directory with all that is in it.
    pub(crate) fn expire(&mut self, now: Time, changes: &mut Changes) {
        let mut step = self.step(now, changes);
        while let Some((at, key)) = step.state.deadlines.first() {
            if *at > step.now {
                break;
            }
            let (at, key) = (*at, key.clone());
            match step.state.root.find(&key) {
                Ok(node) => {
                    let node = node.clone();
                    step.remove(Action::Expire, &key, &node);
                    step.state.stats.expired += 1;
                }
                // Nothing is due that does not exist; this keeps the loop from lasting.
                Err(_) => {
                    step.state.deadlines.remove_mut(&(at, key));
                }
            }
        }
    }
}
