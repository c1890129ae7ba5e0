use std::collections::BTreeMap;
use std::ops::Bound;

use super::key_range::{End, KeyRange};

/// Keys, as ranges that neither overlap nor touch each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Intervals {
    /// By where each begins, where it ends; `None` is never.
    ranges: BTreeMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Intervals {
    /// Adds the keys of `range`.
    pub(super) fn add(&mut self, range: &KeyRange) {
        if range.is_empty() {
            return;
        }
        let (mut from, mut to) = (range.key.to_vec(), end_of(range));
        while let Some((start, end)) = self.touching(&from, to.as_deref()) {
            self.ranges.remove(&start);
            from = from.min(start);
            to = match (to, end) {
                (Some(to), Some(end)) => Some(to.max(end)),
                _ => None,
            };
        }
        self.ranges.insert(from, to);
    }

    /// Adds the keys of `other`.
    pub(super) fn add_all(&mut self, other: &Self) {
        for (from, to) in &other.ranges {
            self.add(&KeyRange {
                key: from.clone().into(),
                end: to.clone().map_or(End::Open, |to| End::Before(to.into())),
            });
        }
    }

    /// Whether `key` is in it.
    pub(super) fn contains(&self, key: &[u8]) -> bool {
        let before = (Bound::Unbounded, Bound::Included(key));
        let last = self.ranges.range::<[u8], _>(before).next_back();
        last.is_some_and(|(_, end)| is_before(key, end.as_deref()))
    }

    /// Whether all keys of `range` are in it. Of a range without keys the first one has to be.
    pub(super) fn covers(&self, range: &KeyRange) -> bool {
        let before = (Bound::Unbounded, Bound::Included(&range.key[..]));
        let last = self.ranges.range::<[u8], _>(before).next_back();
        let to = end_of(range);
        last.is_some_and(|(_, end)| match (end, &to) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(to)) => is_before(&range.key, Some(end)) && to <= end,
        })
    }

    /// The last range that begins at or before `to`, if it does not end before `from`.
    fn touching(&self, from: &[u8], to: Option<&[u8]>) -> Option<(Vec<u8>, Option<Vec<u8>>)> {
        let before = to.map_or(Bound::Unbounded, Bound::Included);
        let (start, end) = self
            .ranges
            .range::<[u8], _>((Bound::Unbounded, before))
            .next_back()?;
        let reaches = end.as_deref().is_none_or(|end| end >= from);
        reaches.then(|| (start.clone(), end.clone()))
    }
}

fn is_before(key: &[u8], end: Option<&[u8]>) -> bool {
    end.is_none_or(|end| key < end)
}

/// The first key behind `range`; `None` when it never ends.
fn end_of(range: &KeyRange) -> Option<Vec<u8>> {
    match &range.end {
        // The least key that is greater.
        End::Single => Some([&range.key[..], &[0]].concat()),
        End::Open => None,
        End::Before(end) => Some(end.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: &str, to: &str) -> KeyRange {
        KeyRange::new(from.to_owned().into(), to.to_owned().into())
    }

    fn of(ranges: &[(&str, &str)]) -> Intervals {
        let mut all = Intervals::default();
        for (from, to) in ranges {
            all.add(&range(from, to));
        }
        all
    }

    #[test]
    fn ranges_that_touch_become_one() {
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let parts = [("d", "f"), ("f", "h"), ("h", "")];
            let all = of(&order.map(|at: usize| parts[at]));
            assert_eq!(all.ranges.len(), 1);
            assert!(all.covers(&range("d", "h")) && all.covers(&range("d", "h\0")));
            assert!(!all.covers(&range("d", "h\0\0")) && !all.covers(&range("c", "e")));
        }
    }

    #[test]
    fn one_that_has_no_end_swallows_what_is_behind_it() {
        let all = of(&[("x", "y"), ("q", ""), ("p", "\0"), ("a", "b")]);
        assert_eq!(all.ranges.len(), 2);
        assert!(all.covers(&range("zz", "\0")) && all.contains(b"p"));
        assert!(!all.contains(b"b") && !all.covers(&range("a", "\0")));
    }

    #[test]
    fn a_range_that_ends_before_it_begins_has_nothing() {
        let all = of(&[("b", "a"), ("c", "c")]);
        assert!(all.ranges.is_empty());
        assert!(!all.contains(b"b"));
    }
}
