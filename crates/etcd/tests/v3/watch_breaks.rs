//! Streams of watches that break, in every way.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use bytes::Bytes;
use quorate_etcd::v3::{Change, ErrorKind, KeyRange, WatchOptions};
use quorate_etcd_proto::etcdserverpb as pb;
use tokio::time::{Instant, timeout};

use crate::script::{
    CLUSTER, Call, FAILED_PRECONDITION, Server, UNAUTHENTICATED, UNAVAILABLE, builder, client,
    client_of_two, header, header_of,
};
use crate::watch::{canceled, create, created, events, told, watch_from};

/// Ways to break a stream that has told something.
const WAYS: [fn(Call); 6] = [
    |call| call.connection.cut(),
    |call| call.reset(h2::Reason::INTERNAL_ERROR),
    |mut call| call.finish(),
    |mut call| call.end(UNAVAILABLE, "etcdserver: no leader"),
    // No gRPC: a length that is cut off by the end.
    |mut call| {
        call.send(Bytes::from_static(b"\0\0\0\0\x09half"));
        call.finish();
    },
    // A message that is none.
    |mut call| {
        call.send(Bytes::from_static(b"\0\0\0\0\x02\xff\xff"));
        call.connection.go_away();
    },
];

#[tokio::test(start_paused = true)]
async fn a_watch_outlives_every_break_without_a_gap_or_a_repetition() {
    let next = Arc::new(AtomicI64::new(6));
    let store = Arc::clone(&next);
    let server = Server::new(move |mut call: Call| {
        let store = Arc::clone(&store);
        async move {
            let asked = create(&mut call).await.unwrap();
            let revision = store.fetch_add(1, SeqCst);
            assert_eq!(asked.start_revision, revision, "it goes on where it was");
            call.say(&created(asked.watch_id, revision));
            call.say(&events(asked.watch_id, &[revision]));
            tokio::time::sleep(Duration::from_secs(1)).await;
            let way = usize::try_from(revision - 6).unwrap() % WAYS.len();
            WAYS[way](call);
        }
    });
    let mut watch = watch_from(&server, 6);
    for revision in 6..30 {
        assert_eq!(told(&mut watch).await, revision.to_string());
        assert_eq!(told(&mut watch).await, "interrupted");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_goes_to_another_server_when_its_own_fails_or_stands_still() {
    let stands = |mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 5));
        call.say(&events(asked.watch_id, &[6]));
        tokio::time::sleep(Duration::from_secs(1)).await;
        call.connection.cut();
    };
    let a = Server::new(stands);
    let b = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 7));
        call.say(&events(asked.watch_id, &[asked.start_revision]));
        call.hang().await;
    });
    let client = client_of_two(&a, &b);
    let options = WatchOptions::new().from(6);
    let mut watch = client.kv().watch_with(KeyRange::key("k"), options);
    assert_eq!(told(&mut watch).await, "6");
    assert_eq!(told(&mut watch).await, "interrupted");
    assert_eq!(told(&mut watch).await, "7");
    assert_eq!((a.count("/Watch"), b.count("/Watch")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_takes_a_stream_and_says_nothing_is_left() {
    let a = Server::new(|mut call: Call| async move {
        call.begin();
        call.hang().await;
    });
    let b = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 7));
        call.hang().await;
    });
    let mut watch = client_of_two(&a, &b).kv().watch(KeyRange::key("k"));
    let begun = Instant::now();
    while !matches!(watch.next().await.unwrap(), Change::Live { from: 8 }) {}
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn no_server_at_all_is_told_and_is_not_the_end() {
    let server = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 7));
        call.hang().await;
    });
    let network = quorate_testkit::grpc::Network::new::<Server>([]);
    let client = quorate_etcd::v3::Client::builder()
        .address("http://a:1")
        .dialer(Arc::clone(&network))
        .build()
        .unwrap();
    let mut watch = client.kv().watch(KeyRange::key("k"));
    let error = watch.next().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    network.up("http://a:1", &server);
    while watch.next().await.is_err() {}
}

#[tokio::test(start_paused = true)]
async fn another_cluster_in_the_place_of_the_servers_is_not_watched() {
    let server = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&pb::WatchResponse {
            header: header_of(CLUSTER + 1, 2, 5),
            ..created(asked.watch_id, 5)
        });
        call.say(&events(asked.watch_id, &[6]));
        call.hang().await;
    });
    let client = builder(&server).expected_cluster(CLUSTER).build().unwrap();
    let options = WatchOptions::new().from(6);
    let mut watch = client.kv().watch_with(KeyRange::key("k"), options);
    let error = loop {
        match watch.next().await {
            Ok(Change::Interrupted { .. }) => {}
            Ok(other) => panic!("{other:?}"),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::ClusterChanged, "{error}");
}

/// A server that gives out `token1`, `token2` … and refuses streams with the first as `refuse`
/// does.
fn forgets_its_tokens(
    refuse: fn(Call, pb::WatchCreateRequest) -> futures_util::future::BoxFuture<'static, ()>,
) -> (Server, Arc<AtomicI64>) {
    let given = Arc::new(AtomicI64::new(0));
    let counter = Arc::clone(&given);
    let server = Server::new(move |mut call: Call| {
        let counter = Arc::clone(&counter);
        async move {
            if call.is("/Authenticate") {
                let token = counter.fetch_add(1, SeqCst) + 1;
                return call.answer(&pb::AuthenticateResponse {
                    header: header(5),
                    token: format!("token{token}"),
                });
            }
            let fresh = call.header("token") == Some("token2");
            let asked = create(&mut call).await.unwrap();
            if !fresh {
                return refuse(call, asked).await;
            }
            call.say(&created(asked.watch_id, 5));
            call.hang().await;
        }
    });
    (server, given)
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_not_accepted_is_renewed_wherever_a_stream_says_so() {
    for refuse in [
        // With its status.
        (|call: Call, _| {
            call.refuse(UNAUTHENTICATED, "etcdserver: invalid auth token");
            Box::pin(std::future::ready(())) as _
        }) as fn(Call, pb::WatchCreateRequest) -> _,
        // In the answer to the watch, on a stream that goes on.
        |mut call: Call, _| {
            call.say(&pb::WatchResponse {
                created: true,
                ..canceled(-1, "etcdserver: invalid auth token")
            });
            Box::pin(call.hang()) as _
        },
    ] {
        let (server, given) = forgets_its_tokens(refuse);
        let client = builder(&server).user("ann", "pw").build().unwrap();
        let mut watch = client.kv().watch(KeyRange::key("k"));
        loop {
            match watch.next().await.unwrap() {
                Change::Interrupted { .. } => {}
                Change::Live { from: 6 } => break,
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(given.load(SeqCst), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_no_server_wants_is_an_error_with_its_words() {
    let server = Server::new(|call: Call| async move {
        call.refuse(
            FAILED_PRECONDITION,
            "etcdserver: rpc not supported for learner",
        );
    });
    let mut watch = client(&server).kv().watch(KeyRange::key("k"));
    let error = timeout(Duration::from_secs(60), watch.next())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("learner"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_closed_client_ends_its_watches() {
    let server = Server::new(|mut call: Call| async move {
        let asked = create(&mut call).await.unwrap();
        call.say(&created(asked.watch_id, 5));
        call.hang().await;
    });
    let client = client(&server);
    let mut watch = client.kv().watch(KeyRange::key("k"));
    watch.next().await.unwrap();
    assert_eq!(client.close(Duration::from_secs(5)).await, 0);
    assert_eq!(watch.next().await.unwrap_err().kind(), ErrorKind::Closed);
}
