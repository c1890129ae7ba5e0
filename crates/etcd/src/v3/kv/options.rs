//! How keys are read, written and deleted.

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::range_request::{SortOrder, SortTarget};

use super::KeyRange;
use crate::v3::lease::LeaseId;

/// In which order keys are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SortBy {
    /// By key: the order in which they are read anyway.
    Key,
    /// By how often they were written.
    Version,
    /// By the revision at which they were made.
    Created,
    /// By the revision at which they were changed last.
    Modified,
    /// By value.
    Value,
}

/// How a range is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangeOptions {
    /// The most keys; the answer says whether there are more. Default: all.
    pub limit: Option<u32>,
    /// The revision of the store to read at. Default: the latest.
    pub revision: Option<i64>,
    /// The order, and whether it is turned around. Default: by key.
    pub sort: Option<(SortBy, bool)>,
    /// Whether any member may answer from what it has, which may be old. Default: no.
    pub serializable: bool,
    /// Whether values are left out.
    pub keys_only: bool,
    /// Whether only the number of keys is told.
    pub count_only: bool,
    /// Leaves out what was changed last before this revision.
    pub min_mod_revision: Option<i64>,
    /// Leaves out what was changed last after this revision.
    pub max_mod_revision: Option<i64>,
    /// Leaves out what was made before this revision.
    pub min_create_revision: Option<i64>,
    /// Leaves out what was made after this revision.
    pub max_create_revision: Option<i64>,
}

impl RangeOptions {
    /// The defaults: all of it as it is now, in the order of keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the most keys.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Reads at a revision that was.
    #[must_use]
    pub fn with_revision(mut self, revision: i64) -> Self {
        self.revision = Some(revision);
        self
    }

    /// Sets the order, lowest first.
    #[must_use]
    pub fn sorted_by(mut self, by: SortBy) -> Self {
        self.sort = Some((by, false));
        self
    }

    /// Sets the order, highest first.
    #[must_use]
    pub fn sorted_down_by(mut self, by: SortBy) -> Self {
        self.sort = Some((by, true));
        self
    }

    /// Lets any member answer from what it has.
    #[must_use]
    pub fn serializable(mut self) -> Self {
        self.serializable = true;
        self
    }

    /// Leaves values out.
    #[must_use]
    pub fn keys_only(mut self) -> Self {
        self.keys_only = true;
        self
    }

    /// Tells only the number of keys.
    #[must_use]
    pub fn count_only(mut self) -> Self {
        self.count_only = true;
        self
    }

    /// Keeps what was changed last at a revision in these bounds, both included.
    #[must_use]
    pub fn modified_between(mut self, min: Option<i64>, max: Option<i64>) -> Self {
        self.min_mod_revision = min;
        self.max_mod_revision = max;
        self
    }

    /// Keeps what was made at a revision in these bounds, both included.
    #[must_use]
    pub fn created_between(mut self, min: Option<i64>, max: Option<i64>) -> Self {
        self.min_create_revision = min;
        self.max_create_revision = max;
        self
    }

    pub(crate) fn request(&self, range: &KeyRange) -> pb::RangeRequest {
        let (order, target) = match self.sort {
            None => (SortOrder::None, SortTarget::Key),
            Some((by, down)) => {
                let order = if down {
                    SortOrder::Descend
                } else {
                    SortOrder::Ascend
                };
                (order, target(by))
            }
        };
        pb::RangeRequest {
            key: range.start().clone(),
            range_end: range.range_end().clone(),
            limit: i64::from(self.limit.unwrap_or_default()),
            revision: self.revision.unwrap_or_default(),
            sort_order: order.into(),
            sort_target: target.into(),
            serializable: self.serializable,
            keys_only: self.keys_only,
            count_only: self.count_only,
            min_mod_revision: self.min_mod_revision.unwrap_or_default(),
            max_mod_revision: self.max_mod_revision.unwrap_or_default(),
            min_create_revision: self.min_create_revision.unwrap_or_default(),
            max_create_revision: self.max_create_revision.unwrap_or_default(),
        }
    }
}

fn target(by: SortBy) -> SortTarget {
    match by {
        SortBy::Key => SortTarget::Key,
        SortBy::Version => SortTarget::Version,
        SortBy::Created => SortTarget::Create,
        SortBy::Modified => SortTarget::Mod,
        SortBy::Value => SortTarget::Value,
    }
}

/// How a key is written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PutOptions {
    /// The lease that the key goes with from now on. Default: none, whatever it had before.
    pub lease: Option<LeaseId>,
    /// Whether the key stays with the lease that it has. It must exist.
    pub keep_lease: bool,
    /// Whether what was there before is told.
    pub previous: bool,
}

impl PutOptions {
    /// The defaults: no lease.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets the key go with a lease.
    #[must_use]
    pub fn with_lease(mut self, lease: LeaseId) -> Self {
        self.lease = Some(lease);
        self
    }

    /// Leaves the key with the lease that it has.
    #[must_use]
    pub fn keep_lease(mut self) -> Self {
        self.keep_lease = true;
        self
    }

    /// Asks for what was there before.
    #[must_use]
    pub fn with_previous(mut self) -> Self {
        self.previous = true;
        self
    }

    pub(crate) fn request(&self, key: Bytes, value: Option<Bytes>) -> pb::PutRequest {
        pb::PutRequest {
            key,
            ignore_value: value.is_none(),
            value: value.unwrap_or_default(),
            lease: self.lease.map_or(0, LeaseId::number),
            prev_kv: self.previous,
            ignore_lease: self.keep_lease,
        }
    }
}

/// How keys are deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeleteOptions {
    /// Whether what was there before is told.
    pub previous: bool,
}

impl DeleteOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for what was there before.
    #[must_use]
    pub fn with_previous(mut self) -> Self {
        self.previous = true;
        self
    }

    pub(crate) fn request(&self, range: &KeyRange) -> pb::DeleteRangeRequest {
        pb::DeleteRangeRequest {
            key: range.start().clone(),
            range_end: range.range_end().clone(),
            prev_kv: self.previous,
        }
    }
}
