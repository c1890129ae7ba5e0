//! The task that keeps one service registered.

use std::sync::Arc;
use std::time::Duration;

use quorate_net::backoff::Backoff;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::guard::is_final;
use super::health::{Health, Probe, ask};
use super::{MAX_REPAIR_PAUSE, RegistrationOptions, RegistrationState, drift};

use crate::error::Class;
use crate::{
    CheckDefinition, Client, Error, ErrorKind, RegisterOptions, ServiceRegistration, WriteOptions,
};

/// The first pause between two tries to repair is drawn below this.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long until something is tried again that the agent refused for good.
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
/// How often a service that nobody waits for is deregistered, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
/// How often a release tries to deregister.
const RELEASE_TRIES: u32 = 3;

/// What the guard wants.
#[derive(Debug)]
pub(super) enum Order {
    Update(Box<ServiceRegistration>),
    CheckNow,
    Release(oneshot::Sender<Result<(), Error>>),
}

/// Keeps one service.
pub(super) struct Keeper {
    client: Client,
    service: ServiceRegistration,
    options: RegistrationOptions,
    probe: Option<Probe>,
    state: watch::Sender<RegistrationState>,
    registrations: u64,
}

/// Why keeping ended.
enum End {
    /// Somebody waits for the service to be deregistered.
    Release(oneshot::Sender<Result<(), Error>>),
    /// The guard was dropped, or the client is closed.
    Dropped,
}

/// What interrupts waiting.
enum Wake {
    /// It is time.
    Due,
    /// What is to be registered has changed.
    Changed,
    End(End),
}

impl Keeper {
    pub(super) fn new(
        client: Client,
        service: ServiceRegistration,
        options: RegistrationOptions,
        probe: Option<Probe>,
        state: watch::Sender<RegistrationState>,
    ) -> Self {
        Self {
            client,
            service,
            options,
            probe,
            state,
            registrations: 0,
        }
    }

    pub(super) async fn run(
        mut self,
        mut orders: mpsc::UnboundedReceiver<Order>,
        mut stop: impl Future<Output = ()> + Send + Unpin,
    ) {
        let end = loop {
            if let Some(end) = self.register(&mut orders, &mut stop).await {
                break end;
            }
            if let Some(end) = self.watch_over(&mut orders, &mut stop).await {
                break end;
            }
        };
        match end {
            End::Release(reply) => {
                let result = self.release().await;
                self.state.send_replace(RegistrationState::Released);
                // Whoever asked may have gone; it is done all the same.
                let _ = reply.send(result);
            }
            End::Dropped => {
                self.part().await;
                self.state.send_replace(RegistrationState::Released);
            }
        }
    }

    /// Tries until the agent has the service; `Some` if that is not wanted any more.
    async fn register(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        stop: &mut (impl Future<Output = ()> + Send + Unpin),
    ) -> Option<End> {
        let mut backoff = Backoff::new(FIRST_PAUSE, MAX_REPAIR_PAUSE);
        let mut tries = 0u32;
        loop {
            let health = self.ask().await;
            let error = match self.register_once(health.as_ref()).await {
                Ok(()) => {
                    self.registrations += 1;
                    self.say_registered(health);
                    return None;
                }
                Err(error) => error,
            };
            tries = tries.saturating_add(1);
            tracing::debug!(service = self.service.id(), %error, tries, "not registered");
            let pause = if is_final(&error) {
                REFUSED_PAUSE
            } else {
                backoff.next_delay()
            };
            self.state.send_replace(RegistrationState::Registering {
                reason: Some(Arc::new(error)),
                tries,
            });
            match self.wait(Instant::now() + pause, orders, stop).await {
                Wake::Due | Wake::Changed => {}
                Wake::End(end) => return Some(end),
            }
        }
    }

    async fn register_once(&self, health: Option<&Health>) -> Result<(), Error> {
        let mut service = self.service.clone();
        if let Some(health) = health {
            // A check that is new starts with what is known; one that the agent has already keeps
            // its status, so it is told as well.
            let mut check = CheckDefinition::ttl(self.options.health_ttl)
                .with_id(self.check_id())
                .with_name(format!("Health of {}", self.service.name))
                .with_status(health.status.clone());
            if let Some(after) = self.options.deregister_critical_after {
                check = check.with_deregister_critical_service_after(after);
            }
            service = service.with_check(check);
        }
        let options = RegisterOptions::new()
            .with_replace_existing_checks()
            .with_write(self.write());
        let agent = self.client.agent();
        agent.register_service_with(&service, &options).await?;
        match health {
            Some(health) => self.tell(health).await,
            None => Ok(()),
        }
    }

    /// Tells the agent how the service is, and looks whether it has it as it should be, until it
    /// has not. `Some` if that is not wanted any more.
    async fn watch_over(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        stop: &mut (impl Future<Output = ()> + Send + Unpin),
    ) -> Option<End> {
        let mut failures = Backoff::new(FIRST_PAUSE, MAX_REPAIR_PAUSE.min(self.beat()));
        let mut next_beat = Instant::now() + self.beat();
        let mut next_audit = Instant::now() + self.options.audit_interval;
        loop {
            match self.wait(next_beat.min(next_audit), orders, stop).await {
                Wake::End(end) => return Some(end),
                Wake::Changed => return None,
                Wake::Due => {}
            }
            let health = self.ask().await;
            let told = match &health {
                Some(health) => self.tell(health).await,
                None => Ok(()),
            };
            let looked = match told {
                Ok(()) if Instant::now() >= next_audit => {
                    next_audit = Instant::now() + self.options.audit_interval;
                    self.audit().await
                }
                other => other,
            };
            match looked {
                Ok(()) => {
                    failures.reset();
                    next_beat = Instant::now() + self.beat();
                    self.say_registered(health);
                }
                // The agent does not know the service or its check: it forgot.
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::NotFound | ErrorKind::InvalidArgument
                    ) =>
                {
                    tracing::debug!(service = self.service.id(), %error, "registered again");
                    self.state.send_replace(RegistrationState::Registering {
                        reason: Some(Arc::new(error)),
                        tries: 0,
                    });
                    return None;
                }
                // It can't be asked. When it can be again, it may have forgotten.
                Err(error) => {
                    self.state.send_replace(RegistrationState::Registering {
                        reason: Some(Arc::new(error)),
                        tries: 0,
                    });
                    next_beat = Instant::now() + failures.next_delay();
                    next_audit = next_beat;
                }
            }
        }
    }

    /// Fails with `NotFound` unless the agent has the service as it should be.
    async fn audit(&self) -> Result<(), Error> {
        let id = self.service.id();
        let query = self.write().into();
        let found = self.client.agent().service_with(id, &query).await?.value;
        let amiss = match &found {
            None => Some("it is not registered"),
            Some(found) => drift::of(&self.service, found),
        };
        match amiss {
            None => Ok(()),
            Some(what) => {
                let operation = format!("look at service `{}`", id.escape_debug());
                Err(Error::new(Class::refused(ErrorKind::NotFound), operation).with_detail(what))
            }
        }
    }

    async fn ask(&self) -> Option<Health> {
        match &self.probe {
            Some(probe) => Some(ask(probe, self.options.health_ttl / 3).await),
            None => None,
        }
    }

    async fn tell(&self, health: &Health) -> Result<(), Error> {
        let (id, write) = (self.check_id(), self.write());
        let agent = self.client.agent();
        agent
            .update_ttl_with(&id, &health.status, &health.note, &write)
            .await
    }

    /// How every call is sent: with the token of the options, or that of the service itself.
    fn write(&self) -> WriteOptions {
        self.options.write().or_token(&self.service.token)
    }

    /// The id of the check that the health closure feeds.
    fn check_id(&self) -> String {
        format!("quorate-health:{}", self.service.id())
    }

    /// How often the agent is told, less a random tenth, so that many services do not beat as one.
    fn beat(&self) -> Duration {
        if self.probe.is_none() {
            return self.options.audit_interval;
        }
        let third = self.options.health_ttl / 3;
        third
            - Backoff::new(third / 10, third / 10)
                .next_delay()
                .min(third / 10)
    }

    fn say_registered(&self, health: Option<Health>) {
        self.state.send_replace(RegistrationState::Registered {
            health,
            repairs: self.registrations.saturating_sub(1),
        });
    }

    /// Waits until `until`, or for something to do.
    async fn wait(
        &mut self,
        until: Instant,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        stop: &mut (impl Future<Output = ()> + Send + Unpin),
    ) -> Wake {
        tokio::select! {
            biased;
            () = stop => Wake::End(End::Dropped),
            order = orders.recv() => match order {
                None => Wake::End(End::Dropped),
                Some(Order::Release(reply)) => Wake::End(End::Release(reply)),
                Some(Order::CheckNow) => Wake::Due,
                Some(Order::Update(service)) => {
                    self.service = *service;
                    Wake::Changed
                }
            },
            () = sleep_until(until) => Wake::Due,
        }
    }

    async fn release(&self) -> Result<(), Error> {
        let (id, write) = (self.service.id(), self.write());
        let agent = self.client.agent();
        if !self.options.drain.is_zero() {
            self.state.send_replace(RegistrationState::Draining);
            let drained = agent.enable_service_maintenance_with(id, "draining", &write);
            match drained.await {
                Ok(()) => sleep(self.options.drain).await,
                Err(error) => tracing::debug!(service = id, %error, "not drained"),
            }
        }
        let mut backoff = Backoff::new(FIRST_PAUSE, FIRST_PAUSE * 4);
        for left in (0..RELEASE_TRIES).rev() {
            match agent.deregister_service_with(id, &write).await {
                Err(error) if left > 0 && !is_final(&error) => sleep(backoff.next_delay()).await,
                result => return result,
            }
        }
        Ok(())
    }

    /// Deregisters the service for nobody in particular.
    async fn part(&self) {
        let (id, write) = (self.service.id(), self.write());
        for _ in 0..PARTING_TRIES {
            let deregister = self.client.agent();
            let gone = deregister.deregister_service_with(id, &write);
            if matches!(timeout(PARTING_TIMEOUT, gone).await, Ok(Ok(()))) {
                return;
            }
        }
        tracing::debug!(
            service = id,
            "left at its agent, which could not be reached"
        );
    }
}
