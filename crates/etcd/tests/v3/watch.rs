//! Watches: what a stream carries, and what is told of it.

use std::time::Duration;

use quorate_etcd::v3::{Change, ErrorKind, KeyRange, Watch, WatchOptions};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use quorate_etcd_proto::mvccpb;
use quorate_testkit::eventually;

use crate::script::{Call, Server, client, header, key, range};

/// The next request on a stream of watches.
pub(crate) async fn asked(call: &mut Call) -> Option<RequestUnion> {
    call.next::<pb::WatchRequest>().await?.request_union
}

/// The next watch that is asked for.
pub(crate) async fn create(call: &mut Call) -> Option<pb::WatchCreateRequest> {
    loop {
        if let RequestUnion::CreateRequest(create) = asked(call).await? {
            return Some(create);
        }
    }
}

pub(crate) fn created(watch_id: i64, revision: i64) -> pb::WatchResponse {
    pb::WatchResponse {
        header: header(revision),
        watch_id,
        created: true,
        ..Default::default()
    }
}

/// Puts of the key `k` at these revisions.
pub(crate) fn events(watch_id: i64, revisions: &[i64]) -> pb::WatchResponse {
    let event = |revision: &i64| mvccpb::Event {
        r#type: mvccpb::event::EventType::Put.into(),
        kv: Some(key("k", &revision.to_string(), *revision)),
        prev_kv: None,
    };
    pb::WatchResponse {
        header: header(100),
        watch_id,
        events: revisions.iter().map(event).collect(),
        ..Default::default()
    }
}

pub(crate) fn part(watch_id: i64, revisions: &[i64]) -> pb::WatchResponse {
    pb::WatchResponse {
        fragment: true,
        ..events(watch_id, revisions)
    }
}

pub(crate) fn canceled(watch_id: i64, reason: &str) -> pb::WatchResponse {
    pb::WatchResponse {
        header: header(0),
        watch_id,
        canceled: true,
        cancel_reason: reason.to_owned(),
        ..Default::default()
    }
}

/// What is told next but that it is live, in few words.
pub(crate) async fn told(watch: &mut Watch) -> String {
    loop {
        match watch.next().await.unwrap() {
            Change::Live { .. } => {}
            Change::Events { events, .. } => {
                let all = events.iter().map(|event| event.revision().to_string());
                return all.collect::<Vec<_>>().join(" ");
            }
            Change::Listed {
                revision,
                kvs,
                compacted,
            } => {
                return format!("list of {} at {revision} {compacted:?}", kvs.len());
            }
            Change::Progress { revision } => return format!("progress {revision}"),
            Change::Interrupted { .. } => return "interrupted".into(),
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) fn watch_from(server: &Server, from: i64) -> Watch {
    let options = WatchOptions::new().from(from);
    client(server).kv().watch_with(KeyRange::key("k"), options)
}

/// The version of a server whose word on progress counts.
pub(crate) fn status(call: Call) {
    call.answer(&pb::StatusResponse {
        header: header(100),
        version: "3.5.16".into(),
        ..Default::default()
    });
}

#[tokio::test(start_paused = true)]
async fn fragments_are_put_together_and_no_revision_is_split() {
    let server = Server::new(|mut call: Call| async move {
        let id = create(&mut call).await.unwrap().watch_id;
        call.say(&created(id, 100));
        call.say(&part(id, &[6, 7]));
        // In pieces that cut the frames of messages in two.
        call.say_in_pieces(&part(id, &[7]), 3);
        call.say(&events(id, &[7, 8]));
        call.say(&events(id, &[9]));
        call.hang().await;
    });
    let mut watch = watch_from(&server, 6);
    assert_eq!(told(&mut watch).await, "6 7 7 7 8");
    assert_eq!(told(&mut watch).await, "9");
}

#[tokio::test(start_paused = true)]
async fn what_was_told_in_part_is_told_again_as_a_whole_after_a_cut() {
    let server = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 100));
        match asked.start_revision {
            6 => {
                call.say(&events(asked.watch_id, &[6]));
                call.say(&part(asked.watch_id, &[7, 8]));
                // Both were read before the connection goes.
                tokio::time::sleep(Duration::from_secs(1)).await;
                call.connection.cut();
            }
            7 => {
                call.say(&events(asked.watch_id, &[7, 8, 8]));
                call.hang().await;
            }
            other => panic!("from {other}"),
        }
    });
    let mut watch = watch_from(&server, 6);
    assert_eq!(told(&mut watch).await, "6");
    assert_eq!(told(&mut watch).await, "interrupted");
    assert_eq!(told(&mut watch).await, "7 8 8");
}

#[tokio::test(start_paused = true)]
async fn progress_moves_a_watch_on_if_the_server_can_be_trusted() {
    for (version, trusted) in [("3.5.16", true), ("3.5.12", false)] {
        let server = Server::new(move |mut call: Call| async move {
            if call.is("/Status") {
                return call.answer(&pb::StatusResponse {
                    header: header(100),
                    version: version.into(),
                    ..Default::default()
                });
            }
            let asked = create(&mut call).await.unwrap();
            call.say(&created(asked.watch_id, 100));
            if asked.start_revision == 6 {
                call.say(&pb::WatchResponse {
                    header: header(50),
                    watch_id: asked.watch_id,
                    ..Default::default()
                });
                tokio::time::sleep(Duration::from_secs(1)).await;
                return call.connection.cut();
            }
            call.say(&events(asked.watch_id, &[asked.start_revision]));
            call.hang().await;
        });
        let mut watch = watch_from(&server, 6);
        if trusted {
            assert_eq!(told(&mut watch).await, "progress 50");
            assert_eq!(told(&mut watch).await, "interrupted");
            assert_eq!(told(&mut watch).await, "51");
        } else {
            assert_eq!(told(&mut watch).await, "interrupted");
            assert_eq!(watch.next().await.unwrap(), Change::Live { from: 6 });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn progress_can_be_asked_for() {
    let server = Server::new(|mut call: Call| async move {
        if call.is("/Status") {
            return status(call);
        }
        let id = create(&mut call).await.unwrap().watch_id;
        call.say(&created(id, 100));
        while let Some(request) = asked(&mut call).await {
            assert!(matches!(request, RequestUnion::ProgressRequest(_)));
            // To all watches of the stream.
            call.say(&pb::WatchResponse {
                header: header(120),
                watch_id: -1,
                ..Default::default()
            });
        }
    });
    let mut watch = watch_from(&server, 101);
    assert_eq!(watch.next().await.unwrap(), Change::Live { from: 101 });
    watch.request_progress();
    assert_eq!(told(&mut watch).await, "progress 120");
}

#[tokio::test(start_paused = true)]
async fn what_was_compacted_is_listed_and_followed_from_there() {
    let server = Server::new(|mut call: Call| async move {
        if call.is("/Range") {
            return call.answer(&range(90, vec![key("k", "now", 80)]));
        }
        loop {
            let Some(asked) = create(&mut call).await else {
                return;
            };
            call.say(&created(asked.watch_id, 100));
            if asked.start_revision == 6 {
                let gone = pb::WatchResponse {
                    compact_revision: 60,
                    ..canceled(
                        asked.watch_id,
                        "etcdserver: mvcc: required revision has been compacted",
                    )
                };
                call.say(&gone);
            } else {
                assert_eq!(asked.start_revision, 91);
                call.say(&events(asked.watch_id, &[91]));
            }
        }
    });
    let mut watch = watch_from(&server, 6);
    assert_eq!(told(&mut watch).await, "list of 1 at 90 Some(60)");
    assert_eq!(told(&mut watch).await, "91");
}

#[tokio::test(start_paused = true)]
async fn all_watches_of_a_client_share_one_stream() {
    let server = Server::new(|mut call: Call| async move {
        let mut ids = Vec::new();
        while let Some(asked) = create(&mut call).await {
            call.say(&created(asked.watch_id, 100));
            ids.push(asked.watch_id);
            if ids.len() == 3 {
                // Out of the order in which they were asked for, and one nobody asked for.
                for id in [ids[2], 4711, ids[0], ids[1]] {
                    call.say(&events(id, &[100 + id]));
                }
            }
        }
    });
    let client = client(&server);
    let mut watches: Vec<_> = (0..3)
        .map(|_| client.kv().watch(KeyRange::key("k")))
        .collect();
    for watch in &mut watches {
        assert!(matches!(watch.next().await.unwrap(), Change::Live { .. }));
    }
    for (watch, want) in watches.iter_mut().zip(["101", "102", "103"]) {
        assert_eq!(told(watch).await, want);
    }
    assert_eq!((server.count("/Watch"), server.connections()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_dropped_is_taken_back_and_the_last_ends_the_stream() {
    let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
    let server = Server::new(move |mut call: Call| {
        let sender = sender.clone();
        async move {
            while let Some(request) = asked(&mut call).await {
                match request {
                    RequestUnion::CreateRequest(asked) => call.say(&created(asked.watch_id, 100)),
                    RequestUnion::CancelRequest(cancel) => {
                        call.say(&canceled(cancel.watch_id, ""));
                        let _ = sender.send(cancel.watch_id);
                    }
                    RequestUnion::ProgressRequest(_) => {}
                }
            }
        }
    });
    let client = client(&server);
    let mut first = client.kv().watch(KeyRange::key("a"));
    let mut second = client.kv().watch(KeyRange::key("b"));
    first.next().await.unwrap();
    second.next().await.unwrap();
    drop(first);
    assert_eq!(receiver.recv().await, Some(1));
    drop(second);
    eventually(Duration::from_secs(10), "the stream ends", || {
        std::future::ready((server.live() == 0).then_some(()))
    })
    .await
    .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_not_read_loses_nothing_and_does_not_hold_up_the_others() {
    const LAST: i64 = 300;
    let server = Server::new(|mut call: Call| async move {
        while let Some(asked) = create(&mut call).await {
            call.say(&created(asked.watch_id, LAST));
            for revision in asked.start_revision..=LAST {
                call.say(&events(asked.watch_id, &[revision]));
            }
        }
    });
    let client = client(&server);
    let watch = |from| {
        let options = WatchOptions::new().from(from);
        client.kv().watch_with(KeyRange::key("k"), options)
    };
    let mut slow = watch(1);
    assert_eq!(told(&mut slow).await, "1");
    let mut quick = watch(LAST);
    assert_eq!(told(&mut quick).await, LAST.to_string());
    for revision in 2..=LAST {
        assert_eq!(told(&mut slow).await, revision.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_told_and_asked_again_later() {
    for (reason, kind) in [
        (
            "rpc error: code = PermissionDenied desc = etcdserver: permission denied",
            ErrorKind::PermissionDenied,
        ),
        (
            "etcdserver: watcher range is empty",
            ErrorKind::InvalidArgument,
        ),
    ] {
        let server = Server::new(move |mut call: Call| async move {
            while create(&mut call).await.is_some() {
                call.say(&pb::WatchResponse {
                    created: true,
                    ..canceled(-1, reason)
                });
            }
        });
        let mut watch = watch_from(&server, 6);
        for _ in 0..2 {
            let error = watch.next().await.unwrap_err();
            assert_eq!((error.kind(), error.text()), (kind, Some(reason)));
        }
    }
}
