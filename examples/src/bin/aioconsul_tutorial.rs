//! The tutorial of aioconsul 0.7, snippet by snippet, in Rust. Each part asserts what the document
//! says of it; where that is wrong (`acl.update` that creates, a GET that no server takes), the part
//! does what was meant.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::acl::EntryRequest;
use quorate_consul::wire::prepared_query::PreparedQuery;
use quorate_consul::{
    CheckDefinition, CheckRegistration, Client, Consistency, DeregisterRequest, ErrorKind,
    FireOptions, HealthCheck, HealthStatus, NodeService, QueryOptions, RegisterRequest,
    ServiceRegistration, SessionRequest, TxnOutcome,
};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let client = coordinator.native_consul().context("not a Consul")?.clone();
    tutorial(&client).await?;
    acl(&client).await?;
    agent(&client).await?;
    checks(&client).await?;
    members(&client).await?;
    services(&client).await?;
    catalog(&client).await?;
    events(&client).await?;
    health(&client).await?;
    keys(&client).await?;
    transactions(&client).await?;
    coordinates(&client).await?;
    operator(&client).await?;
    queries(&client).await?;
    sessions(&client).await?;
    status(&client).await?;
    coordinator.close().await?;
    println!("every snippet did what it says");
    Ok(())
}

/// Section 3: members, and the catalog.
async fn tutorial(client: &Client) -> anyhow::Result<()> {
    let members = client.agent().members().await?;
    ensure!(members.len() == 1, "I am alone in my cluster");
    let joined = client.agent().join("127.0.0.1:1").await;
    ensure!(joined.is_err(), "nobody is there to be joined");

    for datacenter in client.catalog().datacenters().await? {
        println!("{datacenter}");
    }
    for (service, tags) in client.catalog().services().await? {
        println!("{service} {tags:?}");
    }
    for node in client.catalog().nodes().await? {
        println!("{} {}", node.node, node.address);
    }
    Ok(())
}

/// 5.3.2. The servers of this example have no access rules, and say so.
async fn acl(client: &Client) -> anyhow::Result<()> {
    let rules = r#"key "" { policy = "read" } key "private/" { policy = "deny" }"#;
    let token = EntryRequest::new("my-app-token").with_rules(rules);
    match client.acl().legacy().create(&token).await {
        Ok(id) => {
            client
                .acl()
                .legacy()
                .update(&token.with_id(id.clone()))
                .await?;
            let info = client
                .acl()
                .legacy()
                .info(&id)
                .await?
                .context("just made")?;
            ensure!(info.rules == rules);
            let clone = client.acl().legacy().clone_token(&id).await?;
            client.acl().legacy().destroy(&clone).await?;
            ensure!(!client.acl().legacy().list().await?.is_empty());
            client.acl().legacy().destroy(&id).await?;
        }
        Err(error) => ensure!(error.kind() == ErrorKind::Unsupported, "{error}"),
    }
    match client.acl().replication().await {
        Ok(info) => println!("replication: {info:?}"),
        Err(error) => ensure!(error.kind() == ErrorKind::Unsupported, "{error}"),
    }
    Ok(())
}

/// 5.3.3
async fn agent(client: &Client) -> anyhow::Result<()> {
    let info = client.agent().self_info().await?;
    println!("the agent is {}", info.config.node_name);
    client.agent().enable_maintenance("migrating").await?;
    let checks = client.agent().checks().await?;
    ensure!(checks["_node_maintenance"].notes == "migrating");
    client.agent().disable_maintenance().await?;
    Ok(())
}

/// 5.3.4
async fn checks(client: &Client) -> anyhow::Result<()> {
    let agent = client.agent();
    let check = CheckDefinition::ttl(Duration::from_secs(15)).with_id("mem");
    agent
        .register_check(&CheckRegistration::new("Memory utilization", check))
        .await?;
    ensure!(agent.checks().await?.contains_key("mem"));
    let mut after = Vec::new();
    agent.fail_ttl("mem", "Fatal").await?;
    after.push(agent.checks().await?["mem"].output.clone());
    agent.warn_ttl("mem", "Warning").await?;
    after.push(agent.checks().await?["mem"].output.clone());
    agent.pass_ttl("mem", "Back to normal").await?;
    after.push(agent.checks().await?["mem"].output.clone());
    ensure!(after == ["Fatal", "Warning", "Back to normal"]);
    agent.deregister_check("mem").await?;
    ensure!(!agent.checks().await?.contains_key("mem"));
    Ok(())
}

/// 5.3.5
async fn members(client: &Client) -> anyhow::Result<()> {
    ensure!(client.agent().join_wan("127.0.0.1:1").await.is_err());
    ensure!(client.agent().members().await?[0].is_alive());
    ensure!(
        client.agent().force_leave("my-node").await.is_err(),
        "there is none"
    );
    Ok(())
}

/// 5.3.6
async fn services(client: &Client) -> anyhow::Result<()> {
    let agent = client.agent();
    let service = ServiceRegistration::new("redis")
        .with_id("redis1")
        .with_tags(["master", "v1"]);
    agent.register_service(&service).await?;
    ensure!(agent.services().await?["redis1"].tags == ["master", "v1"]);
    agent
        .enable_service_maintenance("redis1", "migrating")
        .await?;
    let health = agent
        .service_health("redis1")
        .await?
        .context("registered")?;
    ensure!(health.aggregated_status == HealthStatus::Maintenance);
    agent.disable_service_maintenance("redis1").await?;
    agent.deregister_service("redis1").await?;
    ensure!(agent.service("redis1").await?.is_none());
    Ok(())
}

/// 5.3.7
async fn catalog(client: &Client) -> anyhow::Result<()> {
    let catalog = client.catalog();
    let redis = NodeService::new("redis")
        .with_id("redis1")
        .with_tags(["master", "v1"])
        .with_address("127.0.0.1")
        .with_port(8000);
    let check = HealthCheck::new("service:redis1", HealthStatus::Passing)
        .with_name("Redis health check")
        .with_notes("Script based health check")
        .with_service_id("redis1");
    let definitions = RegisterRequest::new("foobar", "192.168.10.10")
        .with_service(redis)
        .with_check(check);
    catalog.register(&definitions).await?;
    ensure!(!catalog.datacenters().await?.is_empty());
    let near = QueryOptions::new().with_near("_agent");
    let nodes = catalog.nodes_with(&near).await?;
    ensure!(nodes.value.iter().any(|node| node.node == "foobar"));
    let index = nodes.meta.index.context("an index")?;
    let watch = QueryOptions::new().with_blocking(index, Duration::from_millis(50));
    let foobar = catalog.node_with("foobar", &watch).await?.value;
    ensure!(
        foobar
            .context("registered")?
            .services
            .contains_key("redis1")
    );
    let stale = QueryOptions::new().with_consistency(Consistency::Stale);
    ensure!(
        catalog
            .services_with(&stale)
            .await?
            .value
            .contains_key("redis")
    );
    ensure!(catalog.service_tagged("redis", &["prod"]).await?.is_empty());
    ensure!(catalog.service_tagged("redis", &["v1"]).await?.len() == 1);
    let checks = client.health().checks("redis").await?;
    ensure!(checks[0].check_id == "service:redis1");
    catalog
        .deregister(&DeregisterRequest::node("foobar"))
        .await?;
    ensure!(catalog.node("foobar").await?.is_none());
    Ok(())
}

/// 5.3.8
async fn events(client: &Client) -> anyhow::Result<()> {
    let fired = client
        .event()
        .fire_with("my-event", "qux", &FireOptions::new())
        .await?;
    ensure!(fired.payload == "qux");
    let mut seen = client.event().list(Some("my-event")).await?;
    while !seen.iter().any(|event| event.id == fired.id) {
        tokio::time::sleep(Duration::from_millis(20)).await;
        seen = client.event().list(Some("my-event")).await?;
    }
    Ok(())
}

/// 5.3.9
async fn health(client: &Client) -> anyhow::Result<()> {
    let node = client.agent().node_name().await?;
    let checks = client.health().node(&node).await?;
    ensure!(checks.iter().any(|check| check.check_id == "serfHealth"));
    ensure!(client.health().checks("my-service").await?.is_empty());
    let near = QueryOptions::new().with_near("_agent");
    let passing = client
        .health()
        .state_with(&HealthStatus::Passing, &near)
        .await?;
    ensure!(passing.value.iter().any(|check| check.node == node));
    Ok(())
}

/// 5.3.10
async fn keys(client: &Client) -> anyhow::Result<()> {
    let (kv, folder) = (client.kv(), format!("{}/my", prefix("aioconsul")));
    let key = format!("{folder}/key");
    kv.put(&key, "my value").await?;
    ensure!(kv.keys(&format!("{folder}/"), Some("/")).await? == [key.as_str()]);
    let entry = kv.get(&key).await?.context("just written")?;
    ensure!(entry.value == "my value");

    ensure!(kv.cas(&key, "another", entry.modify_index).await?);
    ensure!(!kv.cas(&key, "too late", entry.modify_index).await?);
    ensure!(!kv.delete_cas(&key, entry.modify_index).await?);

    let session = client.session().create(&SessionRequest::new()).await?;
    ensure!(kv.acquire(&key, "my value", &session).await?);
    ensure!(kv.release(&key, "my value", &session).await?);
    client.session().destroy(&session).await?;

    ensure!(kv.list(&folder).await?.len() == 1);
    kv.delete(&key).await?;
    kv.delete_tree(&folder).await?;
    ensure!(kv.get(&key).await?.is_none());
    Ok(())
}

/// 5.3.11
async fn transactions(client: &Client) -> anyhow::Result<()> {
    let key = format!("{}/txn", prefix("aioconsul"));
    let outcome = client
        .txn()
        .set(&key, "my value")
        .get(&key)
        .delete(&key)
        .commit()
        .await?;
    let TxnOutcome::Committed(rows) = outcome else {
        anyhow::bail!("rolled back: {outcome:?}");
    };
    ensure!(rows.value.len() == 2, "a deletion has no row");
    Ok(())
}

/// 5.3.12
async fn coordinates(client: &Client) -> anyhow::Result<()> {
    ensure!(!client.coordinate().datacenters().await?.is_empty());
    println!("{} coordinates", client.coordinate().nodes().await?.len());
    Ok(())
}

/// 5.3.13
async fn operator(client: &Client) -> anyhow::Result<()> {
    let raft = client.operator().raft();
    let configuration = raft.configuration().await?;
    ensure!(configuration.servers.iter().any(|server| server.leader));
    ensure!(
        raft.remove_peer_by_address("10.11.12.13:8300")
            .await
            .is_err(),
        "there is none"
    );
    Ok(())
}

/// 5.3.14
async fn queries(client: &Client) -> anyhow::Result<()> {
    let queries = client.prepared_query();
    let name = format!("tutorial-{}", std::process::id());
    let id = queries.create(&PreparedQuery::new(&name, "consul")).await?;
    ensure!(queries.list().await?.iter().any(|query| query.id == id));
    let mut query = queries.read(&id).await?.context("just made")?;
    ensure!(queries.explain(&name).await?.name == name);
    query.service.service = "redis".into();
    queries.update(&id, &query).await?;
    ensure!(queries.execute(&name).await?.nodes.is_empty());
    queries.delete(&id).await?;
    ensure!(queries.read(&id).await?.is_none());
    Ok(())
}

/// 5.3.15
async fn sessions(client: &Client) -> anyhow::Result<()> {
    let request = SessionRequest::new()
        .with_name("tutorial")
        .with_ttl(Duration::from_secs(150));
    let id = client.session().create(&request).await?;
    let info = client.session().info(&id).await?.context("just made")?;
    ensure!(info.ttl() == Some(Duration::from_secs(150)), "2m30s");
    ensure!(client.session().renew(&id).await?.is_some());
    ensure!(
        client
            .session()
            .node(&info.node)
            .await?
            .iter()
            .any(|one| one.id == id)
    );
    ensure!(
        client
            .session()
            .list()
            .await?
            .iter()
            .any(|one| one.id == id)
    );
    client.session().destroy(&id).await?;
    ensure!(client.session().info(&id).await?.is_none());
    Ok(())
}

/// 5.3.16
async fn status(client: &Client) -> anyhow::Result<()> {
    let leader = client.status().leader().await?.context("no leader")?;
    ensure!(client.status().peers().await?.contains(&leader));
    Ok(())
}
