//! What reads and writes answer.

use quorate_etcd_proto::etcdserverpb as pb;

use super::{KeyValue, all_of};
use crate::v3::header::Header;

/// The keys of a range.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RangeResult {
    /// Who answered, and the revision of the store then.
    pub header: Header,
    /// The keys.
    pub kvs: Vec<KeyValue>,
    /// Whether there are more than the limit let through.
    pub more: bool,
    /// How many keys the range has, whatever limit and revisions left out.
    pub count: u64,
}

impl From<pb::RangeResponse> for RangeResult {
    fn from(response: pb::RangeResponse) -> Self {
        Self {
            header: response.header.into(),
            kvs: all_of(response.kvs),
            more: response.more,
            count: count(response.count),
        }
    }
}

/// A key was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Put {
    /// Who answered, and the revision of the write.
    pub header: Header,
    /// What was there before, if that was asked for.
    pub previous: Option<KeyValue>,
}

impl From<pb::PutResponse> for Put {
    fn from(response: pb::PutResponse) -> Self {
        Self {
            header: response.header.into(),
            previous: response.prev_kv.map(KeyValue::from),
        }
    }
}

/// Keys were deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// Who answered, and the revision of the deletion; that of the store if there was nothing.
    pub header: Header,
    /// How many keys were deleted.
    pub count: u64,
    /// What was there before, if that was asked for.
    pub previous: Vec<KeyValue>,
}

impl From<pb::DeleteRangeResponse> for Deleted {
    fn from(response: pb::DeleteRangeResponse) -> Self {
        Self {
            header: response.header.into(),
            count: count(response.deleted),
            previous: all_of(response.prev_kvs),
        }
    }
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
