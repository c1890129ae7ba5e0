//! Leases that are kept, by the local clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering::SeqCst};
use std::time::Duration;

use quorate_etcd::v3::{ErrorKind, LostReason, Outcome};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_testkit::eventually;
use tokio::time::{Instant, sleep};

use crate::script::{Call, Server, client, client_of_two, header};

const TTL: Duration = Duration::from_secs(9);

/// A server of leases that live for [`TTL`] while `gone` is not set.
fn leases(gone: Arc<AtomicBool>) -> Server {
    Server::new(move |mut call: Call| {
        let gone = gone.load(SeqCst);
        async move {
            if call.is("/LeaseGrant") {
                let asked: pb::LeaseGrantRequest = call.next().await.unwrap();
                call.answer(&pb::LeaseGrantResponse {
                    header: header(5),
                    id: asked.id,
                    ttl: asked.ttl,
                    error: String::new(),
                });
            } else if call.is("/LeaseKeepAlive") {
                let asked: pb::LeaseKeepAliveRequest = call.next().await.unwrap();
                call.answer(&pb::LeaseKeepAliveResponse {
                    header: header(5),
                    id: asked.id,
                    ttl: if gone { 0 } else { 9 },
                });
            } else if gone {
                call.refuse(5, "etcdserver: requested lease not found");
            } else {
                call.answer(&pb::LeaseRevokeResponse { header: header(6) });
            }
        }
    })
}

fn lives() -> Arc<AtomicBool> {
    Arc::new(AtomicBool::new(false))
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_kept_for_as_long_as_it_is_wanted() {
    let server = leases(lives());
    let keeper = client(&server).leases().hold(TTL).await.unwrap();
    sleep(10 * TTL).await;
    assert!(keeper.is_valid());
    let renewals = server.count("/LeaseKeepAlive");
    assert!(
        (29..=35).contains(&renewals),
        "each third of the time: {renewals}"
    );
    keeper.revoke().await.unwrap();
    assert_eq!(server.count("/LeaseRevoke"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lease_is_lost_at_its_deadline_though_no_server_says_anything() {
    let begun = Instant::now();
    let server = Server::new(|mut call: Call| async move {
        if call.is("/LeaseGrant") {
            let asked: pb::LeaseGrantRequest = call.next().await.unwrap();
            call.answer(&pb::LeaseGrantResponse {
                header: header(5),
                id: asked.id,
                ttl: asked.ttl,
                error: String::new(),
            });
        } else {
            call.hang().await;
        }
    });
    let keeper = client(&server).leases().hold(TTL).await.unwrap();
    assert_eq!(keeper.lost().await, LostReason::DeadlinePassed);
    assert!(begun.elapsed() >= TTL && begun.elapsed() < TTL + Duration::from_millis(50));
    assert!(!keeper.is_valid());
    let error = keeper.revoke().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LeaseLost);
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_the_servers_ended_is_lost_at_the_next_renewal() {
    let gone = lives();
    let server = leases(Arc::clone(&gone));
    let keeper = client(&server).leases().hold(TTL).await.unwrap();
    gone.store(true, SeqCst);
    let begun = Instant::now();
    assert_eq!(keeper.lost().await, LostReason::EntryGone);
    assert!(begun.elapsed() <= TTL / 3 + Duration::from_millis(50));
}

#[tokio::test(start_paused = true)]
async fn a_renewal_goes_on_at_another_server_before_the_deadline() {
    let (a, b) = (leases(lives()), leases(lives()));
    let network = quorate_testkit::grpc::Network::new([("http://a:1", &a), ("http://b:1", &b)]);
    let client = quorate_etcd::v3::Client::builder()
        .address("http://a:1,http://b:1")
        .dialer(Arc::clone(&network))
        .build()
        .unwrap();
    let keeper = client.leases().hold(TTL).await.unwrap();
    network.down("http://a:1");
    a.cut();
    sleep(5 * TTL).await;
    assert!(keeper.is_valid());
    assert!(b.count("/LeaseKeepAlive") > 10);
}

#[tokio::test(start_paused = true)]
async fn a_keeper_that_is_dropped_revokes_its_lease_and_leaves_no_task() {
    let server = leases(lives());
    let client = client(&server);
    let keeper = client.leases().hold(TTL).await.unwrap();
    drop(keeper);
    eventually(Duration::from_secs(10), "it is revoked", || {
        std::future::ready((server.count("/LeaseRevoke") == 1).then_some(()))
    })
    .await
    .unwrap();
    assert_eq!(client.close(Duration::from_secs(1)).await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_grant_whose_answer_was_lost_is_repeated_with_the_same_id() {
    let first = Arc::new(AtomicI64::new(0));
    let own = Arc::clone(&first);
    let granting = move |mut call: Call| {
        let first = Arc::clone(&own);
        async move {
            if call.is("/LeaseTimeToLive") {
                let asked: pb::LeaseTimeToLiveRequest = call.next().await.unwrap();
                return call.answer(&pb::LeaseTimeToLiveResponse {
                    header: header(5),
                    id: asked.id,
                    ttl: 8,
                    granted_ttl: 9,
                    keys: Vec::new(),
                });
            }
            let asked: pb::LeaseGrantRequest = call.next().await.unwrap();
            match first.swap(asked.id, SeqCst) {
                0 => call.connection.cut(),
                known => {
                    assert_eq!(known, asked.id);
                    call.refuse(9, "etcdserver: lease already exists");
                }
            }
        }
    };
    let a = Server::new(granting.clone());
    let b = Server::new(granting);
    let grant = client_of_two(&a, &b).leases().grant(TTL).await.unwrap();
    assert_eq!((grant.id.number(), grant.ttl), (first.load(SeqCst), TTL));
}

#[tokio::test(start_paused = true)]
async fn a_revocation_whose_answer_was_lost_is_repeated_until_the_lease_is_gone() {
    let server = {
        let calls = AtomicI64::new(0);
        Server::new(move |call: Call| {
            let nth = calls.fetch_add(1, SeqCst);
            async move {
                match nth {
                    0 => call.connection.cut(),
                    _ => call.refuse(5, "etcdserver: requested lease not found"),
                }
            }
        })
    };
    let leases = client(&server).leases();
    let id = quorate_etcd::v3::LeaseId::of(7).unwrap();
    leases.revoke(id).await.unwrap();
    assert_eq!(server.count("/LeaseRevoke"), 2);
    let error = leases.revoke(id).await.unwrap_err();
    let found = (error.kind(), error.outcome());
    assert_eq!(
        found,
        (ErrorKind::NotFound, Outcome::DidNotHappen),
        "there was none"
    );
}
