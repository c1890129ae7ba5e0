//! Members, machines, versions, statistics.

use quorate_etcd::v2::{ErrorKind, MemberState};

use crate::script::{Say, Server};

const MEMBER: &str = r#"{"id":"ab","name":"","peerURLs":["http://b:2380"],"clientURLs":[]}"#;

#[tokio::test]
async fn members_are_added_changed_and_removed() {
    let server = Server::new([
        Say::status(201, MEMBER),
        Say::status(204, ""),
        Say::status(204, ""),
        Say::status(410, r#"{"message":"Member permanently removed: ab"}"#),
        Say::status(409, r#"{"message":"membership: peerURL exists"}"#),
    ]);
    let members = server.client().members();
    let added = members.add(["http://b:2380"]).await.unwrap();
    assert!(!added.is_started());
    let seen = server.last();
    assert_eq!(
        (seen.line.as_str(), seen.header("content-type")),
        ("POST /v2/members", Some("application/json"))
    );
    assert_eq!(seen.body, br#"{"peerURLs":["http://b:2380"]}"#);
    members.update("ab", ["http://c:2380"]).await.unwrap();
    assert_eq!(server.last().line, "PUT /v2/members/ab");
    members.remove("ab").await.unwrap();
    let error = members.remove("ab").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::NotFound, Some(410))
    );
    let error = members.add(["http://b:2380"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    let error = members.remove("").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn there_is_no_leader_during_an_election() {
    let server = Server::new([
        Say::status(503, r#"{"message":"During election"}"#),
        Say::ok(MEMBER),
    ]);
    let members = server.client().members();
    assert_eq!(members.leader().await.unwrap(), None);
    assert_eq!(members.leader().await.unwrap().unwrap().id, "ab");
}

#[tokio::test]
async fn machines_versions_and_statistics_are_read() {
    let server = Server::new([
        Say::ok("http://a:1, http://b:2"),
        Say::ok("etcd 0.4.9"),
        Say::ok(
            r#"{"name":"n","id":"1","state":"StateLeader","startTime":"2026-11-21T10:56:16Z","leaderInfo":{"leader":"1","uptime":"1m2s","startTime":"2026-11-21T10:56:17Z"},"recvAppendRequestCnt":0,"sendAppendRequestCnt":3}"#,
        ),
        Say::ok(r#"{"getsSuccess":4,"watchers":2}"#),
    ]);
    let client = server.client();
    assert_eq!(
        client.machines().await.unwrap(),
        ["http://a:1", "http://b:2"]
    );
    assert_eq!(client.version().await.unwrap().server, "0.4.9");
    let stats = client.stats().this_member().await.unwrap();
    assert_eq!(stats.state, MemberState::Leader);
    assert_eq!(client.stats().store().await.unwrap().watchers, 2);
    assert_eq!(
        server.lines(),
        [
            "GET /v2/machines",
            "GET /version",
            "GET /v2/stats/self",
            "GET /v2/stats/store"
        ]
    );
}
