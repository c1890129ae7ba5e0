//! What servers of etcd's v3 API say, and clients of them.

use std::time::Duration;

use quorate_etcd::v3::{Client, ClientBuilder, Timeouts};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::mvccpb;
pub(crate) use quorate_testkit::grpc::{Call, Network, Server};

/// The codes of gRPC.
pub(crate) const INVALID_ARGUMENT: i32 = 3;
pub(crate) const RESOURCE_EXHAUSTED: i32 = 8;
pub(crate) const FAILED_PRECONDITION: i32 = 9;
pub(crate) const UNAVAILABLE: i32 = 14;
pub(crate) const UNAUTHENTICATED: i32 = 16;

pub(crate) const CLUSTER: u64 = 7;

/// A builder of a client that reaches only this server.
pub(crate) fn builder(server: &Server) -> ClientBuilder {
    Client::builder().dialer(server.dialer()).seed(1)
}

pub(crate) fn client(server: &Server) -> Client {
    builder(server).build().unwrap()
}

/// A client of `http://a:1` and `http://b:1`, whose attempts take a second at most.
pub(crate) fn client_of_two(a: &Server, b: &Server) -> Client {
    let network = Network::new([("http://a:1", a), ("http://b:1", b)]);
    let timeouts = Timeouts::default().with_attempt(Duration::from_secs(1));
    let builder = Client::builder().address("http://a:1,http://b:1");
    let builder = builder.dialer(network).timeouts(timeouts);
    builder.seed(1).build().unwrap()
}

pub(crate) fn header(revision: i64) -> Option<pb::ResponseHeader> {
    header_of(CLUSTER, 2, revision)
}

pub(crate) fn header_of(
    cluster_id: u64,
    raft_term: u64,
    revision: i64,
) -> Option<pb::ResponseHeader> {
    Some(pb::ResponseHeader {
        cluster_id,
        member_id: 1,
        revision,
        raft_term,
    })
}

/// A key as it was made at `revision`.
pub(crate) fn key(name: &str, value: &str, revision: i64) -> mvccpb::KeyValue {
    mvccpb::KeyValue {
        key: name.to_owned().into(),
        value: value.to_owned().into(),
        create_revision: revision,
        mod_revision: revision,
        version: 1,
        lease: 0,
    }
}

/// A range with these keys.
pub(crate) fn range(revision: i64, kvs: Vec<mvccpb::KeyValue>) -> pb::RangeResponse {
    pb::RangeResponse {
        header: header(revision),
        count: i64::try_from(kvs.len()).unwrap(),
        kvs,
        more: false,
    }
}

/// The answer to a put.
pub(crate) fn put(revision: i64) -> pb::PutResponse {
    pb::PutResponse {
        header: header(revision),
        prev_kv: None,
    }
}

/// Answers every range with the key `k`, and every put, as server `name`.
pub(crate) async fn well(call: Call, name: &'static str) {
    if call.is("/Range") {
        call.answer(&range(5, vec![key("k", name, 5)]));
    } else if call.is("/Put") {
        call.answer(&put(6));
    } else {
        call.refuse(12, "not in the script");
    }
}

/// A server that is well.
pub(crate) fn well_server(name: &'static str) -> Server {
    Server::new(move |call| well(call, name))
}

/// What the key `k` has, which is the name of the server that answered.
pub(crate) async fn who(client: &Client) -> String {
    let found = client.kv().get("k").await.unwrap().unwrap();
    String::from_utf8(found.value.to_vec()).unwrap()
}
