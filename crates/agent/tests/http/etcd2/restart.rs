use quorate_agent::AgentConfig;

use super::{Etcd, index, start};

#[tokio::test]
async fn keys_history_index_and_cluster_outlive_the_agent() {
    let folder = tempfile::tempdir().unwrap();
    let config = || AgentConfig::directory(folder.path());
    let agent = start(config()).await;
    let mut etcd = Etcd::of(&agent).await;
    for at in 0..1200 {
        etcd.put("/a", &format!("value={at}")).await;
    }
    etcd.put("/gone", "value=1&ttl=0").await;
    etcd.put("/stays", "value=1&ttl=1000").await;
    let before = etcd.get("/?recursive=true").await;
    agent.shutdown().await;

    let agent = start(config()).await;
    let mut etcd = Etcd::of(&agent).await;
    let after = etcd.get("/?recursive=true").await;
    assert_eq!(index(&after), index(&before));
    let cluster = "x-etcd-cluster-id";
    assert_eq!(after.header(cluster), before.header(cluster));
    let expiration = |answer: &crate::client::Answer| {
        let nodes = answer.json()["node"]["nodes"].clone();
        let nodes = nodes.as_array().unwrap().clone();
        let stays = nodes.into_iter().find(|node| node["key"] == "/stays");
        stays.unwrap()["expiration"].clone()
    };
    assert_eq!(expiration(&after), expiration(&before));
    let last = index(&after);
    let event = etcd
        .get(&format!("/a?wait=true&waitIndex={}", last - 999))
        .await;
    assert_eq!(event.json()["node"]["modifiedIndex"], last - 999);
    let cleared = etcd
        .get(&format!("/a?wait=true&waitIndex={}", last - 1000))
        .await;
    assert_eq!(
        (cleared.status, &cleared.json()["errorCode"]),
        (400, &401.into())
    );
    let next = etcd.put("/a", "value=new").await;
    assert_eq!(index(&next), last + 1);
    agent.shutdown().await;
}
