//! Refusals, lost answers, and servers that have no v2 API.

use quorate_etcd::v2::{ErrorCode, ErrorKind, Outcome, RetryAdvice};

use crate::script::{Act, Say, Server, event, refused};

#[tokio::test]
async fn a_refusal_keeps_code_status_cause_and_index() {
    let server = Server::new([refused(412, 101, "[one != two]", 17)]);
    let error = server.client().keys().set("/k", "v").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CompareFailed);
    assert_eq!(error.code(), Some(ErrorCode::TestFailed));
    let facts = (error.status(), error.cause(), error.index());
    assert_eq!(facts, (Some(412), Some("[one != two]"), Some(17)));
    assert_eq!(error.advice(), RetryAdvice::Never);
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_repeated() {
    let server = Server::new([Act::Cut, Say::ok(event("set", "/k", "v", 4)).into()]);
    let error = server.client().keys().set("/k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_write_that_timed_out_inside_may_have_happened() {
    let server = Server::new([refused(500, 300, "etcdserver: request timed out", 0)]);
    let error = server.client().keys().create("/k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Indeterminate, Outcome::Unknown)
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_while_there_is_no_leader() {
    let lost = refused(500, 300, "etcdserver: request timed out", 0);
    let acts = [
        Act::Cut,
        lost.into(),
        Say::ok(event("get", "/k", "v", 4)).into(),
    ];
    let server = Server::new(acts);
    assert!(server.client().keys().get("/k").await.unwrap().is_some());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_server_without_the_api_is_named_with_its_version() {
    let none = || Say::status(404, "404 page not found\n");
    let version = |text: &str| {
        Say::ok(format!(
            r#"{{"etcdserver":"{text}","etcdcluster":"{text}"}}"#
        ))
    };
    let server = Server::new([none(), version("3.6.1"), none(), version("3.5.16")]);
    let client = server.client();
    let error = client.keys().get("/k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::Unsupported, Some(404))
    );
    assert!(
        error.to_string().contains("etcd 3.6.1 has no v2 API"),
        "{error}"
    );
    let error = client.members().list().await.unwrap_err();
    assert!(error.to_string().contains("--enable-v2"), "{error}");
    assert_eq!(server.lines()[1], "GET /version");
}

#[tokio::test]
async fn what_no_etcd_says_is_told() {
    let server = Server::new([Say::ok("<html>"), Say::ok("{}")]);
    let keys = server.client().keys();
    for _ in 0..2 {
        let error = keys.set("/k", "v").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert_eq!(
            error.outcome(),
            Outcome::Unknown,
            "it may have been written"
        );
    }
}

#[tokio::test]
async fn another_cluster_than_the_expected_one_is_refused() {
    let say = |id: &str| Say::ok(event("set", "/k", "v", 4)).header("X-Etcd-Cluster-Id", id);
    let server = Server::new([say("abc"), say("abd")]);
    let client = server.builder().expected_cluster(0xabc).build().unwrap();
    client.keys().set("/k", "v").await.unwrap();
    let error = client.keys().set("/k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::ClusterChanged, Outcome::Happened)
    );
}
