use super::command::{Op, Reply};
use super::refusal::Refusal;
use super::row::Row;
use super::state::State;
use super::step::Step;

/// What is wrong with a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alarm {
    /// There is no room: nothing is written any more.
    NoSpace,
    /// The data is damaged: nothing is changed any more.
    Corrupt,
}

impl State {
    fn has_alarm(&self, alarm: Alarm) -> bool {
        self.alarms.iter().any(|(on, _)| *on == alarm)
    }

    /// Why an alarm forbids a change.
    pub(super) fn refuse_for_alarms(&self, op: &Op) -> Result<(), Refusal> {
        if self.alarms.is_empty() {
            return Ok(());
        }
        if self.has_alarm(Alarm::Corrupt) && changes_data(op) {
            return Err(Refusal::Corrupt);
        }
        if self.has_alarm(Alarm::NoSpace) && needs_space(op) {
            return Err(Refusal::NoSpace);
        }
        Ok(())
    }
}

fn needs_space(op: &Op) -> bool {
    match op {
        Op::Put(_) | Op::Grant { .. } => true,
        Op::Txn(txn) => txn.inner().puts(),
        _ => false,
    }
}

fn changes_data(op: &Op) -> bool {
    match op {
        Op::Put(_) | Op::Delete(_) | Op::Compact(_) | Op::Grant { .. } | Op::Revoke(_) => true,
        Op::Txn(txn) => txn.inner().writes(),
        _ => false,
    }
}

impl Step<'_> {
    pub(super) fn set_alarm(&mut self, alarm: Alarm, member: u64, on: bool) -> Reply {
        let was_on = self.state.alarms.contains(&(alarm, member));
        if on && !was_on {
            self.state.alarms.insert_mut((alarm, member));
            self.store(Row::Alarm(alarm, member, true));
        } else if !on && was_on {
            self.state.alarms.remove_mut(&(alarm, member));
            self.store(Row::Alarm(alarm, member, false));
        }
        Reply::Alarm {
            revision: self.revision(),
            known: on || was_on,
        }
    }
}
