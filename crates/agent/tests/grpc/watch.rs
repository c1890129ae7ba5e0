use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use quorate_etcd_proto::tonic::Streaming;
use tokio::sync::mpsc;

use super::{Channel, agent, put};

/// A stream of watches.
pub(crate) struct Watcher {
    requests: mpsc::UnboundedSender<pb::WatchRequest>,
    answers: Streaming<pb::WatchResponse>,
}

/// What a client sends, as it comes.
struct Requests(mpsc::UnboundedReceiver<pb::WatchRequest>);

impl futures_core::Stream for Requests {
    type Item = pb::WatchRequest;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<pb::WatchRequest>> {
        self.0.poll_recv(cx)
    }
}

impl Watcher {
    pub(crate) async fn of(channel: &Channel) -> Self {
        let (requests, inbox) = mpsc::unbounded_channel();
        let answers = channel.watch().watch(Requests(inbox)).await.unwrap();
        Self {
            requests,
            answers: answers.into_inner(),
        }
    }

    fn ask(&self, request: RequestUnion) {
        let request_union = Some(request);
        self.requests
            .send(pb::WatchRequest { request_union })
            .unwrap();
    }

    fn create(&self, create: pb::WatchCreateRequest) {
        self.ask(RequestUnion::CreateRequest(create));
    }

    pub(crate) fn create_from(&self, key: &str, start_revision: i64) {
        self.create(pb::WatchCreateRequest {
            start_revision,
            ..of(key)
        });
    }

    pub(crate) fn create_prefix(&self, key: &str, end: &str) {
        self.create(prefix(key, end));
    }

    pub(crate) async fn next(&mut self) -> pb::WatchResponse {
        self.answers.message().await.unwrap().unwrap()
    }
}

fn of(key: &str) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest {
        key: key.to_owned().into(),
        ..pb::WatchCreateRequest::default()
    }
}

fn prefix(key: &str, end: &str) -> pb::WatchCreateRequest {
    pb::WatchCreateRequest {
        range_end: end.to_owned().into(),
        ..of(key)
    }
}

fn revision(answer: &pb::WatchResponse) -> i64 {
    answer.header.as_ref().unwrap().revision
}

#[tokio::test]
async fn each_watch_of_a_stream_hears_of_its_own_keys() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut watcher = Watcher::of(&channel).await;
    for (id, create) in [(0, of("a")), (1, prefix("p/", "p0")), (2, of("q"))] {
        watcher.create(create);
        let created = watcher.next().await;
        assert!(created.created && created.watch_id == id && revision(&created) == 1);
    }
    let mut kv = channel.kv();
    for key in ["x", "p/1", "a"] {
        kv.put(put(key, "1")).await.unwrap();
    }
    let first = watcher.next().await;
    let second = watcher.next().await;
    let mut told = [first, second].map(|it| {
        let kv = it.events[0].kv.clone().unwrap();
        (it.watch_id, kv.key, kv.mod_revision)
    });
    told.sort_unstable();
    assert_eq!(told, [(0, "a".into(), 4), (1, "p/1".into(), 3)]);
    agent.shutdown().await;
}

#[tokio::test]
async fn the_past_is_told_first_and_progress_comes_behind_it() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut kv = channel.kv();
    for value in ["1", "2", "3"] {
        kv.put(put("a", value)).await.unwrap();
    }
    kv.put(put("b", "1")).await.unwrap();
    let mut watcher = Watcher::of(&channel).await;
    watcher.ask(RequestUnion::ProgressRequest(pb::WatchProgressRequest {}));
    watcher.create(pb::WatchCreateRequest {
        start_revision: 3,
        prev_kv: true,
        ..of("a")
    });
    watcher.ask(RequestUnion::ProgressRequest(pb::WatchProgressRequest {}));
    assert!(
        watcher.next().await.created,
        "without a watch there is no progress"
    );
    let told = watcher.next().await;
    let prev = told
        .events
        .iter()
        .map(|it| it.prev_kv.clone().unwrap().value);
    assert_eq!(prev.collect::<Vec<_>>(), ["1", "2"]);
    let progress = watcher.next().await;
    assert_eq!((progress.watch_id, revision(&progress)), (-1, 5));
    assert!(progress.events.is_empty());
    agent.shutdown().await;
}

#[tokio::test]
async fn a_watch_that_is_too_late_ends_and_its_stream_goes_on() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut kv = channel.kv();
    for value in ["1", "2", "3"] {
        kv.put(put("a", value)).await.unwrap();
    }
    let compact = pb::CompactionRequest {
        revision: 4,
        physical: false,
    };
    kv.compact(compact).await.unwrap();
    let mut watcher = Watcher::of(&channel).await;
    watcher.create(pb::WatchCreateRequest {
        start_revision: 2,
        ..of("a")
    });
    assert!(watcher.next().await.created);
    let ended = watcher.next().await;
    assert!(ended.canceled && ended.compact_revision == 4 && revision(&ended) == 0);
    watcher.create(of("a"));
    assert_eq!(watcher.next().await.watch_id, 1);
    kv.put(put("a", "4")).await.unwrap();
    assert_eq!(watcher.next().await.events.len(), 1);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_watch_that_was_given_up_hears_nothing_more() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut watcher = Watcher::of(&channel).await;
    watcher.create(of("a"));
    watcher.create(of("b"));
    watcher.next().await;
    watcher.next().await;
    watcher.ask(RequestUnion::CancelRequest(pb::WatchCancelRequest {
        watch_id: 0,
    }));
    let ended = watcher.next().await;
    assert!(ended.canceled && ended.watch_id == 0);
    let mut kv = channel.kv();
    kv.put(put("a", "1")).await.unwrap();
    kv.put(put("b", "1")).await.unwrap();
    assert_eq!(watcher.next().await.watch_id, 1);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_large_revision_is_split_for_who_can_put_it_together() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let value = "x".repeat(15_000);
    let puts = (0..100).map(|at| {
        let put = put(&format!("p/{at}"), &value);
        let request = pb::request_op::Request::RequestPut(put);
        pb::RequestOp {
            request: Some(request),
        }
    });
    let txn = pb::TxnRequest {
        success: puts.collect(),
        ..pb::TxnRequest::default()
    };
    let mut kv = channel.kv();
    kv.txn(txn).await.unwrap();
    let all = pb::WatchCreateRequest {
        start_revision: 2,
        prev_kv: true,
        ..prefix("p/", "p0")
    };
    let mut watcher = Watcher::of(&channel).await;
    watcher.create(all.clone());
    watcher.next().await;
    let whole = watcher.next().await;
    assert!(!whole.fragment && whole.events.len() == 100);
    // Twice as large: what was before comes along.
    let puts = whole.events.iter().map(|event| pb::RequestOp {
        request: Some(pb::request_op::Request::RequestPut(pb::PutRequest {
            key: event.kv.clone().unwrap().key,
            value: value.clone().into(),
            ..pb::PutRequest::default()
        })),
    });
    let txn = pb::TxnRequest {
        success: puts.collect(),
        ..pb::TxnRequest::default()
    };
    kv.txn(txn).await.unwrap();
    let mut watcher = Watcher::of(&channel).await;
    watcher.create(pb::WatchCreateRequest {
        start_revision: 3,
        fragment: true,
        ..all
    });
    watcher.next().await;
    let first = watcher.next().await;
    let last = watcher.next().await;
    assert!(first.fragment && !last.fragment);
    assert_eq!(first.events.len() + last.events.len(), 100);
    agent.shutdown().await;
}

#[tokio::test]
async fn watches_of_many_streams_hear_of_one_write_each_once() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut watchers = Vec::new();
    for _ in 0..50 {
        let mut watcher = Watcher::of(&channel).await;
        watcher.create(of("a"));
        watcher.next().await;
        watchers.push(watcher);
    }
    let mut kv = channel.kv();
    for value in ["1", "2"] {
        kv.put(put("a", value)).await.unwrap();
    }
    for watcher in &mut watchers {
        let mut values = Vec::new();
        while values.len() < 2 {
            let told = watcher.next().await;
            values.extend(told.events.into_iter().map(|it| it.kv.unwrap().value));
        }
        assert_eq!(values, ["1", "2"]);
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_stream_ends_with_the_agent() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut watcher = Watcher::of(&channel).await;
    watcher.create(of("a"));
    watcher.next().await;
    agent.shutdown().await;
    let ended = watcher.answers.message().await;
    let text = ended.unwrap_err().message().to_owned();
    assert_eq!(text, "etcdserver: server stopped");
}
