//! How long a commit waits for those who are about to write again.
//!
//! Writers that were answered by a commit mostly write again at once, and would just miss the next
//! one if it began with those who queued during the last: they would then go on in two groups of half
//! the size, each of which waits for two syncs of the disk.

use std::time::Duration;

/// A commit waits at most this part of the time that the last one took, in steps.
const PART: u32 = 2;
const STEPS: u32 = 4;
/// What is not worth a step: a store in memory is never waited for.
const MIN_STEP: Duration = Duration::from_micros(20);
/// The longest of those steps.
const MAX_STEP: Duration = Duration::from_millis(1);

/// The last commit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastCommit {
    /// How many had their answer by it, or were waiting for the next one then.
    pub(super) writers: usize,
    pub(super) took: Duration,
}

/// The waiting of one commit.
#[derive(Debug)]
pub(super) struct Patience {
    last: LastCommit,
    steps: u32,
    seen: usize,
}

impl Patience {
    pub(super) fn after(last: LastCommit) -> Self {
        Self {
            last,
            steps: 0,
            seen: 0,
        }
    }

    /// How long to wait for more when so many are gathered and nobody else is there; `None` to begin.
    /// Who does not come back within a step is not waited for.
    pub(super) fn step(&mut self, gathered: usize) -> Option<Duration> {
        let step = self.last.took / (PART * STEPS);
        let complete = gathered >= self.last.writers || gathered == self.seen;
        if complete || self.steps == STEPS || step < MIN_STEP {
            return None;
        }
        (self.steps, self.seen) = (self.steps + 1, gathered);
        Some(step.min(MAX_STEP))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(writers: usize, micros: u64) -> Patience {
        Patience::after(LastCommit {
            writers,
            took: Duration::from_micros(micros),
        })
    }

    #[test]
    fn a_commit_waits_in_steps_while_writers_come_back_and_no_longer_than_half_the_last_one() {
        let mut patience = after(16, 800);
        let steps: Vec<_> = (1..9).map_while(|count| patience.step(count)).collect();
        assert_eq!(steps, [Duration::from_micros(100); 4]);
    }

    #[test]
    fn a_commit_begins_when_all_are_back() {
        let mut patience = after(16, 800);
        assert!(patience.step(15).is_some());
        assert_eq!(patience.step(16), None);
    }

    #[test]
    fn a_commit_begins_when_a_step_brought_nobody() {
        let mut patience = after(16, 800);
        assert!(patience.step(3).is_some());
        assert_eq!(patience.step(3), None);
    }

    #[test]
    fn one_writer_alone_and_a_store_in_memory_never_wait() {
        assert_eq!(after(1, 800).step(1), None);
        assert_eq!(after(16, 100).step(1), None);
        assert_eq!(after(0, 0).step(1), None);
    }

    #[test]
    fn a_step_is_bounded_however_slow_the_disk_is() {
        assert_eq!(after(16, 900_000).step(1), Some(MAX_STEP));
    }
}
