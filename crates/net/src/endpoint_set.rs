//! Several servers, in order, and which of them work.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use crate::endpoint::{Endpoint, EndpointError};

/// The most servers that one set can hold.
pub const MAX_ENDPOINTS: usize = 64;

/// The first cool-down of a server that failed; it doubles with each further failure.
const COOL_DOWN_MIN: Duration = Duration::from_secs(1);
/// The longest cool-down.
const COOL_DOWN_MAX: Duration = Duration::from_secs(30);

/// An ordered set of servers that give the same answers.
///
/// Requests go to the current one, at first the first. One that fails gets a cool-down (1 s,
/// doubling to 30 s) and the next that works becomes the current one, and stays it. A server in
/// its cool-down is tried last, never left out. Clones share what is known about the servers.
///
/// All of it is atomic counters: reading and marking never waits.
#[derive(Clone)]
pub struct EndpointSet(Arc<Inner>);

struct Inner {
    slots: Box<[Slot]>,
    current: AtomicUsize,
    epoch: Instant,
}

struct Slot {
    endpoint: Endpoint,
    /// Failures in a row.
    failures: AtomicU32,
    /// The end of the cool-down, in milliseconds since the epoch of the set.
    rests_until: AtomicU64,
}

/// One server of an [`EndpointSet`], by its position. It means nothing in another set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EndpointId(usize);

impl EndpointId {
    pub(crate) fn index(self) -> usize {
        self.0
    }
}

impl EndpointSet {
    /// A set of these servers, in this order; repeated ones count once.
    ///
    /// # Errors
    ///
    /// [`EndpointError::Empty`] without a server, [`EndpointError::TooMany`] with more than
    /// [`MAX_ENDPOINTS`].
    pub fn new(endpoints: impl IntoIterator<Item = Endpoint>) -> Result<Self, EndpointError> {
        let mut slots: Vec<Slot> = Vec::new();
        for endpoint in endpoints {
            if !slots.iter().any(|slot| slot.endpoint == endpoint) {
                slots.push(Slot::new(endpoint));
            }
        }
        match slots.len() {
            0 => Err(EndpointError::Empty),
            count if count > MAX_ENDPOINTS => Err(EndpointError::TooMany { count }),
            _ => Ok(Self(Arc::new(Inner {
                slots: slots.into(),
                current: AtomicUsize::new(0),
                epoch: Instant::now(),
            }))),
        }
    }

    /// Reads a list of addresses separated by commas.
    ///
    /// # Errors
    ///
    /// That of the first address that is wrong, or as [`new`](Self::new).
    pub fn parse(list: &str) -> Result<Self, EndpointError> {
        let each: Result<Vec<_>, _> = list.split(',').map(Endpoint::parse).collect();
        Self::new(each?)
    }

    /// How many servers there are, at least one.
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub fn len(&self) -> usize {
        self.0.slots.len()
    }

    /// The servers in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (EndpointId, &Endpoint)> {
        self.0
            .slots
            .iter()
            .enumerate()
            .map(|(at, slot)| (EndpointId(at), &slot.endpoint))
    }

    /// The server behind an id of this set.
    pub fn get(&self, id: EndpointId) -> Option<&Endpoint> {
        self.0.slots.get(id.0).map(|slot| &slot.endpoint)
    }

    /// The server to which the next request goes first, unless it is in its cool-down.
    pub fn current(&self) -> EndpointId {
        EndpointId(self.0.current.load(Relaxed))
    }

    /// Whether a server is in its cool-down.
    pub fn is_resting(&self, id: EndpointId) -> bool {
        self.0
            .slots
            .get(id.0)
            .is_some_and(|slot| slot.rests(self.now()))
    }

    /// A server answered.
    pub fn succeeded(&self, id: EndpointId) {
        // Only stores when something changes: this runs for every answer, on every thread.
        if let Some(slot) = self.0.slots.get(id.0)
            && slot.failures.load(Relaxed) != 0
        {
            slot.failures.store(0, Relaxed);
            slot.rests_until.store(0, Relaxed);
        }
        let current = self.current();
        if current != id && id.0 < self.len() && self.failures(current) != 0 {
            self.0.current.store(id.0, Relaxed);
        }
    }

    /// A server could not be reached, or did not answer as it should.
    pub fn failed(&self, id: EndpointId) {
        let Some(slot) = self.0.slots.get(id.0) else {
            return;
        };
        let before = slot.failures.fetch_add(1, Relaxed);
        let rest = COOL_DOWN_MIN
            .saturating_mul(1 << before.min(5))
            .min(COOL_DOWN_MAX);
        slot.rests_until
            .store(self.now().saturating_add(millis(rest)), Relaxed);
    }

    /// The next server to try in this round: the current one, then the others that are well, then
    /// those in their cool-down, soonest over first. `None` when each had its turn.
    pub(crate) fn pick(&self, tried: &mut Tried) -> Option<EndpointId> {
        let first = self.0.current.load(Relaxed);
        let count = self.len();
        let mut resting: Option<(u64, usize)> = None;
        for step in 0..count {
            let at = (first + step) % count;
            if tried.has(at) {
                continue;
            }
            let slot = &self.0.slots[at];
            if slot.failures.load(Relaxed) == 0 || !slot.rests(self.now()) {
                tried.add(at);
                return Some(EndpointId(at));
            }
            let until = slot.rests_until.load(Relaxed);
            if resting.is_none_or(|(soonest, _)| until < soonest) {
                resting = Some((until, at));
            }
        }
        let (_, at) = resting?;
        tried.add(at);
        Some(EndpointId(at))
    }

    /// Whether each server had its turn in this round.
    pub(crate) fn all_tried(&self, tried: &Tried) -> bool {
        (0..self.len()).all(|at| tried.has(at))
    }

    fn failures(&self, id: EndpointId) -> u32 {
        self.0
            .slots
            .get(id.0)
            .map_or(0, |slot| slot.failures.load(Relaxed))
    }

    fn now(&self) -> u64 {
        millis(self.0.epoch.elapsed())
    }
}

impl Slot {
    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            failures: AtomicU32::new(0),
            rests_until: AtomicU64::new(0),
        }
    }

    fn rests(&self, now: u64) -> bool {
        self.rests_until.load(Relaxed) > now
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Which servers had their turn in one round.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tried(u64);

impl Tried {
    fn has(self, at: usize) -> bool {
        self.0 & (1 << at) != 0
    }

    fn add(&mut self, at: usize) {
        self.0 |= 1 << at;
    }
}

/// As [`EndpointSet::parse`].
impl FromStr for EndpointSet {
    type Err = EndpointError;

    fn from_str(list: &str) -> Result<Self, EndpointError> {
        Self::parse(list)
    }
}

impl From<Endpoint> for EndpointSet {
    fn from(endpoint: Endpoint) -> Self {
        Self(Arc::new(Inner {
            slots: Box::new([Slot::new(endpoint)]),
            current: AtomicUsize::new(0),
            epoch: Instant::now(),
        }))
    }
}

impl fmt::Debug for EndpointSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.iter().map(|(_, endpoint)| endpoint))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(set: &EndpointSet) -> Vec<usize> {
        let mut tried = Tried::default();
        let order = std::iter::from_fn(|| set.pick(&mut tried))
            .map(|id| id.0)
            .collect();
        assert!(set.all_tried(&tried));
        order
    }

    fn three() -> EndpointSet {
        EndpointSet::parse("a:1,b:1,c:1").unwrap()
    }

    #[test]
    fn refuses_none_and_too_many_and_counts_repeated_ones_once() {
        assert_eq!(EndpointSet::new([]).unwrap_err(), EndpointError::Empty);
        let many = (1..=65).map(|port| Endpoint::tcp("a", port));
        assert_eq!(
            EndpointSet::new(many).unwrap_err(),
            EndpointError::TooMany { count: 65 }
        );
        let full = EndpointSet::new((1..=64).map(|port| Endpoint::tcp("a", port))).unwrap();
        assert_eq!(order(&full).len(), 64);
        let set: EndpointSet = "a:1,b:1,http://a:1".parse().unwrap();
        assert_eq!(set.len(), 2);
        assert!("a:1,ftp://b".parse::<EndpointSet>().is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_failed_is_tried_last_until_its_cool_down_is_over() {
        let set = three();
        assert_eq!(order(&set), [0, 1, 2]);
        set.failed(EndpointId(0));
        assert_eq!(order(&set), [1, 2, 0]);
        tokio::time::advance(COOL_DOWN_MIN).await;
        assert_eq!(order(&set), [0, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_one_that_took_over_stays_the_current_one() {
        let set = three();
        set.failed(EndpointId(0));
        set.succeeded(EndpointId(1));
        tokio::time::advance(COOL_DOWN_MAX).await;
        assert_eq!(order(&set), [1, 2, 0]);
        // A late answer from another server does not take the place of one that works.
        set.succeeded(EndpointId(0));
        assert_eq!(set.current(), EndpointId(1));
    }

    #[tokio::test(start_paused = true)]
    async fn the_cool_down_doubles_up_to_its_maximum_and_ends_with_a_success() {
        let set = three();
        let id = EndpointId(2);
        for seconds in [1, 2, 4, 8, 16, 30, 30] {
            set.failed(id);
            tokio::time::advance(Duration::from_millis(seconds * 1000 - 1)).await;
            assert!(set.is_resting(id), "{seconds}");
            tokio::time::advance(Duration::from_millis(1)).await;
            assert!(!set.is_resting(id), "{seconds}");
        }
        set.failed(id);
        set.succeeded(id);
        assert!(!set.is_resting(id));
    }

    #[tokio::test(start_paused = true)]
    async fn when_all_rest_the_soonest_over_comes_first() {
        let set = three();
        for id in [2, 0, 1] {
            set.failed(EndpointId(id));
            tokio::time::advance(Duration::from_millis(10)).await;
        }
        assert_eq!(order(&set), [2, 0, 1]);
    }
}
