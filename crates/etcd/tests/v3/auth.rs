//! Names, passwords and tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use futures_util::future::join_all;
use quorate_etcd::v3::{Client, ErrorKind, Outcome};
use quorate_etcd_proto::etcdserverpb as pb;

use crate::script::{
    Call, FAILED_PRECONDITION, INVALID_ARGUMENT, Server, UNAUTHENTICATED, builder, header, well,
    who,
};

/// A server that accepts only the newest of the tokens that it gave; others are refused with a
/// code and words.
struct Guarded {
    server: Server,
    newest: Arc<AtomicU64>,
}

impl Guarded {
    fn new(code: i32, text: &'static str) -> Self {
        let newest = Arc::new(AtomicU64::new(0));
        let own = Arc::clone(&newest);
        let server = Server::new(move |mut call: Call| {
            let newest = Arc::clone(&own);
            async move {
                if call.is("/Authenticate") {
                    let asked: pb::AuthenticateRequest = call.next().await.unwrap();
                    assert_eq!((&*asked.name, &*asked.password), ("ann", "pw"));
                    tokio::time::sleep(Duration::from_millis(10)).await;
                    let token = newest.fetch_add(1, SeqCst) + 1;
                    return call.answer(&pb::AuthenticateResponse {
                        header: header(5),
                        token: token.to_string(),
                    });
                }
                let token = call.header("token").and_then(|token| token.parse().ok());
                if token == Some(newest.load(SeqCst)) {
                    well(call, "a").await;
                } else {
                    call.refuse(code, text);
                }
            }
        });
        Self { server, newest }
    }

    fn client(&self) -> Client {
        builder(&self.server).user("ann", "pw").build().unwrap()
    }

    /// The server starts anew and knows no token.
    fn forget(&self) {
        self.newest.fetch_add(1, SeqCst);
    }
}

#[tokio::test(start_paused = true)]
async fn many_calls_authenticate_once_and_again_once_when_the_token_ends() {
    for (code, text) in [
        (UNAUTHENTICATED, "etcdserver: invalid auth token"),
        (
            INVALID_ARGUMENT,
            "etcdserver: revision of auth store is old",
        ),
    ] {
        let guarded = Guarded::new(code, text);
        let client = guarded.client();
        join_all((0..20).map(|_| who(&client))).await;
        assert_eq!(guarded.server.count("/Authenticate"), 1);
        guarded.forget();
        join_all((0..20).map(|_| who(&client))).await;
        assert_eq!(guarded.server.count("/Authenticate"), 2, "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_refused_for_its_token_is_sent_again_with_another() {
    let guarded = Guarded::new(UNAUTHENTICATED, "etcdserver: invalid auth token");
    let client = guarded.client();
    client.kv().put("k", "v").await.unwrap();
    guarded.forget();
    client.kv().put("k", "v").await.unwrap();
    assert_eq!(guarded.server.count("/Put"), 3);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_never_accepted_is_asked_for_once_more_and_no_oftener() {
    let server = Server::new(|call: Call| async move {
        if call.is("/Authenticate") {
            call.answer(&pb::AuthenticateResponse {
                header: header(5),
                token: "t".into(),
            });
        } else {
            call.refuse(UNAUTHENTICATED, "etcdserver: invalid auth token");
        }
    });
    let client = builder(&server).user("ann", "pw").build().unwrap();
    let error = client.kv().put("k", "v").await.unwrap_err();
    let found = (error.kind(), error.outcome());
    assert_eq!(found, (ErrorKind::Unauthenticated, Outcome::DidNotHappen));
    assert_eq!(
        (server.count("/Authenticate"), server.count("/Put")),
        (2, 2)
    );
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_told_at_once() {
    let words = "etcdserver: authentication failed, invalid user ID or password";
    let server = Server::new(move |call: Call| async move {
        call.refuse(INVALID_ARGUMENT, words);
    });
    let client = builder(&server).user("ann", "wrong").build().unwrap();
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.text()),
        (ErrorKind::Unauthenticated, Some(words))
    );
    assert_eq!(server.paths().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn servers_with_access_control_off_need_no_token() {
    let server = Server::new(|call: Call| async move {
        if call.is("/Authenticate") {
            call.refuse(
                FAILED_PRECONDITION,
                "etcdserver: authentication is not enabled",
            );
        } else {
            assert_eq!(call.header("token"), None);
            well(call, "a").await;
        }
    });
    let client = builder(&server).user("ann", "pw").build().unwrap();
    for _ in 0..3 {
        assert_eq!(who(&client).await, "a");
    }
    assert_eq!(server.count("/Authenticate"), 1, "it is asked once");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_token_and_leaves_does_not_hold_up_the_others() {
    let guarded = Guarded::new(UNAUTHENTICATED, "etcdserver: invalid auth token");
    let client = guarded.client();
    let kv = client.kv();
    for _ in 0..3 {
        let short = tokio::time::timeout(Duration::from_millis(5), kv.get("k"));
        assert!(short.await.is_err(), "authenticating takes longer");
    }
    assert_eq!(who(&client).await, "a");
}
