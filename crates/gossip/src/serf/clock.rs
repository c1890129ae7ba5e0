//! Lamport clocks.

/// A clock that counts what happened, over all members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LamportClock(u64);

impl Default for LamportClock {
    fn default() -> Self {
        Self(1)
    }
}

impl LamportClock {
    pub(crate) fn time(&self) -> u64 {
        self.0
    }

    /// The time before something happens here, which makes it later.
    pub(super) fn tick(&mut self) -> u64 {
        let time = self.0;
        self.0 = self.0.saturating_add(1);
        time
    }

    /// Something happened elsewhere at `time`.
    pub(super) fn witness(&mut self, time: u64) {
        if time >= self.0 {
            self.0 = time.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_always_later_than_what_it_has_seen() {
        let mut clock = LamportClock::default();
        assert_eq!((clock.tick(), clock.time()), (1, 2));
        clock.witness(41);
        assert_eq!(clock.time(), 42);
        clock.witness(7);
        assert_eq!(clock.time(), 42, "it does not go back");
        clock.witness(u64::MAX);
        assert_eq!(clock.tick(), u64::MAX, "nor over the end");
    }
}
