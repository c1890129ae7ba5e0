//! Services on Consul: registered at the agent, found in the catalog.

use std::time::Duration;

use quorate_consul::registration::RegistrationOptions;
use quorate_consul::wire::agent::{HttpCheck, TcpCheck};
use quorate_consul::{self as native, CheckDefinition, Lookup, RegisterOptions as NativeRegister};

use super::registration::ConsulRegistration;
use super::{ConsulBackend, health};
use crate::backend::mapped::mapped;
use crate::backend::{BoxFuture, BoxStream, KeptService, ServiceBackend};
use crate::{
    CheckProbe, CheckResult, Error, Instance, InstanceOptions, InstanceSet, Near, RegisterOptions,
    Result, Service, ServiceCheck, ServiceSummary, WantedHealth,
};

/// Agents count at least this long before they remove what is critical.
const LEAST_DEREGISTER_AFTER: Duration = Duration::from_secs(60);

impl ServiceBackend for ConsulBackend {
    fn register(
        &self,
        service: &Service,
        options: &RegisterOptions,
    ) -> Result<Box<dyn KeptService>> {
        let operation = format!("register service `{}`", service.id());
        let mut registration = self
            .client
            .registration(self.registration(service, &operation)?)
            .with_options(kept(service, options));
        if let Some(probe) = options.health.clone() {
            registration = registration.with_health(move || {
                let asked = probe();
                async move { health::said(asked.await) }
            });
        }
        let guard = registration.start();
        let guard = guard.map_err(|error| self.error(error, operation))?;
        Ok(Box::new(ConsulRegistration::new(guard, self.clone())))
    }

    /// `PUT /v1/agent/service/register`
    fn add<'a>(&'a self, service: &'a Service) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = format!("register service `{}`", service.id());
            let wanted = self.registration(service, &operation)?;
            let options = NativeRegister::new().with_replace_existing_checks();
            let agent = self.client.agent();
            let added = agent.register_service_with(&wanted, &options).await;
            added.map_err(|error| self.error(error, operation))
        })
    }

    /// `PUT /v1/agent/service/deregister/:id`
    fn deregister<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let gone = self.client.agent().deregister_service(id).await;
            gone.map_err(|error| self.error(error, format!("deregister service `{id}`")))
        })
    }

    /// `GET /v1/catalog/services`
    fn list(&self) -> BoxFuture<'_, Result<Vec<ServiceSummary>>> {
        Box::pin(async move {
            let found = self.client.catalog().services_with(&self.query(None)).await;
            let found = found.map_err(|error| self.error(error, "list the services"))?;
            let summary = |(name, tags)| ServiceSummary::new(name, tags);
            Ok(found.value.into_iter().map(summary).collect())
        })
    }

    /// `GET /v1/health/service/:name`
    fn instances<'a>(
        &'a self,
        name: &'a str,
        options: &'a InstanceOptions,
    ) -> BoxFuture<'a, Result<Vec<Instance>>> {
        Box::pin(async move {
            let found = self.lookup(name, options).instances().await;
            let operation = || format!("list the instances of service `{name}`");
            let found = found.map_err(|error| self.error(error, operation()))?;
            Ok(found.into_iter().map(instance).collect())
        })
    }

    /// `GET /v1/health/service/:name`, blocking.
    fn watch(
        &self,
        name: &str,
        options: &InstanceOptions,
    ) -> Result<BoxStream<'static, Result<InstanceSet>>> {
        let sets = self.lookup(name, options).watch();
        let (backend, operation) = (self.clone(), format!("watch service `{name}`"));
        Ok(mapped(sets, move |next| match next {
            Ok(found) => Ok(set(found)),
            Err(error) => Err(backend.error(error, operation.as_str())),
        }))
    }

    /// `GET /v1/health/checks/:name`
    fn checks<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<CheckResult>>> {
        Box::pin(async move {
            let options = self.query(None);
            let found = self.client.health().checks_with(name, &options).await;
            let operation = || format!("list the checks of service `{name}`");
            let found = found.map_err(|error| self.error(error, operation()))?;
            Ok(health::results(found.value))
        })
    }

    /// `PUT /v1/agent/service/maintenance/:id`
    fn maintain<'a>(&'a self, id: &'a str, reason: Option<&'a str>) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let agent = self.client.agent();
            let (verb, done) = match reason {
                Some(reason) => ("begin", agent.enable_service_maintenance(id, reason).await),
                None => ("end", agent.disable_service_maintenance(id).await),
            };
            let operation = || format!("{verb} the maintenance of service `{id}`");
            done.map_err(|error| self.error(error, operation()))
        })
    }
}

impl ConsulBackend {
    fn lookup(&self, name: &str, options: &InstanceOptions) -> Lookup {
        let query = match &options.near {
            None => self.query(None),
            // The agent that is asked, whatever its node is called.
            Some(Near::Here) => self.query(None).with_near("_agent"),
            Some(Near::Node(node)) => self.query(None).with_near(node.as_str()),
        };
        let mut lookup = self.client.lookup(name).with_options(query);
        if options.health == WantedHealth::Any {
            lookup = lookup.with_any_health();
        }
        let tags = options.tags.iter();
        tags.fold(lookup, |lookup, tag| lookup.with_tag(tag.as_str()))
    }

    /// The service in the words of Consul.
    pub(super) fn registration(
        &self,
        service: &Service,
        operation: &str,
    ) -> Result<native::ServiceRegistration> {
        let refused = |why: String| Error::invalid(operation, why).with_target(self.url.as_str());
        let after = service.deregister_critical_after;
        if let Some(after) = after.filter(|after| *after < LEAST_DEREGISTER_AFTER) {
            let least = LEAST_DEREGISTER_AFTER;
            let why = format!("deregister_critical_after: {after:?} is less than {least:?}");
            return Err(refused(why));
        }
        let mut wanted = native::ServiceRegistration::new(service.name.as_str())
            .with_id(service.id())
            .with_port(service.port)
            .with_tags(service.tags.iter().cloned());
        wanted.meta.clone_from(&service.meta);
        if let Some(address) = &service.address {
            wanted = wanted.with_address(address.as_str());
        }
        for check in &service.checks {
            let mut check = definition(check);
            check.deregister_critical_service_after = after;
            wanted = wanted.with_check(check);
        }
        let valid = wanted.validate();
        valid.map_err(|error| refused(error.to_string()).with_source(error))?;
        Ok(wanted)
    }
}

fn definition(check: &ServiceCheck) -> CheckDefinition {
    let (every, timeout) = (check.interval, check.timeout);
    match &check.probe {
        CheckProbe::Http(url) => HttpCheck::new(url, every).with_timeout(timeout).into(),
        CheckProbe::Tcp(address) => TcpCheck::new(address, every).with_timeout(timeout).into(),
    }
}

fn kept(service: &Service, options: &RegisterOptions) -> RegistrationOptions {
    let kept = RegistrationOptions::new()
        .with_health_ttl(options.ttl)
        .with_audit_interval(options.audit_interval)
        .with_drain(options.drain);
    match service.deregister_critical_after {
        Some(after) => kept.with_deregister_critical_after(after),
        None => kept,
    }
}

fn instance(found: native::lookup::Instance) -> Instance {
    let mut instance = Instance::new(found.node, found.id, found.address);
    instance.port = found.port;
    instance.tags = found.tags;
    instance.meta = found.meta;
    instance.status = health::status(&found.status);
    instance
}

fn set(found: native::lookup::InstanceSet) -> InstanceSet {
    let all = |some: Vec<_>| some.into_iter().map(instance).collect();
    InstanceSet {
        instances: all(found.instances),
        added: all(found.added),
        removed: all(found.removed),
    }
}
