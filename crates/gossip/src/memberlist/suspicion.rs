//! How long a suspected member has to say that it is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::Dead;
use crate::engine::{Engine, Time, Timer, TimerKey};

/// A suspicion that has not ended.
#[derive(Debug)]
pub(super) struct Suspicion {
    /// When it began.
    start: Time,
    least: Duration,
    most: Duration,
    /// How many confirmations shorten it to the least.
    wanted: usize,
    /// Who suspects the member; the first one counts for no confirmation.
    by: BTreeSet<String>,
    pub(super) timer: TimerKey,
}

/// How long a suspicion lasts after `confirmed` of `wanted` confirmations.
fn duration(confirmed: usize, wanted: usize, least: Duration, most: Duration) -> Duration {
    let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if wanted == 0 {
        return least;
    }
    let share = (number(confirmed) + 1.0).ln() / (number(wanted) + 1.0).ln();
    let shorter = most.saturating_sub(least).mul_f64(share.clamp(0.0, 1.0));
    most.saturating_sub(shorter).max(least)
}

impl Engine {
    /// Begins to suspect a member.
    pub(super) fn begin_suspicion(&mut self, name: &Arc<str>, from: &str) {
        let nodes = self.list.roster.len();
        let (least, most) = self.config.profile.suspicion_bounds(nodes);
        // Without enough others, nobody could confirm it.
        let mult = usize::try_from(self.config.profile.suspicion_mult).unwrap_or(0);
        let mut wanted = mult.saturating_sub(2);
        if nodes.saturating_sub(2) < wanted {
            wanted = 0;
        }
        let lasts = duration(0, wanted, least, most);
        let timer = self.after(lasts, Timer::Suspicion(name.clone()));
        let start = self.now;
        if let Some(node) = self.list.roster.get_mut(name) {
            node.suspicion = Some(Suspicion {
                start,
                least,
                most,
                wanted,
                by: BTreeSet::from([from.to_owned()]),
                timer,
            });
        }
    }

    /// Somebody else suspects the member as well. `true` if that is news that shortens it.
    pub(super) fn confirm_suspicion(&mut self, name: &Arc<str>, from: &str) -> bool {
        let Some(node) = self.list.roster.get_mut(name) else {
            return false;
        };
        let Some(suspicion) = &mut node.suspicion else {
            return false;
        };
        let known = suspicion.by.len() - 1;
        if known >= suspicion.wanted || !suspicion.by.insert(from.to_owned()) {
            return false;
        }
        let Suspicion {
            wanted,
            least,
            most,
            ..
        } = *suspicion;
        let end = suspicion.start + duration(known + 1, wanted, least, most);
        let old = suspicion.timer;
        suspicion.timer = self
            .timers
            .set(end.max(self.now), Timer::Suspicion(name.clone()));
        self.timers.cancel(old);
        true
    }

    /// Stops suspecting a member.
    pub(super) fn end_suspicion(&mut self, name: &str) {
        let node = self.list.roster.get_mut(name);
        if let Some(suspicion) = node.and_then(|node| node.suspicion.take()) {
            self.timers.cancel(suspicion.timer);
        }
    }

    /// A suspected member did not say in time that it is there.
    pub(crate) fn suspicion_ended(&mut self, name: &str) {
        let node = self.list.roster.get(name);
        let Some(node) = node.filter(|node| node.suspicion.is_some()) else {
            return;
        };
        let dead = Dead {
            from: self.config.name.clone(),
            incarnation: node.incarnation,
            node: name.to_owned(),
        };
        self.dead(&dead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_confirmation_shortens_a_suspicion_down_to_the_least() {
        let (least, most) = (Duration::from_secs(4), Duration::from_secs(24));
        let after = |confirmed| duration(confirmed, 2, least, most).as_millis();
        assert_eq!((after(0), after(2), after(9)), (24_000, 4_000, 4_000));
        assert_eq!(after(1), 11_381, "24 s - 20 s * ln 2 / ln 3");
        assert_eq!(
            duration(0, 0, least, most),
            least,
            "nobody could confirm it"
        );
    }
}
