//! Several operations at one revision, if conditions hold.

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use quorate_etcd_proto::etcdserverpb::request_op::Request;
use quorate_etcd_proto::etcdserverpb::response_op::Response;
use quorate_etcd_proto::prost::Message as _;

use super::{DeleteOptions, Deleted, KeyRange, Put, PutOptions, RangeOptions, RangeResult};
use crate::v3::header::Header;
use crate::v3::lease::LeaseId;

/// If all conditions hold, the first list of operations is done, and otherwise the second: at one
/// revision, and nothing in between. Without a condition the first is.
///
/// ```
/// use quorate_etcd::v3::{Cond, KeyRange, Txn, TxnOp};
///
/// let change = Txn::new()
///     .when(Cond::mod_revision("leader").is(7))
///     .then(TxnOp::put("leader", "me"))
///     .otherwise(TxnOp::get(KeyRange::key("leader")));
/// assert!(change.may_be_repeated());
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Txn {
    request: pb::TxnRequest,
}

impl Txn {
    /// One without conditions and operations.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition: all have to hold.
    #[must_use]
    pub fn when(mut self, condition: Cond) -> Self {
        self.request.compare.push(condition.0);
        self
    }

    /// Adds an operation to what is done if the conditions hold.
    #[must_use]
    pub fn then(mut self, operation: TxnOp) -> Self {
        self.request.success.push(operation.0);
        self
    }

    /// Adds an operation to what is done if they do not.
    #[must_use]
    pub fn otherwise(mut self, operation: TxnOp) -> Self {
        self.request.failure.push(operation.0);
        self
    }

    /// Whether it can do no harm to send it again after its answer was lost: it writes only if its
    /// conditions hold, and one of them, that a key has a certain revision, never holds again once
    /// it did, because that key is written. If the second finds that they do not hold, either the
    /// first happened or somebody else was faster: what the key has now tells.
    ///
    /// That a key is missing is no such condition, nor are its version and its value: somebody may
    /// have deleted what the first made before the second comes.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        let writes = |ops: &[pb::RequestOp]| ops.iter().any(|op| !is_read(op));
        !writes(&self.request.failure)
            && (!writes(&self.request.success)
                || self.request.compare.iter().any(|c| self.spoils(c)))
    }

    /// Whether a condition is about a revision that its key never has again if it holds, because
    /// then that key is written. Revisions are not used twice.
    fn spoils(&self, compare: &pb::Compare) -> bool {
        let (put, delete) = match compare.target_union {
            Some(TargetUnion::ModRevision(revision)) => (revision > 0, revision > 0),
            // A put does not change when the key was made.
            Some(TargetUnion::CreateRevision(revision)) => (false, revision > 0),
            _ => (false, false),
        };
        let written = |op: &pb::RequestOp| match &op.request {
            Some(Request::RequestPut(request)) => put && request.key == compare.key,
            Some(Request::RequestDeleteRange(request)) => {
                delete && request.key == compare.key && request.range_end.is_empty()
            }
            _ => false,
        };
        let equal = compare.result() == CompareResult::Equal && compare.range_end.is_empty();
        equal && self.request.success.iter().any(written)
    }

    /// Its size as it is sent, in bytes. Servers take no request of more than 1.5 MiB unless they are
    /// told otherwise, with what they add to it themselves: some 30 bytes and the user's name.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.request.encoded_len()
    }

    /// Whether it writes nothing, whatever holds.
    pub(crate) fn is_read(&self) -> bool {
        let mut all = self.request.success.iter().chain(&self.request.failure);
        all.all(is_read)
    }

    pub(crate) fn request(&self) -> pb::TxnRequest {
        self.request.clone()
    }
}

fn is_read(op: &pb::RequestOp) -> bool {
    match &op.request {
        Some(Request::RequestRange(_)) | None => true,
        Some(Request::RequestTxn(txn)) => txn.success.iter().chain(&txn.failure).all(is_read),
        Some(Request::RequestPut(_) | Request::RequestDeleteRange(_)) => false,
    }
}

/// One operation of a [`Txn`].
#[derive(Clone, Debug, PartialEq)]
pub struct TxnOp(pb::RequestOp);

impl TxnOp {
    fn new(request: Request) -> Self {
        Self(pb::RequestOp {
            request: Some(request),
        })
    }

    /// Reads a range. It sees what the operations before it wrote.
    #[must_use]
    pub fn get(range: KeyRange) -> Self {
        Self::get_with(range, &RangeOptions::new())
    }

    /// Reads a range.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as the others of its kind")]
    pub fn get_with(range: KeyRange, options: &RangeOptions) -> Self {
        Self::new(Request::RequestRange(options.request(&range)))
    }

    /// Writes a key.
    pub fn put(key: impl AsRef<[u8]>, value: impl Into<Bytes>) -> Self {
        Self::put_with(key, value, &PutOptions::new())
    }

    /// Writes a key.
    pub fn put_with(key: impl AsRef<[u8]>, value: impl Into<Bytes>, options: &PutOptions) -> Self {
        let key = Bytes::copy_from_slice(key.as_ref());
        Self::new(Request::RequestPut(
            options.request(key, Some(value.into())),
        ))
    }

    /// Deletes a range.
    #[must_use]
    pub fn delete(range: KeyRange) -> Self {
        Self::delete_with(range, &DeleteOptions::new())
    }

    /// Deletes a range.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "as the others of its kind")]
    pub fn delete_with(range: KeyRange, options: &DeleteOptions) -> Self {
        Self::new(Request::RequestDeleteRange(options.request(&range)))
    }

    /// Decides again. Its conditions look at the store as it was before the whole began.
    #[must_use]
    pub fn txn(txn: Txn) -> Self {
        Self::new(Request::RequestTxn(txn.request))
    }
}

/// A condition of a [`Txn`]. A key that does not exist has version, revisions and lease 0; no
/// condition on its value holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Cond(pb::Compare);

impl Cond {
    /// The key does not exist.
    pub fn missing(key: impl AsRef<[u8]>) -> Self {
        Self::create_revision(key).is(0)
    }

    /// The key exists.
    pub fn exists(key: impl AsRef<[u8]>) -> Self {
        Self::create_revision(key).above(0)
    }

    /// The revision at which the key was made …
    pub fn create_revision(key: impl AsRef<[u8]>) -> Comparison<i64> {
        Comparison::new(
            key.as_ref(),
            CompareTarget::Create,
            TargetUnion::CreateRevision,
        )
    }

    /// The revision at which the key was changed last …
    pub fn mod_revision(key: impl AsRef<[u8]>) -> Comparison<i64> {
        Comparison::new(key.as_ref(), CompareTarget::Mod, TargetUnion::ModRevision)
    }

    /// How often the key was written since it was made …
    pub fn version(key: impl AsRef<[u8]>) -> Comparison<i64> {
        Comparison::new(key.as_ref(), CompareTarget::Version, TargetUnion::Version)
    }

    /// The value of the key …
    pub fn value(key: impl AsRef<[u8]>) -> Comparison<Bytes> {
        Comparison::new(key.as_ref(), CompareTarget::Value, TargetUnion::Value)
    }

    /// The lease that the key goes with …
    pub fn lease(key: impl AsRef<[u8]>) -> Comparison<LeaseId> {
        Comparison::new(key.as_ref(), CompareTarget::Lease, |id: LeaseId| {
            TargetUnion::Lease(id.number())
        })
    }

    /// The same of each key of a range. One without keys counts as one key that does not exist.
    #[must_use]
    pub fn of_each(mut self, range: &KeyRange) -> Self {
        self.0.key = range.start().clone();
        self.0.range_end = range.range_end().clone();
        self
    }
}

/// The left side of a condition: [`Cond`] begins it, and one of these ends it.
#[derive(Clone, Debug)]
#[must_use = "a comparison without its right side is no condition"]
pub struct Comparison<T> {
    compare: pb::Compare,
    target: fn(T) -> TargetUnion,
}

impl<T> Comparison<T> {
    fn new(key: &[u8], target: CompareTarget, union: fn(T) -> TargetUnion) -> Self {
        Self {
            compare: pb::Compare {
                target: target.into(),
                key: Bytes::copy_from_slice(key),
                ..pb::Compare::default()
            },
            target: union,
        }
    }

    fn ends(mut self, result: CompareResult, right: T) -> Cond {
        self.compare.result = result.into();
        self.compare.target_union = Some((self.target)(right));
        Cond(self.compare)
    }

    /// … equals this.
    pub fn is(self, right: impl Into<T>) -> Cond {
        self.ends(CompareResult::Equal, right.into())
    }

    /// … differs from this.
    pub fn is_not(self, right: impl Into<T>) -> Cond {
        self.ends(CompareResult::NotEqual, right.into())
    }

    /// … is greater than this.
    pub fn above(self, right: impl Into<T>) -> Cond {
        self.ends(CompareResult::Greater, right.into())
    }

    /// … is less than this.
    pub fn below(self, right: impl Into<T>) -> Cond {
        self.ends(CompareResult::Less, right.into())
    }
}

/// What a [`Txn`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TxnResult {
    /// Who answered, and the revision of it.
    pub header: Header,
    /// Whether the conditions held.
    pub succeeded: bool,
    /// The answers to the operations that were done, in their order.
    pub replies: Vec<TxnReply>,
}

/// The answer to one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TxnReply {
    /// Of a range that was read.
    Range(RangeResult),
    /// Of a key that was written.
    Put(Put),
    /// Of a range that was deleted.
    Deleted(Deleted),
    /// Of a decision within.
    Txn(TxnResult),
}

impl TxnResult {
    /// `None` if an operation has no answer.
    pub(super) fn of(response: pb::TxnResponse) -> Option<Self> {
        let replies = response.responses.into_iter().map(reply);
        Some(Self {
            header: response.header.into(),
            succeeded: response.succeeded,
            replies: replies.collect::<Option<_>>()?,
        })
    }

    /// What the operation at `at` read, if it read a range.
    #[must_use]
    pub fn range(&self, at: usize) -> Option<&RangeResult> {
        match self.replies.get(at)? {
            TxnReply::Range(range) => Some(range),
            TxnReply::Put(_) | TxnReply::Deleted(_) | TxnReply::Txn(_) => None,
        }
    }
}

fn reply(op: pb::ResponseOp) -> Option<TxnReply> {
    Some(match op.response? {
        Response::ResponseRange(range) => TxnReply::Range(range.into()),
        Response::ResponsePut(put) => TxnReply::Put(put.into()),
        Response::ResponseDeleteRange(deleted) => TxnReply::Deleted(deleted.into()),
        Response::ResponseTxn(txn) => TxnReply::Txn(TxnResult::of(txn)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_writes_nothing_is_a_read() {
        let get = || TxnOp::get(KeyRange::key("a"));
        assert!(Txn::new().is_read());
        assert!(
            Txn::new()
                .then(TxnOp::txn(Txn::new().then(get())))
                .is_read()
        );
        assert!(
            !Txn::new()
                .then(get())
                .otherwise(TxnOp::put("a", "1"))
                .is_read()
        );
        let nested = Txn::new().otherwise(TxnOp::delete(KeyRange::key("a")));
        assert!(!Txn::new().then(TxnOp::txn(nested)).is_read());
    }

    #[test]
    fn a_replay_shows_only_where_a_condition_never_holds_again() {
        let (put, delete) = (
            || TxnOp::put("a", "1"),
            || TxnOp::delete(KeyRange::key("a")),
        );
        let repeats = |condition: Cond, operation| {
            let txn = Txn::new().when(condition).then(operation);
            txn.may_be_repeated()
        };
        assert!(repeats(Cond::mod_revision("a").is(7), put()));
        assert!(repeats(Cond::mod_revision("a").is(7), delete()));
        assert!(repeats(Cond::create_revision("a").is(7), delete()));
        // The key may have been deleted since, and be missing again.
        assert!(!repeats(Cond::missing("a"), put()));
        assert!(!repeats(Cond::mod_revision("a").is(0), put()));
        assert!(!repeats(Cond::version("a").is(0), put()));
        // Or been made anew, with the same number of writes or the same value.
        assert!(!repeats(Cond::version("a").is(1), delete()));
        assert!(!repeats(Cond::value("a").is("0"), put()));
        // A put leaves the revision of the making as the condition has it.
        assert!(!repeats(Cond::create_revision("a").is(7), put()));
        // Another key is written, or others too, or without a condition.
        assert!(!repeats(Cond::mod_revision("b").is(7), put()));
        let several = Cond::mod_revision("a")
            .is(7)
            .of_each(&KeyRange::prefix("a"));
        assert!(!repeats(several, put()));
        assert!(!Txn::new().then(put()).may_be_repeated());
        let known = || Txn::new().when(Cond::mod_revision("a").is(7)).then(put());
        assert!(!known().otherwise(put()).may_be_repeated());
    }

    #[test]
    fn conditions_are_encoded_as_servers_read_them() {
        let Cond(compare) = Cond::value("k").is_not("v");
        assert_eq!(compare.result(), CompareResult::NotEqual);
        assert_eq!(compare.target(), CompareTarget::Value);
        assert_eq!(compare.target_union, Some(TargetUnion::Value("v".into())));
        let Cond(compare) = Cond::version("k").above(1).of_each(&KeyRange::prefix("p"));
        assert_eq!((&*compare.key, &*compare.range_end), (&b"p"[..], &b"q"[..]));
        assert_eq!(compare.target_union, Some(TargetUnion::Version(1)));
    }
}
