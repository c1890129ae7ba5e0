//! What a request may do with the agent's own services and checks.
//!
//! While access rules are on, Consul looks for what is to be changed before it asks who may: what
//! does not exist is then an error, also where it would else be none.

use super::permit::{Permit, denied_without};
use super::reply::{Refused, Reply};
use crate::engine::consul::{Check, Service, ServiceRegistration, State};
use crate::quote::quote;

impl Permit {
    /// To register a service with its sidecar, maybe over another one.
    pub(super) fn check_registration(
        &self,
        state: &State,
        registration: &ServiceRegistration,
    ) -> Result<(), Refused> {
        if !self.is_restricted() {
            return Ok(());
        }
        let sidecar = registration.sidecar.as_ref().map(|it| &it.service.service);
        let services = [Some(&registration.service.service), sidecar];
        for service in services.into_iter().flatten() {
            self.check_service(state, service)?;
        }
        Ok(())
    }

    fn check_service(&self, state: &State, service: &Service) -> Result<(), Refused> {
        let old = state.local_service(&service.id);
        let old = old.is_none_or(|old| self.service_write(&old.service.name));
        match old && self.service_write(&service.name) {
            true => Ok(()),
            false => Err(missing_service(&service.name)),
        }
    }

    /// To change a service that is registered.
    pub(super) fn check_service_change(&self, state: &State, id: &str) -> Result<(), Refused> {
        if !self.is_restricted() {
            return Ok(());
        }
        let Some(local) = state.local_service(id) else {
            let text = format!("Unknown service {{{} {{}}}}", quote(id));
            return Err(Reply::server_error(text).into());
        };
        match self.service_write(&local.service.name) {
            true => Ok(()),
            false => Err(missing_service(&local.service.name)),
        }
    }

    /// To register a check, maybe over another one.
    pub(super) fn check_check(
        &self,
        state: &State,
        node: &str,
        id: &str,
        service_id: &str,
    ) -> Result<(), Refused> {
        if !self.is_restricted() {
            return Ok(());
        }
        let service = state.local_service(service_id);
        self.check_of(node, service.map(|local| local.service.name.as_str()))?;
        match state.local_check(id) {
            Some(old) => self.check_of(node, service_of(state, &old.check)),
            None => Ok(()),
        }
    }

    /// To change a check that is registered.
    pub(super) fn check_check_change(
        &self,
        state: &State,
        node: &str,
        id: &str,
    ) -> Result<(), Refused> {
        if !self.is_restricted() {
            return Ok(());
        }
        let Some(local) = state.local_check(id) else {
            let text = format!("Unknown check {}", quote(id));
            return Err(Reply::server_error(text).into());
        };
        self.check_of(node, service_of(state, &local.check))
    }

    /// To change a check of a service, or of the node.
    fn check_of(&self, node: &str, service: Option<&str>) -> Result<(), Refused> {
        match service {
            Some(service) if !self.service_write(service) => Err(missing_service(service)),
            None if !self.node_write(node) => {
                Err(denied_without(format_args!("node:write on {node}")).into())
            }
            _ => Ok(()),
        }
    }

    /// To see a check of this agent.
    pub(super) fn check_read(&self, state: &State, node: &str, check: &Check) -> bool {
        match service_of(state, check) {
            Some(service) => self.service_read(service),
            None => self.node_read(node),
        }
    }
}

fn missing_service(name: &str) -> Refused {
    denied_without(format_args!("service:write on {name}")).into()
}

/// The name of a check's service; `None` for a check of the node.
fn service_of<'a>(state: &'a State, check: &'a Check) -> Option<&'a str> {
    if check.service_id.is_empty() {
        return None;
    }
    let local = state.local_service(&check.service_id);
    Some(local.map_or(check.service_name.as_str(), |local| &local.service.name))
}
