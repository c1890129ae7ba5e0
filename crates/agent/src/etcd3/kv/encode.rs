//! Answers as etcd gives them.

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb::response_op::Response;
use quorate_etcd_proto::etcdserverpb::{
    DeleteRangeResponse, PutResponse, RangeResponse, ResponseHeader, ResponseOp, TxnResponse,
};
use quorate_etcd_proto::mvccpb;

use crate::engine::etcd3::{Deleted, KeyValue, OpReply, PutDone, Ranged, TxnDone, WatchEvent};

pub(in crate::etcd3) fn key_value(kv: &KeyValue) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: kv.key.clone(),
        create_revision: kv.create_revision,
        mod_revision: kv.mod_revision,
        version: kv.version,
        value: kv.value.clone(),
        lease: kv.lease,
    }
}

pub(in crate::etcd3) fn event(event: &WatchEvent) -> mvccpb::Event {
    let kind = if event.event.is_put() {
        mvccpb::event::EventType::Put
    } else {
        mvccpb::event::EventType::Delete
    };
    mvccpb::Event {
        r#type: kind.into(),
        kv: Some(key_value(&event.event.kv)),
        prev_kv: event.prev.as_deref().map(key_value),
    }
}

pub(super) fn range(ranged: &Ranged, header: ResponseHeader) -> RangeResponse {
    let kvs = ranged.kvs.iter().map(|kv| {
        let mut kv = key_value(kv);
        if ranged.keys_only {
            kv.value = Bytes::new();
        }
        kv
    });
    RangeResponse {
        header: Some(header),
        kvs: kvs.collect(),
        more: ranged.more,
        count: ranged.count,
    }
}

pub(super) fn put(done: &PutDone, header: ResponseHeader) -> PutResponse {
    PutResponse {
        header: Some(header),
        prev_kv: done.prev.as_deref().map(key_value),
    }
}

pub(super) fn delete(deleted: &Deleted, header: ResponseHeader) -> DeleteRangeResponse {
    DeleteRangeResponse {
        header: Some(header),
        deleted: deleted.deleted,
        prev_kvs: deleted.prev.iter().map(|kv| key_value(kv)).collect(),
    }
}

/// The headers of what is within a transaction have the revision and nothing else.
pub(super) fn txn(done: &TxnDone, header: &impl Fn(i64) -> ResponseHeader) -> TxnResponse {
    TxnResponse {
        header: Some(header(done.revision)),
        succeeded: done.succeeded,
        responses: done.replies.iter().map(op).collect(),
    }
}

fn op(reply: &OpReply) -> ResponseOp {
    let header = |revision| ResponseHeader {
        revision,
        ..ResponseHeader::default()
    };
    let response = match reply {
        OpReply::Range(ranged) => Response::ResponseRange(range(ranged, header(ranged.revision))),
        OpReply::Put(done) => Response::ResponsePut(put(done, header(done.revision))),
        OpReply::Delete(deleted) => {
            Response::ResponseDeleteRange(delete(deleted, header(deleted.revision)))
        }
        OpReply::Txn(done) => Response::ResponseTxn(txn(done, &header)),
    };
    ResponseOp {
        response: Some(response),
    }
}
