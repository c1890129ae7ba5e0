//! Requests as the engine takes them. What is kept is copied: bytes of a message keep all of it.

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb::compare::{CompareResult, CompareTarget, TargetUnion};
use quorate_etcd_proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use quorate_etcd_proto::etcdserverpb::request_op::Request;
use quorate_etcd_proto::etcdserverpb::{
    Compare as CompareRequest, DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest,
};

use crate::engine::etcd3::{
    Compare, Comparison, DeleteRange, KeyRange, Order, Put, Range, SortBy, Target, Txn, TxnOp,
};

pub(super) fn range(request: RangeRequest) -> Range {
    let order = match SortOrder::try_from(request.sort_order) {
        Ok(SortOrder::None) => Order::None,
        Ok(SortOrder::Ascend) => Order::Ascending,
        Ok(SortOrder::Descend) => Order::Descending,
        Err(_) => Order::Unknown,
    };
    let sort_by = match SortTarget::try_from(request.sort_target) {
        Ok(SortTarget::Key) => SortBy::Key,
        Ok(SortTarget::Version) => SortBy::Version,
        Ok(SortTarget::Create) => SortBy::Create,
        Ok(SortTarget::Mod) => SortBy::Mod,
        Ok(SortTarget::Value) => SortBy::Value,
        Err(_) => SortBy::Unknown,
    };
    Range {
        range: KeyRange::new(request.key, request.range_end),
        limit: request.limit,
        revision: request.revision,
        order,
        sort_by,
        keys_only: request.keys_only,
        count_only: request.count_only,
        min_mod_revision: request.min_mod_revision,
        max_mod_revision: request.max_mod_revision,
        min_create_revision: request.min_create_revision,
        max_create_revision: request.max_create_revision,
    }
}

pub(super) fn put(request: &PutRequest) -> Put {
    let mut key = Bytes::from([&request.key[..], &request.value[..]].concat());
    let value = key.split_off(request.key.len());
    Put {
        key,
        value,
        lease: request.lease,
        prev_kv: request.prev_kv,
        ignore_value: request.ignore_value,
        ignore_lease: request.ignore_lease,
    }
}

pub(super) fn delete(request: DeleteRangeRequest) -> DeleteRange {
    DeleteRange {
        range: KeyRange::new(request.key, request.range_end),
        prev_kv: request.prev_kv,
    }
}

pub(super) fn txn(request: TxnRequest) -> Txn {
    let ops = |ops: Vec<RequestOp>| ops.into_iter().map(op).collect();
    Txn {
        compare: request.compare.into_iter().map(compare).collect(),
        success: ops(request.success),
        failure: ops(request.failure),
    }
}

fn op(op: RequestOp) -> TxnOp {
    match op.request {
        Some(Request::RequestRange(request)) => TxnOp::Range(range(request)),
        Some(Request::RequestPut(request)) => TxnOp::Put(put(&request)),
        Some(Request::RequestDeleteRange(request)) => TxnOp::Delete(delete(request)),
        Some(Request::RequestTxn(request)) => TxnOp::Txn(txn(request)),
        None => TxnOp::Nothing,
    }
}

fn compare(request: CompareRequest) -> Compare {
    let result = match CompareResult::try_from(request.result) {
        Ok(CompareResult::Equal) => Comparison::Equal,
        Ok(CompareResult::Greater) => Comparison::Greater,
        Ok(CompareResult::Less) => Comparison::Less,
        Ok(CompareResult::NotEqual) => Comparison::NotEqual,
        Err(_) => Comparison::Unknown,
    };
    Compare {
        range: KeyRange::new(request.key, request.range_end),
        target: target(request.target, request.target_union),
        result,
    }
}

/// A value for something else than what is compared is none, which is 0 or empty.
fn target(target: i32, union: Option<TargetUnion>) -> Target {
    use TargetUnion as U;
    match (CompareTarget::try_from(target), union) {
        (Ok(CompareTarget::Version), Some(U::Version(number))) => Target::Version(number),
        (Ok(CompareTarget::Version), _) => Target::Version(0),
        (Ok(CompareTarget::Create), Some(U::CreateRevision(number))) => Target::Create(number),
        (Ok(CompareTarget::Create), _) => Target::Create(0),
        (Ok(CompareTarget::Mod), Some(U::ModRevision(number))) => Target::Mod(number),
        (Ok(CompareTarget::Mod), _) => Target::Mod(0),
        (Ok(CompareTarget::Value), Some(U::Value(value))) => Target::Value(value),
        (Ok(CompareTarget::Value), _) => Target::Value(Bytes::new()),
        (Ok(CompareTarget::Lease), Some(U::Lease(number))) => Target::Lease(number),
        (Ok(CompareTarget::Lease), _) => Target::Lease(0),
        (Err(_), _) => Target::Unknown,
    }
}
