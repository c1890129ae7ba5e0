//! What a watch is like.

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_create_request::FilterType;

use crate::v3::kv::KeyRange;

/// How a watch begins and what it tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WatchOptions {
    /// The first revision that is told. Default: what happens from now on.
    pub from: Option<i64>,
    /// Whether the keys as they are come first. It goes before `from`.
    pub list: bool,
    /// Whether what was there before is told with each event.
    pub previous: bool,
    /// Leaves out that keys were written.
    pub no_puts: bool,
    /// Leaves out that keys were deleted.
    pub no_deletes: bool,
}

impl WatchOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Tells what happened from this revision on, itself included.
    #[must_use]
    pub fn from(mut self, revision: i64) -> Self {
        self.from = Some(revision);
        self
    }

    /// Begins with the keys as they are.
    #[must_use]
    pub fn with_list(mut self) -> Self {
        self.list = true;
        self
    }

    /// Tells with each event what was there before.
    #[must_use]
    pub fn with_previous(mut self) -> Self {
        self.previous = true;
        self
    }

    /// Leaves out that keys were written.
    #[must_use]
    pub fn without_puts(mut self) -> Self {
        self.no_puts = true;
        self
    }

    /// Leaves out that keys were deleted.
    #[must_use]
    pub fn without_deletes(mut self) -> Self {
        self.no_deletes = true;
        self
    }

    pub(super) fn request(&self, range: &KeyRange, id: i64, from: i64) -> pb::WatchCreateRequest {
        let mut filters = Vec::new();
        if self.no_puts {
            filters.push(FilterType::Noput.into());
        }
        if self.no_deletes {
            filters.push(FilterType::Nodelete.into());
        }
        pb::WatchCreateRequest {
            key: range.start().clone(),
            range_end: range.range_end().clone(),
            start_revision: from,
            progress_notify: true,
            filters,
            prev_kv: self.previous,
            watch_id: id,
            // Otherwise what a watch has to catch up with is one message, however long.
            fragment: true,
        }
    }
}
