//! Go's `consul/api` as its document shows it, in Rust: the usage, and each type with each function.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::event::EventWatchOptions;
use quorate_consul::lock::LOCK_FLAGS;
use quorate_consul::semaphore::SEMAPHORE_FLAGS;
use quorate_consul::{
    CheckDefinition, CheckRegistration, Client, DeregisterRequest, Event, HealthStatus,
    LockOptions, PutOptions, QueryOptions, RegisterRequest, SemaphoreOptions, ServiceQuery,
    ServiceRegistration, SessionKeeper, SessionRequest,
};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let client = coordinator.native_consul().context("not a Consul")?.clone();
    usage(&client).await?;
    agent(&client).await?;
    catalog_and_health(&client).await?;
    events(&client).await?;
    keys(&client).await?;
    sessions(&client).await?;
    locks(&client).await?;
    semaphores(&client).await?;
    raw_and_status(&client).await?;
    coordinator.close().await?;
    println!("every function did what it says");
    Ok(())
}

/// "Usage": put a pair, look it up.
async fn usage(client: &Client) -> anyhow::Result<()> {
    let key = format!("{}/foo", prefix("go"));
    client.kv().put(&key, "test").await?;
    let pair = client.kv().get(&key).await?.context("just written")?;
    println!("KV: {pair:?}");
    ensure!(pair.value == "test");
    Ok(())
}

async fn agent(client: &Client) -> anyhow::Result<()> {
    let agent = client.agent();
    let itself = agent.self_info().await?;
    ensure!(agent.node_name().await? == itself.config.node_name);
    ensure!(
        agent
            .members()
            .await?
            .iter()
            .any(|member| member.is_alive())
    );
    ensure!(agent.members_wan().await?.len() == 1);
    ensure!(agent.join("127.0.0.1:1").await.is_err() && agent.force_leave("nobody").await.is_err());

    let web = ServiceRegistration::new("go-web")
        .with_port(8000)
        .with_tags(["a", "b"])
        .with_check(CheckDefinition::ttl(Duration::from_secs(15)));
    agent.register_service(&web).await?;
    ensure!(agent.services().await?.contains_key("go-web"));
    let id = "service:go-web";
    ensure!(
        agent.checks().await?[id].status == HealthStatus::Critical,
        "until it is told"
    );
    agent.pass_ttl(id, "fine").await?;
    agent.warn_ttl(id, "busy").await?;
    agent.fail_ttl(id, "down").await?;
    agent
        .update_ttl(id, &HealthStatus::from_alias("pass"), "up")
        .await?;
    ensure!(agent.checks().await?[id].status == HealthStatus::Passing);
    let check = CheckDefinition::ttl(Duration::from_secs(15)).with_id("go-check");
    agent
        .register_check(&CheckRegistration::new("of the node", check))
        .await?;
    agent.deregister_check("go-check").await?;

    agent.enable_service_maintenance("go-web", "broken").await?;
    agent.disable_service_maintenance("go-web").await?;
    agent.enable_maintenance("broken").await?;
    agent.disable_maintenance().await?;
    agent.deregister_service("go-web").await?;
    ensure!(agent.service("go-web").await?.is_none());
    Ok(())
}

async fn catalog_and_health(client: &Client) -> anyhow::Result<()> {
    let (catalog, health) = (client.catalog(), client.health());
    ensure!(!catalog.datacenters().await?.is_empty());
    let service = quorate_consul::NodeService::new("go-redis")
        .with_tags(["master"])
        .with_port(8000);
    let check = quorate_consul::HealthCheck::new("service:go-redis", HealthStatus::Passing)
        .with_service_id("go-redis");
    let register = RegisterRequest::new("go-foobar", "192.168.10.10")
        .with_service(service)
        .with_check(check);
    catalog.register(&register).await?;
    ensure!(
        catalog
            .nodes()
            .await?
            .iter()
            .any(|node| node.node == "go-foobar")
    );
    ensure!(catalog.services().await?["go-redis"] == ["master"]);
    ensure!(catalog.service("go-redis").await?[0].service_port == 8000);
    ensure!(catalog.node("go-foobar").await?.is_some());

    ensure!(health.node("go-foobar").await?.len() == 1);
    ensure!(health.checks("go-redis").await?.len() == 1);
    let passing = ServiceQuery::new("go-redis")
        .with_tag("master")
        .with_passing_only();
    ensure!(health.service(passing).await?[0].effective_address() == "192.168.10.10");
    ensure!(health.any().await?.len() >= 2);

    let service = DeregisterRequest::service("go-foobar", "go-redis");
    catalog.deregister(&service).await?;
    catalog
        .deregister(&DeregisterRequest::node("go-foobar"))
        .await?;
    ensure!(health.node("go-foobar").await?.is_empty());
    Ok(())
}

async fn events(client: &Client) -> anyhow::Result<()> {
    let name = format!("go-{}", std::process::id());
    let options = EventWatchOptions::new().with_replay();
    let mut events = client.event().watch_with(Some(&name), options);
    let fired = client.event().fire(&name, "payload").await?;
    let seen = events.next().await?.event;
    ensure!(seen.id == fired.id && seen.payload == "payload" && seen.ltime > 0);
    let index = client
        .event()
        .list_with(Some(&name), &QueryOptions::new())
        .await?
        .meta
        .index;
    ensure!(index == Event::id_to_index(&fired.id));
    Ok(())
}

async fn keys(client: &Client) -> anyhow::Result<()> {
    let (kv, folder) = (client.kv(), prefix("go-keys"));
    let key = format!("{folder}/a");
    let flags = PutOptions::new().with_flags(u64::MAX);
    ensure!(kv.put_with(&key, "1", &flags).await?);
    let pair = kv.get(&key).await?.context("just written")?;
    ensure!(pair.flags == u64::MAX);
    ensure!(kv.cas(&key, "2", pair.modify_index).await?);
    ensure!(kv.keys(&folder, None).await? == [key.as_str()]);
    ensure!(kv.list(&folder).await?.len() == 1);

    // A watch is a blocking query in a loop, with all its rules.
    let mut changes = kv.watch(&key);
    ensure!(changes.next().await?.value.context("it exists")?.value == "2");
    kv.delete(&key).await?;
    ensure!(changes.next().await?.value.is_none());
    ensure!(
        kv.delete_cas(&key, 1).await?,
        "what does not exist counts as deleted"
    );
    kv.delete_tree(&folder).await?;
    Ok(())
}

async fn sessions(client: &Client) -> anyhow::Result<()> {
    let sessions = client.session();
    let id = sessions
        .create_no_checks(&SessionRequest::new().with_name("go"))
        .await?;
    let info = sessions.info(&id).await?.context("just made")?;
    ensure!(sessions.list().await?.iter().any(|one| one.id == id));
    ensure!(
        sessions
            .node(&info.node)
            .await?
            .iter()
            .any(|one| one.id == id)
    );
    ensure!(sessions.renew(&id).await?.is_some());
    sessions.destroy(&id).await?;
    ensure!(sessions.renew(&id).await?.is_none(), "it has ended");

    // RenewPeriodic, which says when it has failed.
    let request = SessionRequest::new().with_ttl(Duration::from_secs(10));
    let keeper = SessionKeeper::start(client, request).await?;
    ensure!(keeper.is_alive());
    keeper.destroy().await?;
    Ok(())
}

async fn locks(client: &Client) -> anyhow::Result<()> {
    let key = format!("{}/lock", prefix("go"));
    let options = LockOptions::new()
        .with_value("me")
        .with_ttl(Duration::from_secs(15));
    let lock = client.lock(&key).with_options(options);
    let guard = lock.acquire().await?;
    let entry = client.kv().get(&key).await?.context("locked")?;
    ensure!(entry.flags == LOCK_FLAGS && entry.session.as_deref() == Some(guard.session_id()));
    ensure!(
        !lock.try_acquire().await?.is_acquired(),
        "ErrLockHeld, without an error"
    );
    guard.release().await?;
    lock.destroy().await?;
    ensure!(client.kv().get(&key).await?.is_none());
    Ok(())
}

async fn semaphores(client: &Client) -> anyhow::Result<()> {
    let folder = format!("{}/semaphore", prefix("go"));
    let options = SemaphoreOptions::new().with_ttl(Duration::from_secs(15));
    let semaphore = client.semaphore(&folder, 2).with_options(options);
    let (one, two) = (semaphore.acquire().await?, semaphore.acquire().await?);
    ensure!(
        !semaphore.try_acquire().await?.is_acquired(),
        "two at a time"
    );
    let record = client
        .kv()
        .get(&format!("{folder}/.lock"))
        .await?
        .context("it is in use")?;
    ensure!(record.flags == SEMAPHORE_FLAGS);
    one.release().await?;
    two.release().await?;
    semaphore.destroy().await?;
    Ok(())
}

async fn raw_and_status(client: &Client) -> anyhow::Result<()> {
    let leader: String = client.raw().get("/v1/status/leader").await?.json()?;
    ensure!(client.status().leader().await?.as_deref() == Some(leader.as_str()));
    ensure!(client.status().peers().await?.contains(&leader));
    let written = client
        .raw()
        .put(&format!("/v1/kv/{}/raw", prefix("go")), "x")
        .await?;
    ensure!(written.text()? == "true");
    Ok(())
}
