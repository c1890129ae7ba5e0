use super::{Etcd, FORM, agent, index, strict_agent};

#[tokio::test]
async fn a_path_with_odd_segments_is_served_and_redirected_only_when_strict() {
    let (lenient, strict) = (agent().await, strict_agent().await);
    let mut etcd = Etcd::of(&lenient).await;
    let answer = etcd.put("//dd/../x/./y", "value=kept").await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json()["node"]["key"], "/x/y");
    assert_eq!(etcd.get("/x/y/").await.json()["node"]["value"], "kept");
    let mut etcd = Etcd::of(&strict).await;
    let answer = etcd.put("//dd?a=b", "value=lost").await;
    assert_eq!(answer.status, 301);
    assert_eq!(answer.header("location"), Some("/v2/keys/dd?a=b"));
    lenient.shutdown().await;
    strict.shutdown().await;
}

#[tokio::test]
async fn a_path_can_not_leave_the_keys() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    for path in [
        "/../../version",
        "/%2e%2e/%2e%2e/version",
        "/..%2F..%2Fversion",
    ] {
        let answer = etcd.get(path).await;
        // It is the version that is asked for, by another name.
        assert!(
            answer.json()["etcdserver"].is_string(),
            "{path}: {}",
            answer.text()
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn the_body_wins_over_the_query_and_other_bodies_are_not_read() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let answer = etcd.put("/a?value=query&ttl=60", "value=body").await;
    assert_eq!(answer.json()["node"]["value"], "body");
    assert_eq!(answer.json()["node"]["ttl"], 60);
    let kind = "Content-Type: text/plain";
    let answer = etcd
        .0
        .ask_with("PUT", "/v2/keys/a", &[kind], b"value=x")
        .await;
    assert_eq!(answer.json()["node"]["value"], "");
    let answer = etcd.write("DELETE", "/a", "prevValue=other").await;
    assert_eq!(
        answer.status, 200,
        "a condition in the body of a DELETE is none"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_quorum_read_does_not_wait() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    etcd.put("/a", "value=1").await;
    let answer = etcd.get("/a?quorum=true&wait=true").await;
    assert_eq!((answer.status, index(&answer)), (200, 4));
    assert_eq!(answer.json()["action"], "get");
    agent.shutdown().await;
}

#[tokio::test]
async fn a_key_expires_by_itself() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    etcd.put("/a", "value=1&ttl=0").await;
    let event = etcd.get("/a?wait=true&waitIndex=5").await;
    assert_eq!(event.json()["action"], "expire");
    let answer = etcd.get("/a").await;
    assert_eq!((answer.status, index(&answer)), (404, 5));
    let stats = etcd.0.get("/v2/stats/store").await.json();
    assert_eq!(stats["expireCount"], 1);
    assert_eq!(
        (&stats["getsFail"], &stats["setsSuccess"]),
        (&1.into(), &1.into())
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_large_value_is_taken_and_a_huge_one_refused() {
    let agent = agent().await;
    let mut etcd = Etcd::of(&agent).await;
    let value = "v".repeat(2 * 1024 * 1024);
    let answer = etcd.put("/big", &format!("value={value}")).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.json()["node"]["value"], value.as_str());
    let body = vec![b'v'; 10 * 1024 * 1024 + 1];
    let answer = etcd
        .0
        .ask_with("PUT", "/v2/keys/huge", &[FORM], &body)
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["errorCode"], 210);
    assert_eq!(answer.json()["cause"], "http: POST too large");
    assert_eq!(Etcd::of(&agent).await.get("/huge").await.status, 404);
    agent.shutdown().await;
}
