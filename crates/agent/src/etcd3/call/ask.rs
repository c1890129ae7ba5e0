//! The calls that a connection answers itself.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use http::{Extensions, HeaderMap};
use quorate_etcd_proto::etcdserverpb::kv_server::Kv as _;
use quorate_etcd_proto::etcdserverpb::lease_server::Lease as _;
use quorate_etcd_proto::etcdserverpb::request_op::Request as Op;
use quorate_etcd_proto::etcdserverpb::{
    DeleteRangeRequest, LeaseGrantRequest, LeaseRevokeRequest, PutRequest, RangeRequest, RequestOp,
    TxnRequest,
};
use quorate_etcd_proto::prost::Message;
use quorate_etcd_proto::tonic::metadata::MetadataMap;
use quorate_etcd_proto::tonic::{Request, Response, Status};

use super::super::front::Front;
use super::super::kv::Kv;
use super::super::lease::Lease;
use super::body::PREFIX_BYTES;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Range,
    Put,
    Delete,
    Txn,
    Grant,
    Revoke,
}

/// The same with its message.
pub(super) enum Ask {
    Range(RangeRequest),
    Put(PutRequest),
    Delete(DeleteRangeRequest),
    Txn(TxnRequest),
    Grant(LeaseGrantRequest),
    Revoke(LeaseRevokeRequest),
}

impl Kind {
    /// Which one a path stands for, if any.
    pub(super) fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/etcdserverpb.KV/Range" => Self::Range,
            "/etcdserverpb.KV/Put" => Self::Put,
            "/etcdserverpb.KV/DeleteRange" => Self::Delete,
            "/etcdserverpb.KV/Txn" => Self::Txn,
            "/etcdserverpb.Lease/LeaseGrant" => Self::Grant,
            "/etcdserverpb.Lease/LeaseRevoke" => Self::Revoke,
            _ => return None,
        })
    }

    pub(super) fn decode(self, message: Bytes) -> Result<Ask, Status> {
        let ask = match self {
            Self::Range => RangeRequest::decode(message).map(Ask::Range),
            Self::Put => PutRequest::decode(message).map(Ask::Put),
            Self::Delete => DeleteRangeRequest::decode(message).map(Ask::Delete),
            Self::Txn => TxnRequest::decode(message).map(Ask::Txn),
            Self::Grant => LeaseGrantRequest::decode(message).map(Ask::Grant),
            Self::Revoke => LeaseRevokeRequest::decode(message).map(Ask::Revoke),
        };
        ask.map_err(|error| Status::internal(error.to_string()))
    }
}

impl Ask {
    /// Whether the answer may take so long that the connection's other calls should not wait.
    pub(super) fn may_take_long(&self) -> bool {
        match self {
            Self::Range(range) => reads_many(range),
            Self::Txn(txn) => {
                let mut ops = txn.success.iter().chain(&txn.failure);
                // Comparing a whole range is reading it.
                ops.any(op_may_take_long) || txn.compare.iter().any(|it| !it.range_end.is_empty())
            }
            Self::Put(_) | Self::Delete(_) | Self::Grant(_) | Self::Revoke(_) => false,
        }
    }

    /// The answer, framed.
    pub(super) async fn answer(self, front: Arc<Front>, head: HeaderMap) -> Result<Bytes, Status> {
        match self {
            Self::Range(it) => framed(Kv(front).range(with(head, it)).await?),
            Self::Put(it) => framed(Kv(front).put(with(head, it)).await?),
            Self::Delete(it) => framed(Kv(front).delete_range(with(head, it)).await?),
            Self::Txn(it) => framed(Kv(front).txn(with(head, it)).await?),
            Self::Grant(it) => framed(Lease(front).lease_grant(with(head, it)).await?),
            Self::Revoke(it) => framed(Lease(front).lease_revoke(with(head, it)).await?),
        }
    }
}

fn reads_many(range: &RangeRequest) -> bool {
    !range.range_end.is_empty()
}

fn op_may_take_long(op: &RequestOp) -> bool {
    match &op.request {
        Some(Op::RequestRange(range)) => reads_many(range),
        Some(Op::RequestTxn(_)) => true,
        Some(Op::RequestPut(_) | Op::RequestDeleteRange(_)) | None => false,
    }
}

fn with<M>(head: HeaderMap, message: M) -> Request<M> {
    Request::from_parts(MetadataMap::from_headers(head), Extensions::new(), message)
}

/// A message as gRPC frames it.
fn framed<M: Message>(response: Response<M>) -> Result<Bytes, Status> {
    let message = response.into_inner();
    let length = message.encoded_len();
    let prefix = u32::try_from(length);
    let prefix = prefix.map_err(|_| Status::resource_exhausted("the answer is too large"))?;
    let mut frame = BytesMut::with_capacity(PREFIX_BYTES + length);
    frame.put_u8(0);
    frame.put_u32(prefix);
    message.encode_raw(&mut frame);
    Ok(frame.freeze())
}
