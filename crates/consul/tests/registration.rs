//! Registrations that repair themselves.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use quorate_agent::{AclConfig, AclDefault, Agent, AgentConfig};
use quorate_consul::acl::{Access, Link, PolicyRequest, Rules, TokenRequest};
use quorate_consul::registration::{Health, RegistrationOptions, RegistrationState};
use quorate_consul::{Client, ErrorKind, RegistrationGuard, ServiceRegistration};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

async fn agent() -> (Agent, Client) {
    let agent = Agent::start(AgentConfig::memory()).await.unwrap();
    let client = Client::builder().dialer(agent.dialer()).build().unwrap();
    (agent, client)
}

fn web() -> ServiceRegistration {
    ServiceRegistration::new("web")
        .with_id("web-1")
        .with_port(8080)
}

fn quick() -> RegistrationOptions {
    RegistrationOptions::new()
        .with_health_ttl(Duration::from_secs(1))
        .with_audit_interval(Duration::from_millis(100))
}

async fn until(guard: &RegistrationGuard, what: impl Fn(&RegistrationState) -> bool) {
    let mut states = guard.states();
    let reached = async {
        while let Some(state) = states.next().await {
            if what(&state) {
                return;
            }
        }
        panic!("the states have ended");
    };
    let reached = timeout(PATIENCE, reached).await;
    assert!(reached.is_ok(), "it stays at {:?}", guard.state());
}

fn repaired(times: u64) -> impl Fn(&RegistrationState) -> bool {
    move |state| matches!(state, RegistrationState::Registered { repairs, .. } if *repairs >= times)
}

async fn status_of(client: &Client, id: &str) -> Option<String> {
    let checks = client.agent().checks().await.unwrap();
    checks
        .get(&format!("quorate-health:{id}"))
        .map(|check| check.status.to_string())
}

#[tokio::test]
async fn a_service_that_somebody_removes_or_changes_is_put_back() {
    let (agent, client) = agent().await;
    let guard = client
        .registration(web())
        .with_options(quick())
        .start()
        .unwrap();
    timeout(PATIENCE, guard.registered())
        .await
        .unwrap()
        .unwrap();
    client.agent().deregister_service("web-1").await.unwrap();
    until(&guard, repaired(1)).await;
    assert!(client.agent().service("web-1").await.unwrap().is_some());
    client
        .agent()
        .register_service(&web().with_port(9))
        .await
        .unwrap();
    until(&guard, repaired(2)).await;
    assert_eq!(
        client.agent().service("web-1").await.unwrap().unwrap().port,
        8080
    );
    guard.release().await.unwrap();
    agent.shutdown().await;
}

#[tokio::test]
async fn the_agent_is_told_how_the_service_is_and_a_check_that_is_gone_comes_back() {
    let (agent, client) = agent().await;
    let load = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&load);
    let guard = client
        .registration(web())
        .with_options(quick())
        .with_health(move || {
            let load = seen.load(Relaxed);
            async move {
                match load {
                    0 => Health::passing("idle"),
                    1 => Health::warning("busy"),
                    _ => Health::critical("overloaded"),
                }
            }
        })
        .start()
        .unwrap();
    timeout(PATIENCE, guard.registered())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(status_of(&client, "web-1").await, Some("passing".into()));
    load.store(1, Relaxed);
    guard.check_now();
    let warned = |state: &RegistrationState| {
        matches!(state, RegistrationState::Registered { health: Some(health), .. }
            if *health == Health::warning("busy"))
    };
    until(&guard, warned).await;
    assert_eq!(status_of(&client, "web-1").await, Some("warning".into()));
    client
        .agent()
        .deregister_check("quorate-health:web-1")
        .await
        .unwrap();
    until(&guard, repaired(1)).await;
    assert_eq!(
        status_of(&client, "web-1").await,
        Some("warning".into()),
        "it comes back as it was, and not as critical"
    );
    drop(guard);
    agent.shutdown().await;
}

#[tokio::test]
async fn an_agent_that_was_wiped_has_every_service_back() {
    let folder = tempfile::tempdir().unwrap();
    let socket = format!("unix://{}", folder.path().join("http.sock").display());
    let start = || async {
        let config = AgentConfig::memory().with_consul_http(socket.parse().unwrap());
        Agent::start(config).await.unwrap()
    };
    let agent = start().await;
    let client = Client::new(&socket).unwrap();
    let guards: Vec<_> = (0..20)
        .map(|number| {
            let service = ServiceRegistration::new("web").with_id(format!("web-{number}"));
            let registration = client.registration(service).with_options(quick());
            registration
                .with_health(async || Health::passing(""))
                .start()
                .unwrap()
        })
        .collect();
    for guard in &guards {
        timeout(PATIENCE, guard.registered())
            .await
            .unwrap()
            .unwrap();
    }
    agent.shutdown().await;
    until(&guards[0], |state| !state.is_registered()).await;
    let agent = start().await;
    for guard in &guards {
        until(guard, repaired(1)).await;
    }
    assert_eq!(client.agent().services().await.unwrap().len(), 20);
    client.close().await;
    assert_eq!(
        Client::new(&socket)
            .unwrap()
            .agent()
            .services()
            .await
            .unwrap()
            .len(),
        0,
        "closing the client deregisters them"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn a_release_drains_the_service_and_deregisters_it() {
    let (agent, client) = agent().await;
    let options = quick().with_drain(Duration::from_millis(300));
    let guard = client
        .registration(web())
        .with_options(options)
        .start()
        .unwrap();
    timeout(PATIENCE, guard.registered())
        .await
        .unwrap()
        .unwrap();
    let mut states = guard.states();
    let release = guard.release();
    let look = async {
        while !matches!(states.next().await, Some(RegistrationState::Draining)) {}
        loop {
            let checks = client.agent().checks().await.unwrap();
            if checks.contains_key("_service_maintenance:web-1") {
                return;
            }
            sleep(Duration::from_millis(2)).await;
        }
    };
    let (released, drained) = tokio::join!(release, timeout(PATIENCE, look));
    released.unwrap();
    assert!(drained.is_ok(), "it was not in maintenance first");
    assert!(client.agent().service("web-1").await.unwrap().is_none());
    assert!(matches!(
        states.next().await,
        Some(RegistrationState::Released)
    ));
    assert!(states.next().await.is_none());
    agent.shutdown().await;
}

#[tokio::test]
async fn what_is_registered_can_be_changed_and_the_id_stays() {
    let (agent, client) = agent().await;
    let guard = client
        .registration(web())
        .with_options(quick())
        .start()
        .unwrap();
    timeout(PATIENCE, guard.registered())
        .await
        .unwrap()
        .unwrap();
    guard.update(web().with_id("other").with_tag("v2")).unwrap();
    until(&guard, repaired(1)).await;
    assert_eq!(
        client.agent().service("web-1").await.unwrap().unwrap().tags,
        ["v2"]
    );
    assert!(client.agent().service("other").await.unwrap().is_none());
    let invalid = guard.update(ServiceRegistration::new(""));
    assert_eq!(invalid.unwrap_err().kind(), ErrorKind::InvalidArgument);
    agent.shutdown().await;
}

#[tokio::test]
async fn what_can_not_be_registered_is_refused_before_anything_is_sent() {
    let (agent, client) = agent().await;
    let short = quick().with_health_ttl(Duration::from_millis(10));
    let error = client
        .registration(web())
        .with_options(short)
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("web-1"), "{error}");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    let nameless = client.registration(ServiceRegistration::default()).start();
    assert_eq!(nameless.unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert!(client.agent().services().await.unwrap().is_empty());
    agent.shutdown().await;
}

const MANAGEMENT: &str = "11111111-2222-4333-8444-555555555555";

/// A token that may do what the service `web` needs; its accessor and its secret.
async fn token_for_web(manager: &Client) -> (String, String) {
    let tokens = manager.acl().tokens();
    let request = TokenRequest::new().with_policy(Link::name("web"));
    let token = tokens.create(&request).await.unwrap();
    (token.accessor_id, token.secret_id.expose().to_owned())
}

#[tokio::test]
async fn a_service_is_kept_with_its_own_token_and_a_new_one_takes_over() {
    let acl = AclConfig::default()
        .with_default_policy(AclDefault::Deny)
        .with_management_token(MANAGEMENT);
    let agent = Agent::start(AgentConfig::memory().with_acl(acl))
        .await
        .unwrap();
    let client = |token: &str| {
        let builder = Client::builder().dialer(agent.dialer());
        builder.token(token).build().unwrap()
    };
    let (manager, nobody) = (client(MANAGEMENT), client("anonymous"));
    let rules = Rules::new().service("web", Access::Write);
    let policy = PolicyRequest::new("web", rules);
    manager.acl().policies().create(&policy).await.unwrap();
    let (first, secret) = token_for_web(&manager).await;
    let health = async || Health::passing("well");
    let start = |service: ServiceRegistration| {
        let registration = nobody.registration(service).with_options(quick());
        registration.with_health(health).start().unwrap()
    };

    // The client's own token may not do it.
    let denied = start(web());
    let error = timeout(PATIENCE, denied.registered()).await.unwrap();
    assert_eq!(error.unwrap_err().kind(), ErrorKind::PermissionDenied);
    drop(denied);

    // The service's may.
    let guard = start(web().with_token(secret));
    let registered = timeout(PATIENCE, guard.registered()).await.unwrap();
    registered.unwrap();
    assert!(status_of(&manager, "web-1").await.is_some());

    // When it is taken away the guard says so, and goes on with a new one.
    manager.acl().tokens().delete(&first).await.unwrap();
    until(&guard, |state| !state.is_registered()).await;
    let (_, secret) = token_for_web(&manager).await;
    guard.update(web().with_port(9).with_token(secret)).unwrap();
    until(&guard, RegistrationState::is_registered).await;
    let found = manager.agent().service("web-1").await.unwrap();
    assert_eq!(found.unwrap().port, 9);
    guard.release().await.unwrap();
    let found = manager.agent().service("web-1").await.unwrap();
    assert!(found.is_none());
    agent.shutdown().await;
}
