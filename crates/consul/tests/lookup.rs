//! The instances of a service: registered, listed with their health, and followed.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig};
use quorate_consul::lookup::InstanceSets;
use quorate_consul::{
    Client, DeregisterRequest, HealthCheck, HealthStatus, NodeService, RegisterRequest,
    ServiceQuery,
};
use tokio::time::timeout;

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(20);

async fn agent() -> (Agent, Client) {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    (agent, client)
}

/// Registers an instance of `web` on a node of its own, with one check.
async fn register(client: &Client, node: &str, status: HealthStatus, output: &str) {
    let web = NodeService::new("web")
        .with_id("web-1")
        .with_port(80)
        .with_tags(["v2"]);
    let check = HealthCheck::new("service:web-1", status)
        .with_service_id("web-1")
        .with_output(output);
    let address = format!("10.0.0.{}", node.len());
    let request = RegisterRequest::new(node, address)
        .with_service(web)
        .with_check(check);
    client.catalog().register(&request).await.unwrap();
}

/// The nodes of the next set, those that were added, and those that were removed.
async fn next(sets: &mut InstanceSets) -> [Vec<String>; 3] {
    let set = timeout(PATIENCE, sets.next()).await.unwrap().unwrap();
    [set.instances, set.added, set.removed]
        .map(|instances| instances.into_iter().map(|it| it.node).collect())
}

#[tokio::test]
async fn services_are_listed_by_name_and_tag() {
    let (agent, client) = agent().await;
    register(&client, "n", HealthStatus::Passing, "").await;
    assert_eq!(client.catalog().services().await.unwrap()["web"], ["v2"]);
    let instances = client.catalog().service("web").await.unwrap();
    assert_eq!((instances.len(), instances[0].service_port), (1, 80));
    assert_eq!(instances[0].effective_address(), "10.0.0.1");
    assert_eq!(
        client
            .catalog()
            .service_tagged("web", &["V2"])
            .await
            .unwrap()
            .len(),
        1
    );
    assert!(
        client
            .catalog()
            .service_tagged("web", &["v1"])
            .await
            .unwrap()
            .is_empty()
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn instances_come_with_all_checks_that_concern_them() {
    let (agent, client) = agent().await;
    register(&client, "n", HealthStatus::Warning, "slow").await;
    let of_node = HealthCheck::new("disk", HealthStatus::Passing);
    let request = RegisterRequest::new("n", "10.0.0.1").with_check(of_node);
    client.catalog().register(&request).await.unwrap();
    let entries = client.health().service("web").await.unwrap();
    let checks: Vec<_> = entries[0]
        .checks
        .iter()
        .map(|check| &*check.check_id)
        .collect();
    assert_eq!(checks, ["disk", "service:web-1"]);
    assert_eq!(entries[0].status(), HealthStatus::Warning);
    let passing = ServiceQuery::new("web").with_passing_only();
    assert!(client.health().service(passing).await.unwrap().is_empty());
    let own = client.health().checks("web").await.unwrap();
    assert_eq!((own.len(), &*own[0].output), (1, "slow"));
    agent.shutdown().await;
}

#[tokio::test]
async fn sets_of_instances_tell_who_came_and_went_and_no_more() {
    let (agent, client) = agent().await;
    let mut sets = client.lookup("web").watch();
    let nobody: [Vec<String>; 3] = Default::default();
    assert_eq!(next(&mut sets).await, nobody);
    register(&client, "b", HealthStatus::Passing, "").await;
    assert_eq!(
        next(&mut sets).await,
        [vec!["b".to_owned()], vec!["b".to_owned()], vec![]]
    );
    register(&client, "aa", HealthStatus::Passing, "").await;
    let both = vec!["aa".to_owned(), "b".to_owned()];
    assert_eq!(next(&mut sets).await, [both, vec!["aa".to_owned()], vec![]]);
    // Only the output of a check changes: callers could not notice.
    register(&client, "b", HealthStatus::Passing, "still fine").await;
    let quiet = timeout(Duration::from_millis(150), sets.next()).await;
    assert!(quiet.is_err(), "{quiet:?}");
    register(&client, "aa", HealthStatus::Critical, "").await;
    assert_eq!(
        next(&mut sets).await,
        [vec!["b".to_owned()], vec![], vec!["aa".to_owned()]]
    );
    client
        .catalog()
        .deregister(&DeregisterRequest::node("b"))
        .await
        .unwrap();
    assert_eq!(
        next(&mut sets).await,
        [vec![], vec![], vec!["b".to_owned()]]
    );
    agent.shutdown().await;
}
