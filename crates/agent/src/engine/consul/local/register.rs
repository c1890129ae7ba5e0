use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::health::CRITICAL;
use quorate_wire::consul::service::ServiceAddress;

use super::command::{LocalChange, LocalWrite, ServiceRegistration};
use super::entry::{LocalCheck, LocalService};
use crate::engine::Time;
use crate::engine::change::{Changes, Topic};
use crate::engine::consul::catalog::Service;
use crate::engine::consul::command::Reply;
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::row::Row;
use crate::engine::consul::state::{State, Step};

impl State {
    /// Changes the agent's own services and checks, and the catalog with them.
    pub(in crate::engine::consul) fn write_local(
        &mut self,
        write: LocalWrite,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        let LocalWrite {
            node,
            clock,
            defer,
            change,
        } = write;
        self.local.node = node;
        self.local.defer = defer;
        if self.has_nothing_to_do(&change) {
            return Ok(Reply::Done);
        }
        self.atomically(now, changes, |step| {
            step.change_local(change, clock)?;
            Ok(Reply::Done)
        })
    }

    /// Checks that are run say the same again and again.
    fn has_nothing_to_do(&self, change: &LocalChange) -> bool {
        let LocalChange::Ran {
            id,
            registration,
            status,
            output,
        } = change
        else {
            return false;
        };
        self.local.checks.get(&**id).is_none_or(|known| {
            let check = &known.check;
            // A critical one may have to be remembered as critical since now.
            let timed = status != CRITICAL || self.local.critical_since.contains_key(&**id);
            known.registration != *registration
                || (timed && check.status == *status && check.output == *output)
        })
    }
}

impl Step<'_> {
    fn change_local(&mut self, change: LocalChange, clock: Duration) -> Result<(), Refusal> {
        match change {
            LocalChange::Start => self.start_local(clock),
            LocalChange::RegisterService(registration) => {
                self.register_local_service(*registration, clock)
            }
            LocalChange::DeregisterService(id) => {
                self.remove_local_service(&id);
                Ok(())
            }
            LocalChange::RegisterCheck(check) => self.put_local_check(*check, clock),
            LocalChange::DeregisterCheck(id) => {
                self.remove_local_check(&id);
                Ok(())
            }
            LocalChange::Report { id, status, output } => {
                self.report_local(&id, &status, &output, clock)
            }
            LocalChange::Ran {
                id, status, output, ..
            } => self.set_local_status(&id, &status, &output),
            LocalChange::Maintenance {
                service_id,
                enable,
                reason,
            } => self.maintain_local(service_id.as_deref(), enable, reason),
            LocalChange::Sync => self.sync_local(),
            LocalChange::Reap => {
                self.reap_local();
                Ok(())
            }
        }
    }

    fn register_local_service(
        &mut self,
        registration: ServiceRegistration,
        clock: Duration,
    ) -> Result<(), Refusal> {
        let ServiceRegistration {
            service,
            checks,
            sidecar,
            replace_checks,
        } = registration;
        let parent = Arc::new(service.service.clone());
        self.put_local_service(service, checks, replace_checks, clock)?;
        if let Some(sidecar) = sidecar {
            let (service, checks) = self.complete_sidecar(sidecar, &parent)?;
            self.put_local_service(service, checks, replace_checks, clock)?;
        }
        Ok(())
    }

    fn put_local_service(
        &mut self,
        mut service: LocalService,
        checks: Vec<LocalCheck>,
        replace_checks: bool,
        clock: Duration,
    ) -> Result<(), Refusal> {
        let id: Box<str> = service.service.id.as_str().into();
        add_addresses(&mut service.service);
        let service = Arc::new(service);
        let old = self.state.local.services.get(&*id);
        if old != Some(&service) {
            let services = &mut self.state.local.services;
            services.insert_mut(id.clone(), Arc::clone(&service));
            self.store(Row::LocalService(id.clone(), Some(service)));
            self.wake(Topic::LocalService(id.clone()));
            self.wake(Topic::LocalChecks);
        }
        self.push_service(&id)?;
        if replace_checks {
            let keeps = |id: &str| checks.iter().any(|it| it.check.check_id == id);
            let stale = self.state.local.checks_of(&id).into_iter();
            for stale in stale.filter(|id| !keeps(id)).collect::<Vec<_>>() {
                self.remove_local_check(&stale);
            }
        }
        for check in checks {
            self.put_local_check(check, clock)?;
        }
        Ok(())
    }

    /// Adds a check, or changes how it is run: its status and its output stay then.
    pub(super) fn put_local_check(
        &mut self,
        mut new: LocalCheck,
        clock: Duration,
    ) -> Result<(), Refusal> {
        let id: Box<str> = new.check.check_id.as_str().into();
        if let Some(service) = self.state.local.services.get(&*new.check.service_id) {
            new.check.service_name.clone_from(&service.service.name);
            new.check.service_tags.clone_from(&service.service.tags);
        } else if !new.check.service_id.is_empty() {
            return Err(Refusal::UnknownLocalService(new.check.service_id));
        }
        if let Some(old) = self.state.local.checks.get(&*id) {
            new.check.status.clone_from(&old.check.status);
            new.check.output.clone_from(&old.check.output);
        }
        if new.check.status.is_empty() {
            CRITICAL.clone_into(&mut new.check.status);
        }
        new.registration = self.index;
        new.expires = new.ttl().map(|ttl| clock.saturating_add(ttl));
        self.state.local.stop(&id);
        if let Some(ttl) = new.ttl() {
            self.state.local.expiries.set(&id, self.now.after(ttl));
        }
        self.keep_local_check(&id, new);
        self.wake(Topic::LocalChecks);
        self.wake(Topic::LocalPlans);
        self.push_check(&id)
    }

    /// Stores a check as it is now.
    pub(super) fn keep_local_check(&mut self, id: &str, check: LocalCheck) {
        let check = Arc::new(check);
        let checks = &mut self.state.local.checks;
        checks.insert_mut(id.into(), Arc::clone(&check));
        self.store(Row::LocalCheck(id.into(), Some(check)));
    }

    /// Removes a service, its checks and its sidecar. One that is not there is removed already.
    pub(super) fn remove_local_service(&mut self, id: &str) {
        if !self.state.local.services.remove_mut(id) {
            return;
        }
        for check in self.state.local.checks_of(id) {
            self.remove_local_check(&check);
        }
        self.store(Row::LocalService(id.into(), None));
        self.wake(Topic::LocalService(id.into()));
        self.wake(Topic::LocalChecks);
        let key = self.own_key(id);
        self.remove_service(&key);
        let sidecar = super::sidecar::id_of(id);
        let known = self.state.local.services.get(&*sidecar);
        if known.is_some_and(|known| known.is_sidecar) {
            self.remove_local_service(&sidecar);
        }
    }

    /// Removes a check. One that is not there is removed already.
    pub(super) fn remove_local_check(&mut self, id: &str) {
        if !self.state.local.checks.remove_mut(id) {
            return;
        }
        self.state.local.stop(id);
        self.store(Row::LocalCheck(id.into(), None));
        self.wake(Topic::LocalChecks);
        self.wake(Topic::LocalPlans);
        let key = self.own_key(id);
        self.remove_check(&key);
    }
}

/// An IP address is also the address of its kind, near and far.
fn add_addresses(service: &mut Service) {
    let tags = match service.address.parse() {
        Ok(IpAddr::V4(_)) => ["lan_ipv4", "wan_ipv4"],
        Ok(IpAddr::V6(_)) => ["lan_ipv6", "wan_ipv6"],
        Err(_) => return,
    };
    for tag in tags {
        let addresses = &mut service.tagged_addresses;
        let entry = addresses.entry(tag.to_owned());
        entry.or_insert_with(|| ServiceAddress {
            address: service.address.clone(),
            port: service.port,
        });
    }
}
