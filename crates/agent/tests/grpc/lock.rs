use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::Code;
use quorate_etcd_proto::v3lockpb::{LockRequest, UnlockRequest};
use quorate_net::task::spawn;

use super::watch::Watcher;
use super::{Channel, agent, get, told};

fn lock(name: &str, lease: i64) -> LockRequest {
    LockRequest {
        name: name.to_owned().into(),
        lease,
    }
}

async fn grant(channel: &Channel, ids: &[i64]) {
    for id in ids {
        let grant = pb::LeaseGrantRequest { id: *id, ttl: 100 };
        channel.lease().lease_grant(grant).await.unwrap();
    }
}

#[tokio::test]
async fn the_key_is_the_name_and_the_lease_and_may_be_taken_again() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[77, -7]).await;
    let mut locks = channel.lock();
    let held = locks.lock(lock("L", 77)).await.unwrap().into_inner();
    assert_eq!(
        (&held.key[..], held.header.unwrap().revision),
        (&b"L/4d"[..], 2)
    );
    let again = locks.lock(lock("L", 77)).await.unwrap().into_inner();
    assert_eq!(again.header.unwrap().revision, 2);
    let other = locks.lock(lock("M", -7)).await.unwrap().into_inner();
    assert_eq!(&other.key[..], b"M/-7");
    let text = "etcdserver: requested lease not found".to_owned();
    assert_eq!(
        told(locks.lock(lock("L", 999)).await),
        (Code::Unknown, text)
    );
    let unlock = |key: &str| UnlockRequest {
        key: key.to_owned().into(),
    };
    assert!(locks.unlock(unlock("nope")).await.is_ok());
    let text = "etcdserver: key is not provided".to_owned();
    assert_eq!(told(locks.unlock(unlock("")).await), (Code::Unknown, text));
    agent.shutdown().await;
}

#[tokio::test]
async fn without_a_lease_there_is_one_of_a_minute() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let held = channel
        .lock()
        .lock(lock("L", 0))
        .await
        .unwrap()
        .into_inner();
    let leases = channel
        .lease()
        .lease_leases(pb::LeaseLeasesRequest {})
        .await;
    let id = leases.unwrap().into_inner().leases[0].id;
    assert_eq!(held.key, format!("L/{id:x}").as_bytes());
    let ask = pb::LeaseTimeToLiveRequest { id, keys: false };
    let lease = channel.lease().lease_time_to_live(ask).await.unwrap();
    assert_eq!(lease.into_inner().granted_ttl, 60);
    agent.shutdown().await;
}

/// Waits until there are so many keys below `L/`.
async fn contenders(channel: &Channel, count: i64) {
    let mut watcher = Watcher::of(channel).await;
    watcher.create_prefix("L/", "L0");
    assert!(watcher.next().await.created);
    loop {
        let range = pb::RangeRequest {
            range_end: "L0".into(),
            ..get("L/")
        };
        let found = channel.kv().range(range).await.unwrap().into_inner();
        if found.count == count {
            return;
        }
        watcher.next().await;
    }
}

#[tokio::test]
async fn contenders_get_their_turn_in_the_order_in_which_they_came() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[1, 2, 3]).await;
    let mut locks = channel.lock();
    let held = locks.lock(lock("L", 1)).await.unwrap().into_inner();
    let mut waiting = Vec::new();
    for (lease, count) in [(2, 2), (3, 3)] {
        let mut locks = channel.lock();
        waiting.push(spawn(async move { locks.lock(lock("L", lease)).await }));
        contenders(&channel, count).await;
    }
    let third = waiting.pop().unwrap();
    let second = waiting.pop().unwrap();
    locks.unlock(UnlockRequest { key: held.key }).await.unwrap();
    let held = second.join().await.unwrap().unwrap().into_inner();
    assert_eq!(held.key, "L/2");
    assert!(!third.is_finished());
    locks.unlock(UnlockRequest { key: held.key }).await.unwrap();
    assert_eq!(third.join().await.unwrap().unwrap().into_inner().key, "L/3");
    agent.shutdown().await;
}

#[tokio::test]
async fn who_no_longer_waits_leaves_the_queue() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[1, 2]).await;
    channel.lock().lock(lock("L", 1)).await.unwrap();
    let mut locks = channel.lock();
    let waiting = spawn(async move { locks.lock(lock("L", 2)).await });
    contenders(&channel, 2).await;
    drop(waiting);
    contenders(&channel, 1).await;
    agent.shutdown().await;
}

#[tokio::test]
async fn a_waiter_whose_lease_ends_is_told_at_once() {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    grant(&channel, &[1, 2]).await;
    channel.lock().lock(lock("L", 1)).await.unwrap();
    let mut locks = channel.lock();
    let waiting = spawn(async move { locks.lock(lock("L", 2)).await });
    contenders(&channel, 2).await;
    let revoke = pb::LeaseRevokeRequest { id: 2 };
    channel.lease().lease_revoke(revoke).await.unwrap();
    let text = "mutex: session is expired".to_owned();
    assert_eq!(told(waiting.join().await.unwrap()), (Code::Unknown, text));
    agent.shutdown().await;
}
