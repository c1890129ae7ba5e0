use std::sync::Arc;

use quorate_wire::consul::operator::AutopilotConfig;

use super::command::Reply;
use super::row::Row;
use super::state::{State, Step};
use crate::engine::Time;
use crate::engine::change::Changes;

/// The index of settings that nobody changed.
const UNCHANGED: u64 = 1;

/// Settings of autopilot to take over. There are no other servers that they could concern; they
/// are kept for those who set them.
#[derive(Clone, Debug)]
pub struct SetAutopilot {
    /// All settings; their indexes do not matter.
    pub config: AutopilotConfig,
    /// Only if the ModifyIndex is this.
    pub cas: Option<u64>,
}

impl State {
    /// The settings of autopilot.
    #[must_use]
    pub fn autopilot(&self) -> AutopilotConfig {
        let stored = self.autopilot.as_deref().cloned();
        stored.unwrap_or_else(|| {
            let mut config = AutopilotConfig::default();
            (config.create_index, config.modify_index) = (UNCHANGED, UNCHANGED);
            config
        })
    }

    pub(super) fn set_autopilot(
        &mut self,
        set: SetAutopilot,
        now: Time,
        changes: &mut Changes,
    ) -> Reply {
        let mut step = Step::begin(self, now, changes);
        let before = step.state.autopilot();
        if set.cas.is_some_and(|index| index != before.modify_index) {
            return Reply::Applied(false);
        }
        let mut config = set.config;
        config.create_index = before.create_index;
        config.modify_index = step.index;
        let config = Arc::new(config);
        step.state.autopilot = Some(Arc::clone(&config));
        step.store(Row::Autopilot(Some(config)));
        Reply::Applied(true)
    }
}
