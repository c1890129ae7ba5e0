//! Services that are kept registered for as long as somebody wants them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::{
    ErrorKind, Health, HealthStatus, RegisterOptions, Registration, RegistrationState, Service,
};
use tokio::time::{Instant, timeout};

use super::service::{named, passing};
use super::target::{CONSUL, REMOTE, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

const SOON: Duration = Duration::from_secs(50);

/// Long enough for whoever follows the states to see that one, on a busy machine too.
const DRAIN: Duration = Duration::from_secs(3);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_registered_service_is_gone_after_its_release needs [CONSUL],
        a_dropped_registration_is_gone_too needs [CONSUL],
        what_the_closure_says_is_what_others_see needs [CONSUL],
        what_somebody_removed_is_registered_again needs [CONSUL],
        an_update_is_kept_from_then_on needs [CONSUL],
        a_drained_service_is_in_maintenance_before_it_goes needs [CONSUL],
        registering_ends_in_time_where_nobody_answers needs [REMOTE, CONSUL],
        a_registration_waits_for_its_server_and_survives_its_restart needs [REMOTE, CONSUL],
    ]
    .into()
}

/// Waits for a state.
async fn until(
    registration: &Registration,
    what: &str,
    wanted: impl Fn(&RegistrationState) -> bool,
) -> anyhow::Result<RegistrationState> {
    let mut states = registration.states();
    let waiting = async {
        while let Some(state) = states.next().await {
            if wanted(&state) {
                return Ok(state);
            }
        }
        anyhow::bail!("the states ended")
    };
    timeout(SOON, waiting)
        .await
        .with_context(|| what.to_owned())?
}

async fn a_registered_service_is_gone_after_its_release(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let id = format!("{name}-1");
    let service = Service::new(&name).with_id(&id).with_port(80);
    let registration = services.register(service).await?;
    equal("id", registration.id(), id.as_str())?;
    ensure!(registration.state().is_registered());
    registration.registered().await?;
    passing(it, &name, &[&id]).await?;
    let mut states = registration.states();
    registration.release().await?;
    let ended = timeout(SOON, async { while states.next().await.is_some() {} });
    ended.await.context("the states did not end")?;
    passing(it, &name, &[]).await?;
    Ok(())
}

async fn a_dropped_registration_is_gone_too(it: &Subject<Unified>) -> anyhow::Result<()> {
    let name = named(it, "web");
    let registration = it.coordinator.services().register(name.as_str()).await?;
    passing(it, &name, &[&name]).await?;
    drop(registration);
    passing(it, &name, &[]).await?;
    Ok(())
}

async fn what_the_closure_says_is_what_others_see(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let well = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&well);
    let options = RegisterOptions::default().with_health(move || {
        let well = asked.load(Ordering::SeqCst);
        async move {
            match well {
                true => Health::passing("42 users"),
                false => Health::critical("no disk"),
            }
        }
    });
    let registration = services.register_with(name.as_str(), &options).await?;
    passing(it, &name, &[&name]).await?;
    well.store(false, Ordering::SeqCst);
    registration.check_now();
    let critical = Health::critical("no disk");
    let told = |state: &RegistrationState| match state {
        RegistrationState::Registered { health, .. } => health.as_ref() == Some(&critical),
        _ => false,
    };
    until(&registration, "the server was not told", told).await?;
    passing(it, &name, &[]).await?;
    let checks = services.checks(&name).await?;
    let check = checks.first().context("no check")?;
    let shown = (check.status, check.output.as_str());
    equal("check", shown, (HealthStatus::Critical, "no disk"))?;
    Ok(registration.release().await?)
}

async fn what_somebody_removed_is_registered_again(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let options = RegisterOptions::default().with_audit_interval(Duration::from_millis(100));
    let registration = services.register_with(name.as_str(), &options).await?;
    it.another().await?.services().deregister(&name).await?;
    let repaired = |state: &RegistrationState| match state {
        RegistrationState::Registered { repairs, .. } => *repairs > 0,
        _ => false,
    };
    until(&registration, "it was not repaired", repaired).await?;
    passing(it, &name, &[&name]).await?;
    Ok(registration.release().await?)
}

async fn an_update_is_kept_from_then_on(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let options = RegisterOptions::default().with_audit_interval(Duration::from_millis(100));
    let registration = services.register_with(name.as_str(), &options).await?;
    // The id of an update does not count.
    let service = Service::new(&name).with_id("another").with_port(81);
    registration.update(service)?;
    let updated = || async {
        let found = services.instances(&name).await?;
        let ports: Vec<_> = found.iter().map(|it| (it.id.as_str(), it.port)).collect();
        equal("instances", ports, vec![(name.as_str(), 81)])
    };
    crate::eventually_ok(SOON, "the port is the new one", updated).await?;
    let error = registration.update("").err().context("accepted")?;
    equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
    Ok(registration.release().await?)
}

async fn a_drained_service_is_in_maintenance_before_it_goes(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let options = RegisterOptions::default().with_drain(DRAIN);
    let registration = services.register_with(name.as_str(), &options).await?;
    let mut states = registration.states();
    let watching = async {
        let mut drained = false;
        while let Some(state) = states.next().await {
            drained |= matches!(state, RegistrationState::Draining);
        }
        drained
    };
    let begun = Instant::now();
    let (released, drained) = tokio::join!(registration.release(), watching);
    released?;
    ensure!(drained, "it was never drained");
    ensure!(begun.elapsed() >= DRAIN);
    passing(it, &name, &[]).await?;
    Ok(())
}

async fn registering_ends_in_time_where_nobody_answers(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let remote = it.remote().await?;
    remote.proxy.refuse().await;
    let options = RegisterOptions::default().with_wait(Duration::from_millis(500));
    let begun = Instant::now();
    let services = remote.coordinator.services();
    let error = services.register_with("web", &options).await.err();
    let error = error.context("registered")?;
    let kinds = [ErrorKind::Unavailable, ErrorKind::Timeout];
    ensure!(kinds.contains(&error.kind()), "{error:?}");
    ensure!(begun.elapsed() < SOON);
    Ok(())
}

async fn a_registration_waits_for_its_server_and_survives_its_restart(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let mut remote = it.remote().await?;
    remote.proxy.refuse().await;
    let options = RegisterOptions::default()
        .with_audit_interval(Duration::from_millis(100))
        .with_health(async || Health::passing(""));
    let services = remote.coordinator.services();
    let registration = services.keep_registered("web", &options)?;
    let failed = |state: &RegistrationState| match state {
        RegistrationState::Registering { tries, .. } => *tries > 0,
        _ => false,
    };
    until(&registration, "no try failed", failed).await?;
    remote.proxy.restore().await;
    until(
        &registration,
        "it was not registered",
        RegistrationState::is_registered,
    )
    .await?;
    remote.restart().await?;
    let direct = remote.direct().await?;
    let back = || async {
        let found = direct.services().instances("web").await?;
        equal("instances", found.len(), 1)
    };
    crate::eventually_ok(SOON, "it passes again", back).await?;
    Ok(registration.release().await?)
}
