//! Transactions as lines: `txn version a = 0, value b > x ? put a 1 ; get b : ( ? del b : )`.

use anyhow::bail;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use quorate_etcd_proto::etcdserverpb::request_op::Request;

use super::kv::{delete, put, range};
use super::words::Words;

/// A transaction up to its end or a closing parenthesis.
pub(super) fn txn(words: &mut Words<'_>) -> anyhow::Result<pb::TxnRequest> {
    let mut txn = pb::TxnRequest::default();
    while !words.takes("?") {
        txn.compare.push(compare(words)?);
        words.takes(",");
    }
    txn.success = operations(words)?;
    if words.takes(":") {
        txn.failure = operations(words)?;
    }
    Ok(txn)
}

fn compare(words: &mut Words<'_>) -> anyhow::Result<pb::Compare> {
    let target = words.next()?;
    let (key, range_end) = words.range()?;
    let result = match words.next()? {
        "=" => CompareResult::Equal,
        "!=" => CompareResult::NotEqual,
        "<" => CompareResult::Less,
        ">" => CompareResult::Greater,
        other => bail!("{other} compares nothing"),
    };
    let (target, union) = match target {
        "version" => (
            CompareTarget::Version,
            TargetUnion::Version(words.number()?),
        ),
        "create" => (
            CompareTarget::Create,
            TargetUnion::CreateRevision(words.revision()?),
        ),
        "mod" => (
            CompareTarget::Mod,
            TargetUnion::ModRevision(words.revision()?),
        ),
        "value" => (CompareTarget::Value, TargetUnion::Value(words.value()?)),
        "lease" => (CompareTarget::Lease, TargetUnion::Lease(words.lease()?)),
        other => bail!("nothing has a {other}"),
    };
    Ok(pb::Compare {
        result: result.into(),
        target: target.into(),
        key,
        range_end,
        target_union: Some(union),
    })
}

fn operations(words: &mut Words<'_>) -> anyhow::Result<Vec<pb::RequestOp>> {
    let mut operations = Vec::new();
    loop {
        let request = if words.takes("put") {
            Some(Request::RequestPut(put(words)?))
        } else if words.takes("get") {
            Some(Request::RequestRange(range(words)?))
        } else if words.takes("del") {
            Some(Request::RequestDeleteRange(delete(words)?))
        } else if words.takes("(") {
            let inner = txn(words)?;
            anyhow::ensure!(words.takes(")"), "a transaction has no end");
            Some(Request::RequestTxn(inner))
        } else if words.takes("nothing") {
            None
        } else {
            return Ok(operations);
        };
        operations.push(pb::RequestOp { request });
        words.takes(";");
    }
}
