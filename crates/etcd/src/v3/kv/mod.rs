//! Keys and their values: the service `KV`.

mod key_range;
mod key_value;
mod options;
mod pages;
mod range_stream;
mod resolve;
mod result;
mod txn;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;

use super::call::{Call, Effect, Operation, Rpc};
use super::client::Client;
use super::error::{Error, ErrorKind};
use super::header::Header;

pub use key_range::KeyRange;
pub use key_value::KeyValue;
pub(crate) use key_value::all as all_of;
pub use options::{DeleteOptions, PutOptions, RangeOptions, SortBy};
pub use pages::Pages;
pub use resolve::Resolved;
pub use result::{Deleted, Put, RangeResult};
pub use txn::{Comparison, Cond, Txn, TxnOp, TxnReply, TxnResult};

const RANGE: Rpc<pb::RangeRequest, pb::RangeResponse> = Rpc::read("/etcdserverpb.KV/Range");
const PUT: Rpc<pb::PutRequest, pb::PutResponse> = Rpc::write("/etcdserverpb.KV/Put");
const DELETE: Rpc<pb::DeleteRangeRequest, pb::DeleteRangeResponse> =
    Rpc::write("/etcdserverpb.KV/DeleteRange");
const TXN: Rpc<pb::TxnRequest, pb::TxnResponse> = Rpc::write("/etcdserverpb.KV/Txn");
const COMPACT: Rpc<pb::CompactionRequest, pb::CompactionResponse> =
    Rpc::idempotent("/etcdserverpb.KV/Compact");

/// Keys and their values. From [`Client::kv`]; clones are the same.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), quorate_etcd::v3::Error> {
/// use quorate_etcd::v3::{Cond, Txn, TxnOp};
///
/// let kv = client.kv();
/// kv.put("jobs/7", "ready").await?;
/// let job = kv.get("jobs/7").await?.expect("just written");
/// let take = Txn::new()
///     .when(Cond::mod_revision("jobs/7").is(job.mod_revision))
///     .then(TxnOp::put("jobs/7", "taken"));
/// assert!(kv.txn(&take).await?.succeeded);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Kv {
    client: Client,
}

impl Kv {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// A key with its value, as of now; `None` if it does not exist.
    ///
    /// `KV.Range`
    ///
    /// # Errors
    /// `PermissionDenied`, `Unavailable`, `Timeout`; `InvalidArgument` for an empty key.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<KeyValue>, Error> {
        let range = KeyRange::key(key);
        let found = self.range(&range, &RangeOptions::new()).await?;
        Ok(found.kvs.into_iter().next())
    }

    /// The keys of a range.
    ///
    /// `KV.Range`
    ///
    /// # Errors
    /// As [`get`](Self::get); `Compacted` or `FutureRevision` for a revision that is not there any
    /// more or not yet; `Protocol` if the answer is longer than
    /// [`Limits::max_response_bytes`](super::Limits).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn range(
        &self,
        range: &KeyRange,
        options: &RangeOptions,
    ) -> Result<RangeResult, Error> {
        let name = range.to_string();
        let operation = Operation::new("get", &name);
        check_key(operation, range.start())?;
        let mut call = Call::new(operation, &RANGE, &options.request(range));
        if options.serializable {
            call = call.of_a_member(None);
        }
        let response: pb::RangeResponse = self.client.send(&call).await?;
        Ok(response.into())
    }

    /// The keys of a range, some at a time, all as they are at one revision. Nothing is sent yet.
    ///
    /// `KV.Range`; `KV.RangeStream` for what comes after the first page, where servers have it
    #[must_use = "nothing is read unless it is polled"]
    pub fn pages(&self, range: KeyRange, options: RangeOptions) -> Pages {
        Pages::new(self.clone(), range, options)
    }

    /// How many keys a range has now.
    ///
    /// `KV.Range`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn count(&self, range: &KeyRange) -> Result<u64, Error> {
        let options = RangeOptions::new().count_only();
        Ok(self.range(range, &options).await?.count)
    }

    /// Writes a key, which goes with no lease then, whatever it did before.
    ///
    /// `KV.Put`
    ///
    /// # Errors
    /// `PermissionDenied`, `NoSpace`, `Unavailable`, `Timeout`; `InvalidArgument` for an empty key
    /// and for more than servers take; `Indeterminate` if the answer was lost:
    /// [`was_written`](Self::was_written) finds out.
    ///
    /// # Cancel safety
    /// It may be written or not.
    pub async fn put(&self, key: impl AsRef<[u8]>, value: impl Into<Bytes>) -> Result<Put, Error> {
        self.put_with(key, value, &PutOptions::new()).await
    }

    /// Writes a key.
    ///
    /// `KV.Put`
    ///
    /// # Errors
    /// As [`put`](Self::put); `NotFound` if there is no such lease; `InvalidArgument` if the lease
    /// is to be kept and the key does not exist.
    ///
    /// # Cancel safety
    /// It may be written or not.
    pub async fn put_with(
        &self,
        key: impl AsRef<[u8]>,
        value: impl Into<Bytes>,
        options: &PutOptions,
    ) -> Result<Put, Error> {
        self.write(key.as_ref(), Some(value.into()), options).await
    }

    /// Gives a key that exists another lease, or none, and leaves its value.
    ///
    /// `KV.Put` with `ignore_value`
    ///
    /// # Errors
    /// As [`put_with`](Self::put_with); `InvalidArgument` if the key does not exist.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn set_lease(
        &self,
        key: impl AsRef<[u8]>,
        options: &PutOptions,
    ) -> Result<Put, Error> {
        self.write(key.as_ref(), None, options).await
    }

    async fn write(
        &self,
        key: &[u8],
        value: Option<Bytes>,
        options: &PutOptions,
    ) -> Result<Put, Error> {
        let name = key.escape_ascii().to_string();
        let operation = Operation::new("put key", &name);
        check_key(operation, key)?;
        let request = options.request(Bytes::copy_from_slice(key), value);
        let response = self.client.ask(operation, &PUT, &request).await?;
        Ok(response.into())
    }

    /// Deletes a key. Tells whether it was there.
    ///
    /// `KV.DeleteRange`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// It may be deleted or not.
    pub async fn delete(&self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        let range = KeyRange::key(key);
        let deleted = self.delete_range(&range, &DeleteOptions::new()).await?;
        Ok(deleted.count > 0)
    }

    /// Deletes the keys of a range, all at one revision.
    ///
    /// `KV.DeleteRange`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// They may be deleted or not.
    pub async fn delete_range(
        &self,
        range: &KeyRange,
        options: &DeleteOptions,
    ) -> Result<Deleted, Error> {
        let name = range.to_string();
        let operation = Operation::new("delete", &name);
        check_key(operation, range.start())?;
        let request = options.request(range);
        let response = self.client.ask(operation, &DELETE, &request).await?;
        Ok(response.into())
    }

    /// Does one of two lists of operations, at one revision.
    ///
    /// If its answer is lost, it is repeated by itself if it writes nothing, and once if
    /// [`Txn::may_be_repeated`]: if its conditions hold then, the first did not happen. If they do
    /// not, it is `Indeterminate`: the first may have made it so, or somebody else.
    ///
    /// `KV.Txn`
    ///
    /// # Errors
    /// As [`put`](Self::put); `InvalidArgument` for more operations than servers take (128), and
    /// for a key that is written twice.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn txn(&self, txn: &Txn) -> Result<TxnResult, Error> {
        let operation = Operation::new("txn", "");
        let mut call = Call::new(operation, &TXN, &txn.request());
        if txn.is_read() {
            call = call.with_effect(Effect::Read);
        }
        let sent: Result<pb::TxnResponse, _> = self.client.send(&call).await;
        let response = match sent {
            Err(error) if error.kind() == ErrorKind::Indeterminate && txn.may_be_repeated() => {
                self.repeat(&call, error).await?
            }
            sent => sent?,
        };
        TxnResult::of(response)
            .ok_or_else(|| Error::protocol("txn", call.is_write(), "an operation has no answer"))
    }

    /// Sends a transaction again whose answer was lost. It tells what happened only if the
    /// conditions hold: then this did it, and the first did not.
    async fn repeat(&self, call: &Call<'_>, lost: Error) -> Result<pb::TxnResponse, Error> {
        match self.client.send::<pb::TxnResponse>(call).await {
            Ok(response) if response.succeeded => Ok(response),
            Ok(_) | Err(_) => Err(lost),
        }
    }

    /// Forgets what was before `revision`, which can be read still.
    ///
    /// With `physical`, it waits until the disk has forgotten too.
    ///
    /// `KV.Compact`
    ///
    /// # Errors
    /// `Compacted` if that was forgotten before, `FutureRevision`, and as [`put`](Self::put).
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn compact(&self, revision: i64, physical: bool) -> Result<Header, Error> {
        let name = revision.to_string();
        let operation = Operation::new("compact to", &name);
        let request = pb::CompactionRequest { revision, physical };
        let response = self.client.ask(operation, &COMPACT, &request).await?;
        Ok(response.header.into())
    }
}

fn check_key(operation: Operation<'_>, key: &[u8]) -> Result<(), Error> {
    if key.is_empty() {
        return Err(Error::invalid(operation.to_string(), "key: it is empty"));
    }
    Ok(())
}
