//! Transactions: `/v1/txn`.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::txn::TxnAnswer;
use quorate_wire::consul::{Consistency, KvOp, KvVerb, TxnError, TxnOp, TxnResult, path, text};

use crate::answer::Answer;
use crate::call::{Call, Effect, Operation};
use crate::client::Client;
use crate::error::{Class, Error, ErrorKind};
use crate::options::QueryOptions;
use crate::reply::Reply;
use crate::url::Url;

const OPERATION: Operation<'static> = Operation::new("commit the transaction", "");

/// Several operations that happen together or not at all.
///
/// Operations run in order and see what those before them did. When one fails, nothing changes,
/// and every one that failed is reported. At most 64 operations, 512 KiB together, see
/// [`Limits`](crate::Limits). Keys that a path can't carry (`a//b`) work here.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{SessionRequest, TxnOutcome};
///
/// let session = client.session().create(&SessionRequest::new()).await?;
/// client.kv().acquire("jobs/lock", "me", &session).await?;
///
/// // Writes only while the session holds the lock.
/// let write = client
///     .txn()
///     .check_session("jobs/lock", &session)
///     .set("jobs/state", "running");
/// assert!(write.clone().commit().await?.is_committed());
///
/// client.session().destroy(&session).await?;
/// match write.commit().await? {
///     TxnOutcome::Committed(rows) => panic!("written without the lock: {rows:?}"),
///     TxnOutcome::RolledBack(errors) => assert_eq!(errors[0].op_index, 0),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a transaction does nothing until it is committed"]
pub struct Txn {
    client: Client,
    ops: Vec<TxnOp>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum TxnOutcome {
    /// All of it happened. The rows are in the order of the operations, but do not line up with
    /// them: deletes and `check_not_exists` have none, `get_tree` has any number, and reads that
    /// the token may not see are left out. Only reads show a value.
    Committed(Answer<Vec<TxnResult>>),
    /// None of it happened: these operations failed.
    RolledBack(Vec<TxnError>),
}

impl TxnOutcome {
    /// Whether it happened.
    #[must_use]
    pub fn is_committed(&self) -> bool {
        matches!(self, Self::Committed(_))
    }
}

impl Txn {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            ops: Vec::new(),
        }
    }

    /// Adds any operation, also one on a node, service or check of the catalog:
    /// [`NodeOp`](crate::NodeOp), [`ServiceOp`](crate::ServiceOp), [`CheckOp`](crate::CheckOp).
    pub fn op(mut self, op: impl Into<TxnOp>) -> Self {
        self.ops.push(op.into());
        self
    }

    /// Adds several operations.
    pub fn ops<O: Into<TxnOp>>(mut self, ops: impl IntoIterator<Item = O>) -> Self {
        self.ops.extend(ops.into_iter().map(Into::into));
        self
    }

    /// How many operations there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether there is no operation. Committing that does nothing, successfully.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// Writes a key; its flags become 0 (`set`).
    pub fn set(self, key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.op(KvOp::new(KvVerb::Set, key).with_value(value))
    }

    /// Writes a key and its flags (`set`).
    pub fn set_with_flags(
        self,
        key: impl Into<String>,
        value: impl Into<Bytes>,
        flags: u64,
    ) -> Self {
        self.op(KvOp::new(KvVerb::Set, key)
            .with_value(value)
            .with_flags(flags))
    }

    /// Writes a key if its ModifyIndex is `index`; 0 means that it must not exist (`cas`).
    pub fn cas(self, key: impl Into<String>, value: impl Into<Bytes>, index: u64) -> Self {
        self.op(KvOp::new(KvVerb::Cas, key)
            .with_value(value)
            .with_index(index))
    }

    /// Takes a key for a session and writes it (`lock`).
    pub fn lock(
        self,
        key: impl Into<String>,
        value: impl Into<Bytes>,
        session: impl Into<String>,
    ) -> Self {
        self.op(KvOp::new(KvVerb::Lock, key)
            .with_value(value)
            .with_session(session))
    }

    /// Gives a key back and writes it (`unlock`).
    pub fn unlock(
        self,
        key: impl Into<String>,
        value: impl Into<Bytes>,
        session: impl Into<String>,
    ) -> Self {
        self.op(KvOp::new(KvVerb::Unlock, key)
            .with_value(value)
            .with_session(session))
    }

    /// Reads a key; fails if there is none (`get`).
    pub fn get(self, key: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::Get, key))
    }

    /// Reads everything under a prefix; never fails (`get-tree`).
    pub fn get_tree(self, prefix: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::GetTree, prefix))
    }

    /// Fails unless the key's ModifyIndex is `index` (`check-index`).
    pub fn check_index(self, key: impl Into<String>, index: u64) -> Self {
        self.op(KvOp::new(KvVerb::CheckIndex, key).with_index(index))
    }

    /// Fails unless the session holds the key; an empty one means that nobody may (`check-session`).
    pub fn check_session(self, key: impl Into<String>, session: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::CheckSession, key).with_session(session))
    }

    /// Fails if the key exists (`check-not-exists`).
    pub fn check_not_exists(self, key: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::CheckNotExists, key))
    }

    /// Deletes a key; never fails (`delete`).
    pub fn delete(self, key: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::Delete, key))
    }

    /// Deletes everything under a prefix; **an empty one is everything** (`delete-tree`).
    pub fn delete_tree(self, prefix: impl Into<String>) -> Self {
        self.op(KvOp::new(KvVerb::DeleteTree, prefix))
    }

    /// Deletes a key if its ModifyIndex is `index` (`delete-cas`).
    pub fn delete_cas(self, key: impl Into<String>, index: u64) -> Self {
        self.op(KvOp::new(KvVerb::DeleteCas, key).with_index(index))
    }

    /// Runs the transaction.
    ///
    /// `PUT /v1/txn`
    ///
    /// # Errors
    /// `InvalidArgument` for too many operations or bytes; `PermissionDenied` when the token may
    /// not do one of them; `Indeterminate` when the answer was lost; else see [`ErrorKind`]. That
    /// an operation failed is no error: it is [`TxnOutcome::RolledBack`].
    ///
    /// # Cancel safety
    /// Dropping the future does not take back a transaction that was sent.
    pub async fn commit(self) -> Result<TxnOutcome, Error> {
        self.commit_with(&QueryOptions::default()).await
    }

    /// [`commit`](Self::commit) with a token, a timeout or a datacenter, and for transactions that
    /// only read, a consistency.
    ///
    /// # Errors
    /// As [`commit`](Self::commit); `InvalidArgument` for any other option.
    pub async fn commit_with(self, options: &QueryOptions) -> Result<TxnOutcome, Error> {
        let reads = self.ops.iter().all(is_read);
        check_options(options, reads)?;
        let body = self.body()?;
        let mut url = Url::new(path::TXN);
        url.query(options, self.client.datacenter());
        let wait = self.client.default_wait();
        let mut call = Call::read(OPERATION, url.into_string(), options, wait);
        call.method = Method::PUT;
        call.effect = if reads { Effect::Read } else { Effect::Write };
        call.listing = reads;
        call.body = body;
        outcome(self.client.execute(call).await?)
    }

    fn body(&self) -> Result<Bytes, Error> {
        let limits = self.client.limits();
        let invalid = |why: std::fmt::Arguments<'_>| Error::invalid(OPERATION.to_string(), why);
        if self.ops.len() > limits.max_txn_ops {
            let (ops, max) = (self.ops.len(), limits.max_txn_ops);
            return Err(invalid(format_args!(
                "operations: there are {ops}, {max} are allowed"
            )));
        }
        if let Some(at) = self.ops.iter().position(|op| *op == TxnOp::default()) {
            return Err(invalid(format_args!(
                "operations: number {at} has no content"
            )));
        }
        let body = serde_json::to_vec(&self.ops)
            .map_err(|error| invalid(format_args!("operations")).with_source(error))?;
        if body.len() > limits.max_txn_bytes {
            let (bytes, max) = (body.len(), limits.max_txn_bytes);
            return Err(invalid(format_args!(
                "body: it has {bytes} bytes, {max} are allowed"
            )));
        }
        Ok(body.into())
    }
}

fn is_read(op: &TxnOp) -> bool {
    let kv = op.kv.as_ref().map(|op| op.verb.is_read());
    let node = op.node.as_ref().map(|op| op.verb.is_read());
    let service = op.service.as_ref().map(|op| op.verb.is_read());
    let check = op.check.as_ref().map(|op| op.verb.is_read());
    let mut kinds = [kv, node, service, check].into_iter().flatten();
    kinds.all(|reads| reads)
}

/// Refuses what the endpoint would pass over in silence.
fn check_options(options: &QueryOptions, reads: bool) -> Result<(), Error> {
    let query = &options.query;
    let stale = query.consistency != Consistency::Default || query.max_stale.is_some();
    let field = match () {
        () if query.index.is_some() || query.wait.is_some() => "index and wait",
        () if query.cache.is_some() => "cache",
        () if query.near.is_some() => "near",
        () if !query.node_meta.is_empty() => "node_meta",
        () if query.filter.is_some() => "filter",
        () if stale && !reads => "consistency",
        () => return Ok(()),
    };
    let why = format_args!("{field}: has no meaning for this transaction");
    Err(Error::invalid(OPERATION.to_string(), why))
}

fn outcome(reply: Reply<'_>) -> Result<TxnOutcome, Error> {
    if reply.status != StatusCode::CONFLICT {
        let answer = reply.answer(|body| serde_json::from_slice::<TxnAnswer>(body))?;
        return Ok(TxnOutcome::Committed(
            answer.map(|body| body.results.unwrap_or_default()),
        ));
    }
    // 409 comes with a list of what failed; without one, it is something else's conflict.
    let body = serde_json::from_slice::<TxnAnswer>(&reply.body);
    let errors = body.ok().and_then(|body| body.errors).unwrap_or_default();
    if errors.is_empty() {
        return Err(reply.refused());
    }
    match errors
        .iter()
        .find(|error| error.what.contains(text::PERMISSION_DENIED))
    {
        Some(denied) => Err(Error::new(
            Class::refused(ErrorKind::PermissionDenied),
            reply.operation.to_string(),
        )
        .with_peer(Some(reply.peer))
        .with_status(reply.status.as_u16())
        .with_detail(denied)),
        None => Ok(TxnOutcome::RolledBack(errors)),
    }
}

#[cfg(test)]
mod tests {
    use quorate_wire::consul::{CatalogVerb, Node, NodeOp};

    use super::*;

    fn txn() -> Txn {
        Client::new("127.0.0.1:1").unwrap().txn()
    }

    #[tokio::test]
    async fn too_many_operations_are_refused_with_the_limit() {
        let ops = |count| (0..count).map(|n| KvOp::new(KvVerb::Get, format!("k{n}")));
        assert!(txn().ops(ops(64)).body().is_ok());
        let error = txn().ops(ops(65)).commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(
            error.to_string().contains("there are 65, 64 are allowed"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_refused_with_the_limit() {
        let error = txn()
            .set("a", vec![0; 400 * 1024])
            .commit()
            .await
            .unwrap_err();
        assert!(error.to_string().contains("524288 are allowed"), "{error}");
    }

    #[tokio::test]
    async fn an_operation_without_content_is_refused_and_not_passed_over() {
        let error = txn()
            .get("a")
            .op(TxnOp::default())
            .commit()
            .await
            .unwrap_err();
        assert!(
            error.to_string().contains("number 1 has no content"),
            "{error}"
        );
    }

    #[test]
    fn options_without_meaning_are_refused_and_named() {
        let options = QueryOptions::new().with_filter("x");
        assert!(
            check_options(&options, true)
                .unwrap_err()
                .to_string()
                .contains("filter")
        );
        let stale = QueryOptions::new().with_consistency(Consistency::Stale);
        assert!(check_options(&stale, true).is_ok());
        assert!(
            check_options(&stale, false)
                .unwrap_err()
                .to_string()
                .contains("consistency")
        );
    }

    #[test]
    fn only_a_transaction_of_reads_is_a_read() {
        let reads = |txn: Txn| txn.ops.iter().all(is_read);
        assert!(reads(
            txn()
                .get("a")
                .get_tree("b")
                .check_index("c", 1)
                .check_not_exists("d")
        ));
        assert!(!reads(txn().get("a").set("b", "")));
        let node = |verb| NodeOp::new(verb, Node::default());
        assert!(reads(txn().get("a").op(node(CatalogVerb::Get))));
        assert!(!reads(txn().op(node(CatalogVerb::Delete))));
        let mut both = TxnOp::from(KvOp::new(KvVerb::Get, "a"));
        both.node = Some(node(CatalogVerb::Set));
        assert!(!is_read(&both));
    }
}
