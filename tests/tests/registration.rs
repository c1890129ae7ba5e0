//! Registrations come back by themselves when the agent is restarted and has forgotten everything,
//! and are drained and removed when they are released.
//!
//! It prints how long that took, for the embedded agent and for the real Consul 1.8.7.

#![allow(clippy::print_stdout, reason = "what it took is printed")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::{BoxFuture, join_all, try_join_all};
use quorate_agent::{Agent, AgentConfig};
use quorate_consul::registration::RegistrationState;
use quorate_consul::registration::{Health, RegistrationGuard, RegistrationOptions};
use quorate_consul::{Client, ServiceRegistration};
use quorate_testkit::server::{ConsulOptions, ConsulServer, ReservedPort};
use quorate_testkit::trial::{Subject, Suite, Target};
use quorate_testkit::{cases, eventually};

/// How many services there are.
const SERVICES: usize = 100;
/// All are back by then, whatever else the machine does.
const BACK: Duration = Duration::from_secs(80);
/// A restart of a real server, and twice that all are back.
const TIME_LIMIT: Duration = Duration::from_secs(300);
/// For how long a service is drained.
const DRAIN: Duration = Duration::from_secs(3);

/// A server that can forget everything.
struct Forgetful {
    url: String,
    server: Server,
}

enum Server {
    Ours {
        agent: Mutex<Option<Agent>>,
        config: Box<AgentConfig>,
        directory: tempfile::TempDir,
        #[expect(dead_code, reason = "nobody else takes the port while this is there")]
        port: ReservedPort,
    },
    Real(Box<ConsulServer>),
}

impl Forgetful {
    async fn ours() -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        let data = directory.path().join("data");
        let config = AgentConfig::directory(&data);
        let port = ReservedPort::new()?.share()?;
        let addr = port.addr();
        let config = config.with_consul_http(addr.to_string().parse()?);
        let agent = Agent::start(config.clone()).await?;
        let server = Server::Ours {
            agent: Mutex::new(Some(agent)),
            config: Box::new(config),
            directory,
            port,
        };
        let url = format!("http://{addr}");
        Ok(Self { url, server })
    }

    async fn real() -> anyhow::Result<Self> {
        let server = ConsulServer::start(ConsulOptions::new()).await?;
        let url = server.url();
        let server = Server::Real(Box::new(server));
        Ok(Self { url, server })
    }

    /// Ends it, wipes its data, and starts it again at the same address.
    async fn forget(&self) -> anyhow::Result<()> {
        match &self.server {
            Server::Real(server) => server.restart_empty().await?,
            Server::Ours {
                agent,
                config,
                directory,
                ..
            } => {
                let lock = || agent.lock().unwrap_or_else(PoisonError::into_inner);
                let running = lock().take();
                running.context("an agent")?.shutdown().await;
                std::fs::remove_dir_all(directory.path().join("data"))?;
                let started = Agent::start((**config).clone()).await?;
                *lock() = Some(started);
            }
        }
        Ok(())
    }
}

fn service(number: usize) -> ServiceRegistration {
    ServiceRegistration::new(format!("web-{}", number % 10))
        .with_id(format!("web-{number}"))
        .with_port(8000 + u16::try_from(number).unwrap())
        .with_tags(["kept"])
}

fn register(client: &Client) -> anyhow::Result<Vec<RegistrationGuard>> {
    let options = RegistrationOptions::new()
        .with_health_ttl(Duration::from_secs(3))
        .with_audit_interval(Duration::from_millis(500))
        .with_drain(DRAIN);
    let start = |number| {
        let registration = client.registration(service(number));
        let healthy = async || Health::passing("fine");
        let registration = registration.with_options(options.clone());
        Ok(registration.with_health(healthy).start()?)
    };
    (0..SERVICES).map(start).collect()
}

/// How many of the services the agent has, with a check that passes.
async fn healthy(client: &Client) -> usize {
    let agent = client.agent();
    let (services, checks) = tokio::join!(agent.services(), agent.checks());
    let (Ok(services), Ok(checks)) = (services, checks) else {
        return 0;
    };
    let passes = |id: &str| {
        let mut own = checks.values().filter(|check| check.service_id == id);
        own.any(|check| check.status.as_str() == "passing")
    };
    services.keys().filter(|id| passes(id)).count()
}

async fn all_are_healthy(client: &Client) -> anyhow::Result<()> {
    let all = || async { (Box::pin(healthy(client)).await == SERVICES).then_some(()) };
    Ok(eventually(BACK, "every service with a check that passes", all).await?)
}

async fn a_hundred_registrations_outlive_an_agent_that_forgets_them(
    server: &Subject<Forgetful>,
) -> anyhow::Result<()> {
    let client = Client::new(&server.url)?;
    let guards = register(&client)?;
    for guard in &guards {
        guard.registered().await?;
    }
    all_are_healthy(&client).await?;
    let began = Instant::now();
    server.forget().await?;
    let down = began.elapsed();
    all_are_healthy(&client).await?;
    let back = began.elapsed();
    println!(
        "{SERVICES} registrations are back {:?} after the agent is ({down:?} down)",
        back.saturating_sub(down)
    );
    for guard in &guards {
        let mut states = Box::pin(wait_for_repair(guard));
        tokio::time::timeout(BACK, &mut states).await?;
    }
    released(&client, guards).await
}

/// Waits until a guard says that it had to register again.
async fn wait_for_repair(guard: &RegistrationGuard) {
    while !matches!(
        guard.state(),
        RegistrationState::Registered { repairs: 1.., .. }
    ) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Releases all: each is in maintenance first, and gone afterwards.
async fn released(client: &Client, guards: Vec<RegistrationGuard>) -> anyhow::Result<()> {
    let drained = || async {
        let checks = client.agent().checks().await.ok()?;
        let maintained = checks
            .keys()
            .filter(|id| id.starts_with("_service_maintenance:"));
        (maintained.count() > 0).then_some(())
    };
    let seen = eventually(BACK, "services that are drained", drained);
    let release: Vec<BoxFuture<'_, _>> = guards
        .into_iter()
        .map(|guard| Box::pin(guard.release()) as BoxFuture<'_, _>)
        .collect();
    let (seen, outcomes) = tokio::join!(seen, join_all(release));
    seen?;
    try_join_all(outcomes.into_iter().map(|outcome| async move { outcome })).await?;
    let left = client.agent().services().await?;
    ensure!(left.is_empty(), "left after the release: {:?}", left.keys());
    Ok(())
}

fn main() -> ExitCode {
    Suite::new()
        .with_target(Target::new("embedded agent", Forgetful::ours))
        .with_target(Target::real(
            "real consul 1.8.7",
            ConsulServer::locate(),
            Forgetful::real,
        ))
        .with_cases(cases![Forgetful; a_hundred_registrations_outlive_an_agent_that_forgets_them])
        .with_time_limit(TIME_LIMIT)
        .run()
}
