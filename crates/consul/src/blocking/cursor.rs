//! The rules of indexes, without I/O or time.

/// Where a blocking query stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cursor {
    /// What to block on next; 0 reads at once.
    index: u64,
    /// The highest index seen since the last restart. Unlike `index` it survives an error.
    seen: u64,
}

/// What the index of an answer says about its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The same as before: the wait was over, and nothing happened.
    Unchanged,
    /// The data may have changed, and has to be compared.
    Compare,
    /// The server started to count anew. The data has to be compared.
    Restarted,
}

/// An index is never below 1: with 0 the next query would not block.
pub(super) fn at_least_one(index: Option<u64>) -> u64 {
    index.unwrap_or(1).max(1)
}

impl Cursor {
    pub(super) fn starting_at(index: u64) -> Self {
        Self { index, seen: index }
    }

    pub(super) fn index(self) -> u64 {
        self.index
    }

    /// Takes the index of a successful answer.
    pub(super) fn answered(&mut self, header: Option<u64>) -> Verdict {
        let new = at_least_one(header);
        let restarted = new < self.seen;
        let verdict = match self.index {
            _ if restarted => Verdict::Restarted,
            old if old == new => Verdict::Unchanged,
            _ => Verdict::Compare,
        };
        // Backwards while blocking: a full read first, because what is newer than an index of
        // another history says nothing. After a full read the new index is good.
        self.index = if restarted && self.index > 0 { 0 } else { new };
        self.seen = new;
        verdict
    }

    /// An error, or a wait that was cut short: its headers tell nothing, and the next query reads
    /// anew.
    pub(super) fn failed(&mut self) {
        self.index = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(index: u64) -> Cursor {
        let mut cursor = Cursor::starting_at(0);
        cursor.answered(Some(index));
        cursor
    }

    #[test]
    fn the_first_query_does_not_block_and_its_answer_counts() {
        let mut cursor = Cursor::starting_at(0);
        assert_eq!(cursor.index(), 0);
        assert_eq!(cursor.answered(Some(7)), Verdict::Compare);
        assert_eq!(cursor.index(), 7);
    }

    #[test]
    fn an_index_is_never_below_one() {
        for header in [None, Some(0)] {
            let mut cursor = Cursor::starting_at(0);
            cursor.answered(header);
            assert_eq!(cursor.index(), 1, "{header:?}");
        }
    }

    #[test]
    fn an_index_that_went_backwards_is_dropped() {
        let mut cursor = at(278);
        assert_eq!(cursor.answered(Some(245)), Verdict::Restarted);
        assert_eq!(cursor.index(), 0);
        assert_eq!(cursor.answered(Some(245)), Verdict::Compare);
        assert_eq!(cursor.index(), 245);
    }

    #[test]
    fn a_missing_index_is_one_that_went_backwards() {
        let mut cursor = at(7);
        assert_eq!(cursor.answered(None), Verdict::Restarted);
        assert_eq!(cursor.index(), 0);
    }

    #[test]
    fn the_same_index_means_that_nothing_changed() {
        let mut cursor = at(7);
        assert_eq!(cursor.answered(Some(7)), Verdict::Unchanged);
        assert_eq!(cursor.index(), 7);
    }

    #[test]
    fn a_higher_index_is_only_a_reason_to_compare() {
        let mut cursor = at(7);
        assert_eq!(cursor.answered(Some(8)), Verdict::Compare);
        assert_eq!(cursor.index(), 8);
    }

    #[test]
    fn after_an_error_everything_is_read_anew() {
        let mut cursor = at(7);
        cursor.failed();
        assert_eq!(cursor.index(), 0);
        assert_eq!(
            cursor.answered(Some(7)),
            Verdict::Compare,
            "the data decides"
        );
        assert_eq!(cursor.index(), 7);
    }

    #[test]
    fn a_restart_during_an_error_is_noticed() {
        let mut cursor = at(278);
        cursor.failed();
        assert_eq!(cursor.answered(Some(12)), Verdict::Restarted);
        assert_eq!(cursor.index(), 12, "it was a full read");
    }

    #[test]
    fn indexes_use_all_their_bits() {
        let mut cursor = at(u64::MAX - 1);
        assert_eq!(cursor.answered(Some(u64::MAX)), Verdict::Compare);
        assert_eq!(cursor.index(), u64::MAX);
    }

    #[test]
    fn a_query_can_start_at_a_known_index() {
        let mut cursor = Cursor::starting_at(40);
        assert_eq!(cursor.index(), 40);
        assert_eq!(cursor.answered(Some(40)), Verdict::Unchanged);
        assert_eq!(cursor.answered(Some(41)), Verdict::Compare);
    }
}
