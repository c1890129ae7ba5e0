//! Answers that do not count: of strangers, and of members that are cut off.

use quorate_etcd::v3::{ErrorKind, KeyRange, Outcome, RangeOptions};
use quorate_etcd_proto::etcdserverpb as pb;

use crate::script::{CLUSTER, Call, Server, client_of_two, header_of, key, who};

/// A server of a cluster at a raft term, which says that it is the server `name`.
fn server_of(cluster: u64, term: u64, name: &'static str) -> Server {
    Server::new(move |call: Call| async move {
        let header = header_of(cluster, term, 5);
        if call.is("/Put") {
            call.answer(&pb::PutResponse {
                header,
                prev_kv: None,
            });
        } else {
            call.answer(&pb::RangeResponse {
                header,
                kvs: vec![key("k", name, 5)],
                more: false,
                count: 1,
            });
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_server_of_another_cluster_is_left() {
    let (a, b) = (server_of(CLUSTER, 2, "a"), server_of(CLUSTER + 1, 2, "b"));
    let client = client_of_two(&a, &b);
    assert_eq!(who(&client).await, "a");
    a.cut();
    for _ in 0..3 {
        assert_eq!(who(&client).await, "a", "b is asked in vain, if at all");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_another_cluster_took_is_told_as_done_there() {
    let first = server_of(CLUSTER, 2, "a");
    let client = crate::script::builder(&first)
        .expected_cluster(CLUSTER + 1)
        .build()
        .unwrap();
    let error = client.kv().put("k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ClusterChanged, Outcome::Happened)
    );
    assert_eq!(first.count("/Put"), 1);
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ClusterChanged, Outcome::DidNotHappen)
    );
}

#[tokio::test(start_paused = true)]
async fn a_member_that_is_behind_is_left_unless_its_own_word_is_asked_for() {
    let (old, new) = (server_of(CLUSTER, 2, "old"), server_of(CLUSTER, 3, "new"));
    let client = client_of_two(&new, &old);
    assert_eq!(who(&client).await, "new");
    // The newer one refuses for a while; the older has not heard of the newer term.
    let network = quorate_testkit::grpc::Network::new([("http://a:1", &old), ("http://b:1", &new)]);
    let client = quorate_etcd::v3::Client::builder()
        .address("http://a:1,http://b:1")
        .dialer(std::sync::Arc::clone(&network))
        .build()
        .unwrap();
    assert_eq!(who(&client).await, "old", "nothing newer is known");
    network.down("http://a:1");
    old.cut();
    assert_eq!(who(&client).await, "new");
    network.up("http://a:1", &old);
    network.down("http://b:1");
    new.cut();
    let options = RangeOptions::new().serializable();
    let found = client
        .kv()
        .range(&KeyRange::key("k"), &options)
        .await
        .unwrap();
    assert_eq!(found.kvs[0].value, "old", "it may be old");
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}
