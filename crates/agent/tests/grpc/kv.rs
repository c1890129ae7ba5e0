use quorate_agent::AgentConfig;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::request_op::Request as Op;
use quorate_etcd_proto::etcdserverpb::response_op::Response as OpReply;
use quorate_etcd_proto::tonic::Code;

use super::{Channel, agent, get, put, start, told};

fn op(op: Op) -> pb::RequestOp {
    pb::RequestOp { request: Some(op) }
}

fn txn(success: Vec<pb::RequestOp>) -> pb::TxnRequest {
    pb::TxnRequest {
        success,
        ..pb::TxnRequest::default()
    }
}

#[tokio::test]
async fn what_is_written_is_read_with_its_revisions() {
    let agent = agent().await;
    let mut kv = Channel::of(&agent).await.kv();
    let header = kv
        .put(put("a", "1"))
        .await
        .unwrap()
        .into_inner()
        .header
        .unwrap();
    assert_eq!((header.revision, header.raft_term), (2, 2));
    assert!(header.cluster_id != 0 && header.member_id != 0);
    let again = pb::PutRequest {
        prev_kv: true,
        ..put("a", "2")
    };
    let prev = kv.put(again).await.unwrap().into_inner().prev_kv.unwrap();
    assert_eq!(prev.value, "1");
    let read = kv.range(get("a")).await.unwrap().into_inner();
    assert_eq!(
        read.header.unwrap(),
        pb::ResponseHeader {
            revision: 3,
            ..header
        }
    );
    let seen = &read.kvs[0];
    assert_eq!(
        (seen.create_revision, seen.mod_revision, seen.version),
        (2, 3, 2)
    );
    let keys = pb::RangeRequest {
        keys_only: true,
        ..get("a")
    };
    assert_eq!(kv.range(keys).await.unwrap().into_inner().kvs[0].value, "");
    let delete = pb::DeleteRangeRequest {
        key: "a".into(),
        range_end: "\0".into(),
        prev_kv: true,
    };
    let deleted = kv.delete_range(delete).await.unwrap().into_inner();
    assert_eq!((deleted.deleted, deleted.prev_kvs.len()), (1, 1));
    agent.shutdown().await;
}

#[tokio::test]
async fn within_a_transaction_headers_have_the_revision_alone() {
    let agent = agent().await;
    let mut kv = Channel::of(&agent).await.kv();
    let ops = vec![
        op(Op::RequestPut(put("a", "1"))),
        op(Op::RequestRange(get("a"))),
        op(Op::RequestTxn(txn(vec![op(Op::RequestPut(put("b", "1")))]))),
    ];
    let done = kv.txn(txn(ops)).await.unwrap().into_inner();
    assert!(done.succeeded && done.header.unwrap().cluster_id != 0);
    let headers = done
        .responses
        .into_iter()
        .map(|reply| match reply.response.unwrap() {
            OpReply::ResponsePut(put) => put.header.unwrap(),
            OpReply::ResponseRange(range) => range.header.unwrap(),
            OpReply::ResponseTxn(txn) => txn.header.unwrap(),
            OpReply::ResponseDeleteRange(delete) => delete.header.unwrap(),
        });
    let only = |revision| pb::ResponseHeader {
        revision,
        ..pb::ResponseHeader::default()
    };
    assert_eq!(headers.collect::<Vec<_>>(), [only(2), only(2), only(0)]);
    agent.shutdown().await;
}

#[tokio::test]
async fn what_is_refused_is_told_in_the_words_of_etcd() {
    let agent = agent().await;
    let mut kv = Channel::of(&agent).await.kv();
    let (invalid, range) = (Code::InvalidArgument, Code::OutOfRange);
    let unsorted = pb::RangeRequest {
        sort_target: 9,
        ..get("a")
    };
    let future = pb::RangeRequest {
        revision: 9,
        ..get("a")
    };
    let refused = [
        (get(""), invalid, "etcdserver: key is not provided"),
        (unsorted, invalid, "etcdserver: invalid sort option"),
        (
            future,
            range,
            "etcdserver: mvcc: required revision is a future revision",
        ),
    ];
    for (request, code, text) in refused {
        assert_eq!(told(kv.range(request).await), (code, text.to_owned()));
    }
    let empty = txn(vec![pb::RequestOp::default()]);
    let text = "etcdserver: key not found".to_owned();
    assert_eq!(told(kv.txn(empty).await), (invalid, text));
    let twice = txn(vec![op(Op::RequestPut(put("a", "1"))); 2]);
    let text = "etcdserver: duplicate key given in txn request".to_owned();
    assert_eq!(told(kv.txn(twice).await), (invalid, text));
    let leased = pb::PutRequest {
        lease: 7,
        ..put("a", "1")
    };
    let text = "etcdserver: requested lease not found".to_owned();
    assert_eq!(told(kv.put(leased).await), (Code::NotFound, text));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_request_has_a_limit_and_just_below_it_is_fine() {
    let agent = agent().await;
    let mut kv = Channel::of(&agent).await.kv();
    let value = "x".repeat(1_572_864 - 16);
    kv.put(put("a", &value)).await.unwrap();
    let read = kv.range(get("a")).await.unwrap().into_inner();
    assert_eq!(read.kvs[0].value.len(), value.len());
    let larger = put("a", &"x".repeat(1_572_864));
    let text = "etcdserver: request is too large".to_owned();
    assert_eq!(told(kv.put(larger).await), (Code::InvalidArgument, text));
    agent.shutdown().await;
}

#[tokio::test]
async fn a_physical_compaction_is_answered_when_all_is_removed() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut kv = channel.kv();
    let size = async || {
        let status = channel.maintenance().status(pb::StatusRequest {}).await;
        status.unwrap().into_inner().db_size
    };
    for _ in 0..50 {
        kv.put(put("a", &"x".repeat(1000))).await.unwrap();
    }
    let before = size().await;
    let compact = pb::CompactionRequest {
        revision: 51,
        physical: true,
    };
    let header = kv.compact(compact).await.unwrap().into_inner().header;
    assert_eq!(header.unwrap().revision, 51);
    assert!(size().await < before / 40);
    let text = "etcdserver: mvcc: required revision has been compacted".to_owned();
    assert_eq!(told(kv.compact(compact).await), (Code::OutOfRange, text));
    agent.shutdown().await;
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let agent = start(AgentConfig::directory(dir.path())).await;
    let mut kv = Channel::of(&agent).await.kv();
    for value in ["1", "2", "3"] {
        kv.put(put("a", value)).await.unwrap();
    }
    let compact = pb::CompactionRequest {
        revision: 3,
        physical: false,
    };
    kv.compact(compact).await.unwrap();
    let before = kv.range(get("a")).await.unwrap().into_inner();
    agent.shutdown().await;
    let agent = start(AgentConfig::directory(dir.path())).await;
    let mut kv = Channel::of(&agent).await.kv();
    assert_eq!(kv.range(get("a")).await.unwrap().into_inner(), before);
    let at = |revision| pb::RangeRequest {
        revision,
        ..get("a")
    };
    assert_eq!(
        kv.range(at(3)).await.unwrap().into_inner().kvs[0].value,
        "2"
    );
    assert_eq!(told(kv.range(at(2)).await).0, Code::OutOfRange);
    agent.shutdown().await;
}
