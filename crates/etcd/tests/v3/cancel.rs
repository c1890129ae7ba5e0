//! Futures that are dropped at every place where they wait.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::poll;
use quorate_etcd::v3::{Change, Client, Cond, KeyRange, RangeOptions, Txn, TxnOp, WatchOptions};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_testkit::eventually;

use crate::script::{Call, Server, builder, client, header, well, who};
use crate::watch::{create, created, events, told};

/// More polls than any call here takes.
const MANY: usize = 200;

/// Polls a future up to so many times, with time for everything else in between, and drops it.
/// Whether it ended before.
async fn dropped_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    for _ in 0..polls {
        if poll!(&mut future).is_ready() {
            return true;
        }
        tokio::time::sleep(Duration::from_micros(100)).await;
    }
    false
}

/// Nobody answers any more, and the client has no more tasks than the connection needs.
async fn at_rest(server: &Server, client: &Client, tasks: usize) {
    eventually(Duration::from_secs(20), "nothing is under way", || {
        let text = format!("{client:?}");
        let rests = server.live() == 0 && text.contains(&format!("tasks: {tasks}"));
        std::future::ready(rests.then_some(()))
    })
    .await
    .unwrap_or_else(|error| panic!("{error}: {server:?} {client:?}"));
}

/// Drops a call after every number of polls until it ends by itself.
async fn at_every_await<F: Future>(server: &Server, client: &Client, call: impl Fn() -> F) {
    for polls in 0..MANY {
        let ended = dropped_after(polls, call()).await;
        at_rest(server, client, 0).await;
        if ended {
            assert_eq!(who(client).await, "a", "the client works as before");
            return;
        }
    }
    panic!("it never ended");
}

/// A server that takes its time, in pieces.
fn slow() -> Server {
    Server::new(|mut call: Call| async move {
        tokio::time::sleep(Duration::from_micros(250)).await;
        if call.is("/Txn") {
            return call.answer(&pb::TxnResponse {
                header: header(5),
                succeeded: true,
                responses: Vec::new(),
            });
        }
        if call.is("/Authenticate") {
            return call.answer(&pb::AuthenticateResponse {
                header: header(5),
                token: "t".into(),
            });
        }
        call.begin();
        tokio::time::sleep(Duration::from_micros(250)).await;
        well(call, "a").await;
    })
}

#[tokio::test(start_paused = true)]
async fn calls_leave_nothing_wherever_they_are_dropped() {
    let server = slow();
    let client = client(&server);
    let kv = client.kv();
    at_every_await(&server, &client, || kv.get("k")).await;
    at_every_await(&server, &client, || kv.put("k", "v")).await;
    let txn = Txn::new().when(Cond::missing("k"));
    let txn = txn.then(TxnOp::put("k", "v"));
    at_every_await(&server, &client, || kv.txn(&txn)).await;
    let pages = || {
        kv.pages(KeyRange::prefix("k"), RangeOptions::new())
            .collect()
    };
    at_every_await(&server, &client, pages).await;
    assert_eq!(
        server.connections(),
        1,
        "dropping a call does not cost the connection"
    );
}

#[tokio::test(start_paused = true)]
async fn a_first_call_leaves_nothing_wherever_it_is_dropped_while_it_connects_and_authenticates() {
    for polls in 0..MANY {
        let server = slow();
        let client = builder(&server).user("ann", "pw").build().unwrap();
        let kv = client.kv();
        let ended = dropped_after(polls, kv.get("k")).await;
        at_rest(&server, &client, 0).await;
        assert_eq!(who(&client).await, "a");
        if ended {
            return;
        }
    }
    panic!("it never ended");
}

#[tokio::test(start_paused = true)]
async fn a_watch_loses_nothing_wherever_its_turn_is_dropped() {
    let next = Arc::new(AtomicI64::new(6));
    let store = Arc::clone(&next);
    let server = Server::new(move |mut call: Call| {
        let store = Arc::clone(&store);
        async move {
            let asked = create(&mut call).await.unwrap();
            assert_eq!(asked.start_revision, store.load(SeqCst));
            call.say(&created(asked.watch_id, 5));
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_micros(250)).await;
                let revision = store.fetch_add(1, SeqCst);
                call.say(&events(asked.watch_id, &[revision]));
            }
            tokio::time::sleep(Duration::from_micros(250)).await;
            call.connection.cut();
        }
    });
    let client = client(&server);
    let options = WatchOptions::new().from(6);
    let mut watch = client.kv().watch_with(KeyRange::key("k"), options);
    let mut seen = Vec::new();
    let mut polls = 0;
    while seen.len() < 30 {
        // What ended is told; what was dropped is told by a later turn.
        let mut turn = pin!(watch.next());
        for _ in 0..=polls % 7 {
            if let std::task::Poll::Ready(change) = poll!(&mut turn) {
                if let Ok(Change::Events { events, .. }) = change {
                    seen.extend(events.iter().map(quorate_etcd::v3::Event::revision));
                }
                break;
            }
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
        polls += 1;
    }
    let all: Vec<_> = (6..36).collect();
    assert_eq!(seen[..30], all);
    drop(watch);
    client.close(Duration::from_secs(5)).await;
    at_rest(&server, &client, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_was_dropped_before_it_was_confirmed_leaves_nothing() {
    for polls in 0..20 {
        let server = Server::new(|mut call: Call| async move {
            while let Some(asked) = create(&mut call).await {
                tokio::time::sleep(Duration::from_micros(250)).await;
                call.say(&created(asked.watch_id, 5));
            }
        });
        let client = client(&server);
        let mut other = client.kv().watch(KeyRange::key("other"));
        other.next().await.unwrap();
        let mut watch = client.kv().watch(KeyRange::key("k"));
        dropped_after(polls, watch.next()).await;
        drop(watch);
        drop(other);
        // The task of watches rests until there is another.
        at_rest(&server, &client, 1).await;
        let mut again = client.kv().watch(KeyRange::key("k"));
        assert_eq!(again.next().await.unwrap(), Change::Live { from: 6 });
    }
}

#[tokio::test(start_paused = true)]
async fn keeping_a_lease_leaves_it_to_its_time_or_revokes_it_wherever_it_is_dropped() {
    for polls in 0..MANY {
        let server = Server::new(|mut call: Call| async move {
            tokio::time::sleep(Duration::from_micros(250)).await;
            if call.is("/LeaseGrant") {
                let asked: pb::LeaseGrantRequest = call.next().await.unwrap();
                return call.answer(&pb::LeaseGrantResponse {
                    header: header(5),
                    id: asked.id,
                    ttl: asked.ttl,
                    error: String::new(),
                });
            }
            call.answer(&pb::LeaseRevokeResponse { header: header(6) });
        });
        let client = client(&server);
        let leases = client.leases();
        let ended = dropped_after(polls, leases.hold(Duration::from_secs(60))).await;
        at_rest(&server, &client, 0).await;
        if ended {
            assert_eq!(server.count("/LeaseRevoke"), 1);
            return;
        }
        assert_eq!(server.count("/LeaseKeepAlive"), 0);
    }
    panic!("it never ended");
}

#[tokio::test(start_paused = true)]
async fn watches_that_come_and_go_are_served() {
    let server = Server::new(|mut call: Call| async move {
        while let Some(asked) = create(&mut call).await {
            call.say(&created(asked.watch_id, 5));
            call.say(&events(asked.watch_id, &[6]));
        }
    });
    let client = client(&server);
    for _ in 0..50 {
        let mut watch = client.kv().watch(KeyRange::key("k"));
        assert_eq!(told(&mut watch).await, "6");
    }
    at_rest(&server, &client, 1).await;
}
