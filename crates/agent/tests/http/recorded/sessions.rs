//! Sessions.

use super::Replay;

/// What each creation is named after; the session is then looked at as the server keeps it.
const KEPT: [&str; 28] = [
    "ttl-seconds",
    "ttl-zero",
    "ttl-longest",
    "ttl-mixed-units",
    "lock-delay-string",
    "lock-delay-milliseconds",
    "lock-delay-zero",
    "lock-delay-number-small",
    "lock-delay-number-500",
    "lock-delay-nanoseconds",
    "lock-delay-nanoseconds-string",
    "lock-delay-negative",
    "lock-delay-long",
    "behavior-release",
    "behavior-delete",
    "checks-empty",
    "checks-null",
    "checks-empty-and-node-checks",
    "checks-named",
    "checks-serf-and-node-checks",
    "checks-and-node-checks",
    "node-checks-empty",
    "node-checks-null",
    "node-checks-named",
    "node-checks-twice",
    "service-checks",
    "service-checks-empty",
    "datacenter-ignored",
];

const REFUSED: [&str; 16] = [
    "ttl-too-short",
    "ttl-too-long",
    "ttl-negative",
    "ttl-malformed",
    "ttl-no-unit",
    "ttl-days",
    "ttl-number",
    "lock-delay-no-unit",
    "lock-delay-malformed",
    "behavior-unknown",
    "node-unknown",
    "check-unknown",
    "check-critical",
    "service-check-unknown",
    "bad-json",
    "not-an-object",
];

pub(super) async fn replay(replay: &mut Replay) {
    register_checks(replay).await;
    life(replay).await;
    for name in KEPT {
        replay.same(&[&format!("session-create-{name}")]).await;
        let info = format!("session-info-{name}");
        if !super::DIFFERENT
            .iter()
            .any(|(different, _)| *different == info)
        {
            replay.same(&[&info]).await;
        }
    }
    for name in REFUSED {
        replay.same(&[&format!("session-create-{name}")]).await;
    }
    ends(replay).await;
}

/// The recording registered these through the agent's own endpoints.
async fn register_checks(replay: &mut Replay) {
    let mut client = replay.client().await;
    let body = r#"{"Node":"node-1","SkipNodeUpdate":true,"Service":{"Service":"web","Port":80},
        "Checks":[{"CheckID":"app","Name":"App","Status":"passing"},
        {"CheckID":"sick","Name":"Sick","Status":"critical"},
        {"CheckID":"service:web","Name":"web","Status":"passing","ServiceID":"web"}]}"#;
    client.done("/v1/catalog/register", body).await;
}

async fn life(replay: &mut Replay) {
    replay
        .same(&[
            "session-create-all-fields",
            "session-info-all-fields",
            "session-renew-all-fields",
            "session-create",
            "session-info",
            "session-create-empty-object",
            "session-create-chunked",
            "session-info-chunked",
            "session-create-odd-fields",
            "session-list",
            "session-node",
            "session-node-unknown",
            "session-renew",
        ])
        .await;
    let mut client = replay.client().await;
    for session in client
        .get("/v1/session/list")
        .await
        .json()
        .as_array()
        .unwrap()
    {
        // The recording kept the sessions that it locked keys with.
        let name = session["Name"].as_str().unwrap();
        if matches!(name, "" | "all fields" | "lower case") {
            let target = format!("/v1/session/destroy/{}", session["ID"].as_str().unwrap());
            client.done(&target, "").await;
        }
    }
    replay.same(&["session-list-pretty"]).await;
}

async fn ends(replay: &mut Replay) {
    replay
        .session(r#"{"LockDelay":"0s"}"#, "session-destroy", 0)
        .await;
    replay
        .same(&[
            "session-destroy",
            "session-destroy-unknown",
            "session-info-unknown",
            "session-renew-unknown",
            "session-destroy-malformed-id",
            "session-destroy-no-id",
            "session-renew-malformed-id",
            "session-renew-no-id",
            "session-info-malformed-id",
            "session-info-no-id",
            "session-node-no-name",
        ])
        .await;
}
