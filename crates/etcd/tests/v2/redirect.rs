//! Redirects of old servers.

use quorate_etcd::v2::{Client, ErrorKind};

use crate::script::{Network, Say, Server, event};

fn to(status: u16, location: &str) -> Say {
    Say::status(status, "").header("Location", location)
}

#[tokio::test]
async fn a_307_is_followed_with_method_body_and_password() {
    let follower = Server::new([to(307, "http://leader:4001/v2/keys/k?prevIndex=3")]);
    let leader = Server::new([Say::ok(event("set", "/k", "v", 4))]);
    let network = Network::new([("http://a:1", &follower), ("http://leader:4001", &leader)]);
    let client = Client::builder()
        .address("http://a:1")
        .basic_auth("ann", "pw")
        .dialer(network)
        .build()
        .unwrap();
    client.keys().set("/k", "v").await.unwrap();
    let seen = leader.last();
    assert_eq!(seen.line, "PUT /v2/keys/k?prevIndex=3");
    assert_eq!(seen.body, b"value=v");
    assert_eq!(seen.header("authorization"), Some("Basic YW5uOnB3"));
    assert_eq!(seen.header("host"), Some("leader:4001"));
}

#[tokio::test]
async fn a_301_is_never_followed() {
    for status in [301, 302, 303] {
        let server = Server::new([to(status, "/v2/keys/k")]);
        let error = server.client().keys().set("/k", "v").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains("/v2/keys/k"), "{error}");
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn redirects_in_a_circle_end() {
    let server = Server::new(std::iter::repeat_n(to(307, "/v2/keys/k"), 20));
    let error = server.client().keys().set("/k", "v").await.unwrap_err();
    assert!(error.to_string().contains("redirects"), "{error}");
    assert_eq!(server.seen().len(), 6);
}
