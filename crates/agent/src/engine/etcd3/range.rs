use std::ops::Bound;
use std::sync::Arc;

use super::key_range::KeyRange;
use super::key_value::KeyValue;
use super::refusal::Refusal;
use super::state::State;

/// In which order keys are answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As they come, which is by key; by something else it is ascending.
    #[default]
    None,
    /// The least first.
    Ascending,
    /// The greatest first.
    Descending,
    /// An order that does not exist, which etcd takes for none at all.
    Unknown,
}

/// What keys are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortBy {
    /// The key.
    #[default]
    Key,
    /// How often it was written.
    Version,
    /// When it began to exist.
    Create,
    /// When it was written last.
    Mod,
    /// The value.
    Value,
    /// Something that does not exist, which is refused.
    Unknown,
}

/// A read of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The keys.
    pub range: KeyRange,
    /// At most so many; 0 and less is no limit.
    pub limit: i64,
    /// As they were at this revision; 0 and less is now.
    pub revision: i64,
    /// In which order.
    pub order: Order,
    /// Sorted by what.
    pub sort_by: SortBy,
    /// Without values.
    pub keys_only: bool,
    /// Just how many.
    pub count_only: bool,
    /// Only those that were written last at or after this revision; 0 is all.
    pub min_mod_revision: i64,
    /// Only those that were written last at or before this revision; 0 is all.
    pub max_mod_revision: i64,
    /// Only those that began to exist at or after this revision; 0 is all.
    pub min_create_revision: i64,
    /// Only those that began to exist at or before this revision; 0 is all.
    pub max_create_revision: i64,
}

impl Range {
    /// A read of what is now.
    #[must_use]
    pub fn new(range: KeyRange) -> Self {
        Self {
            range,
            limit: 0,
            revision: 0,
            order: Order::None,
            sort_by: SortBy::Key,
            keys_only: false,
            count_only: false,
            min_mod_revision: 0,
            max_mod_revision: 0,
            min_create_revision: 0,
            max_create_revision: 0,
        }
    }

    /// What is wrong with the request itself.
    ///
    /// # Errors
    /// When the key is empty, or what it is sorted by does not exist.
    pub fn check(&self) -> Result<(), Refusal> {
        if self.range.key.is_empty() {
            return Err(Refusal::EmptyKey);
        }
        // etcd 3.5.16 ends its process at what it does not know.
        if self.sort_by == SortBy::Unknown {
            return Err(Refusal::InvalidSort);
        }
        Ok(())
    }

    /// The limit, if there is one.
    fn limit(&self) -> Option<usize> {
        let limit = usize::try_from(self.limit).unwrap_or(0);
        (limit > 0).then_some(limit)
    }

    /// Whether the first keys are not simply the ones to answer. As in etcd, a limit counts before
    /// what it is sorted by if no order is asked for.
    fn looks_at_all(&self) -> bool {
        self.filters() || self.order != Order::None
    }

    /// Whether keys are left out for when they were written.
    pub(crate) fn filters(&self) -> bool {
        [
            self.min_mod_revision,
            self.max_mod_revision,
            self.min_create_revision,
            self.max_create_revision,
        ]
        .iter()
        .any(|limit| *limit != 0)
    }

    fn sorts(&self) -> bool {
        match self.order {
            Order::Unknown => false,
            Order::None | Order::Ascending => self.sort_by != SortBy::Key,
            Order::Descending => true,
        }
    }

    fn admits(&self, kv: &KeyValue) -> bool {
        let (modified, created) = (kv.mod_revision, kv.create_revision);
        (self.max_mod_revision == 0 || modified <= self.max_mod_revision)
            && (self.min_mod_revision == 0 || modified >= self.min_mod_revision)
            && (self.max_create_revision == 0 || created <= self.max_create_revision)
            && (self.min_create_revision == 0 || created >= self.min_create_revision)
    }

    fn sort(&self, kvs: &mut [Arc<KeyValue>]) {
        let by = |a: &Arc<KeyValue>, b: &Arc<KeyValue>| match self.sort_by {
            SortBy::Key | SortBy::Unknown => a.key.cmp(&b.key),
            SortBy::Version => a.version.cmp(&b.version),
            SortBy::Create => a.create_revision.cmp(&b.create_revision),
            SortBy::Mod => a.mod_revision.cmp(&b.mod_revision),
            SortBy::Value => a.value.cmp(&b.value),
        };
        if self.order == Order::Descending {
            kvs.sort_by(|a, b| by(b, a));
        } else {
            kvs.sort_by(by);
        }
    }
}

/// What a [`Range`] comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranged {
    /// The revision of the store, whichever was read.
    pub revision: i64,
    /// The keys.
    pub kvs: Vec<Arc<KeyValue>>,
    /// Their values are not to be told.
    pub keys_only: bool,
    /// There are more than the limit.
    pub more: bool,
    /// How many keys there are in the range, whatever the limit and the other conditions.
    pub count: i64,
}

impl State {
    /// Reads keys.
    ///
    /// # Errors
    /// When the key is empty, or the revision is compacted or not there yet.
    pub fn range(&self, range: &Range) -> Result<Ranged, Refusal> {
        range.check()?;
        self.refuse_revision(range.revision)?;
        Ok(self.read(range, self.revision))
    }

    /// Why nothing can be read at `revision`.
    pub(super) fn refuse_revision(&self, revision: i64) -> Result<(), Refusal> {
        if revision > self.revision {
            Err(Refusal::Future)
        } else if revision > 0 && revision < self.compacted {
            Err(Refusal::Compacted)
        } else {
            Ok(())
        }
    }

    /// Carries out a read that nothing speaks against; the store is at `revision`.
    pub(super) fn read(&self, range: &Range, revision: i64) -> Ranged {
        let ranged = self.collect(range, self.keys_of(range, revision));
        Ranged { revision, ..ranged }
    }

    /// Reads the first keys of a range in their order, whatever it is to be sorted by: as many as
    /// the limit lets through, up to the one with which they have `bytes`. How many there are in
    /// the range is not told.
    ///
    /// # Errors
    /// As in [`State::range`].
    pub fn range_part(&self, range: &Range, bytes: usize) -> Result<Ranged, Refusal> {
        range.check()?;
        self.refuse_revision(range.revision)?;
        let limit = range.limit().unwrap_or(usize::MAX);
        let mut part = Ranged {
            revision: self.revision,
            keys_only: range.keys_only,
            ..Ranged::default()
        };
        let mut size = 0;
        for kv in self.keys_of(range, self.revision) {
            if part.kvs.len() == limit || size >= bytes {
                part.more = true;
                break;
            }
            size += kv.key.len();
            if !range.keys_only {
                size += kv.value.len();
            }
            part.kvs.push(Arc::clone(kv));
        }
        Ok(part)
    }

    fn collect<'a>(
        &'a self,
        range: &Range,
        keys: Box<dyn Iterator<Item = &'a Arc<KeyValue>> + 'a>,
    ) -> Ranged {
        let limit = range.limit().unwrap_or(usize::MAX);
        let enough = if range.looks_at_all() {
            usize::MAX
        } else {
            limit.saturating_add(1)
        };
        let mut ranged = Ranged {
            keys_only: range.keys_only,
            ..Ranged::default()
        };
        for kv in keys {
            ranged.count += 1;
            if !range.count_only && ranged.kvs.len() < enough && range.admits(kv) {
                ranged.kvs.push(Arc::clone(kv));
            }
        }
        if range.sorts() {
            range.sort(&mut ranged.kvs);
        }
        ranged.more = ranged.kvs.len() > limit;
        ranged.kvs.truncate(limit);
        ranged
    }

    /// The keys of a range as they were when it says, in order; the store is at `revision`.
    fn keys_of<'a>(
        &'a self,
        range: &'a Range,
        revision: i64,
    ) -> Box<dyn Iterator<Item = &'a Arc<KeyValue>> + 'a> {
        if range.revision > 0 && range.revision < revision {
            self.keys_at(&range.range, range.revision)
        } else {
            self.keys_now(&range.range)
        }
    }

    /// The keys that are there now, in order.
    pub(super) fn keys_now<'a>(
        &'a self,
        range: &'a KeyRange,
    ) -> Box<dyn Iterator<Item = &'a Arc<KeyValue>> + 'a> {
        if range.is_single() {
            Box::new(self.live.get(&range.key).into_iter())
        } else if range.is_empty() {
            Box::new(std::iter::empty())
        } else {
            let keys = self.live.range::<[u8], _>(range.bounds());
            Box::new(keys.map(|(_, kv)| kv))
        }
    }

    /// The keys that were there at `revision`, in order.
    fn keys_at<'a>(
        &'a self,
        range: &'a KeyRange,
        revision: i64,
    ) -> Box<dyn Iterator<Item = &'a Arc<KeyValue>> + 'a> {
        if range.is_single() {
            return Box::new(self.history.key_at(&range.key, revision).into_iter());
        }
        let first = self.history.first_key(Bound::Included(&range.key));
        let keys =
            std::iter::successors(first, |key| self.history.first_key(Bound::Excluded(*key)));
        let keys = keys.take_while(|key| range.contains(key));
        Box::new(keys.filter_map(move |key| self.history.key_at(key, revision)))
    }
}
