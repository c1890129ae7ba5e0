//! What the agent makes of a service that a client registers, or why not.

use std::collections::BTreeMap;

use quorate_wire::consul::service::ServiceKind;

use super::agent_check_decode::{SentCheck, is_status};
use super::agent_service_decode::SentService;
use super::agent_service_kind as kind;
use super::reply::{Refused, Reply};
use crate::config::Compat;
use crate::engine::consul::{
    LocalCheck, LocalService, Service, ServiceRegistration, ServiceWeights, SidecarSpec, check_meta,
};
use crate::local::Settings;

/// Where a sidecar finds its service unless it says.
const LOCAL: &str = "127.0.0.1";

impl SentService {
    /// The service, its checks and its sidecar as the agent keeps them, or in Consul's words why
    /// not.
    pub(super) fn into_registration(
        mut self,
        settings: &Settings,
        compat: Compat,
    ) -> Result<ServiceRegistration, Refused> {
        self.check_itself()?;
        let sidecar = self.sidecar.take();
        let checks = self.take_checks();
        let Self { service, .. } = self;
        check_all(&checks, compat)?;
        let sidecar = match sidecar {
            None => None,
            Some(sidecar) => Some(sidecar.into_sidecar(&service, settings, compat)?),
        };
        Ok(ServiceRegistration {
            checks: local_checks(&service, checks, settings)?,
            service: LocalService {
                service,
                is_sidecar: false,
            },
            sidecar,
            replace_checks: false,
        })
    }

    fn check_itself(&mut self) -> Result<(), Refused> {
        let service = &mut self.service;
        if service.name.is_empty() {
            return Err(Reply::bad_request("Missing service name").into());
        }
        if matches!(service.address.as_str(), "0.0.0.0" | "::" | "[::]") {
            return Err(Reply::bad_request("Invalid service address").into());
        }
        service.weights = self.weights.unwrap_or_default();
        check_weights(service.weights)
            .map_err(|text| Reply::bad_request(format!("Invalid Weights: {text}")))?;
        check_meta(service.meta.as_ref())
            .map_err(|text| Reply::bad_request(format!("Invalid Service Meta: {text}")))?;
        if service.id.is_empty() {
            service.id.clone_from(&service.name);
        }
        let valid = kind::validate(&self.service, self.sidecar.is_some());
        valid.map_err(Reply::bad_request)?;
        if let Some(sidecar) = &self.sidecar {
            let mut problems = Vec::new();
            if !sidecar.service.id.is_empty() {
                let text = "A SidecarService cannot specify an ID as this is managed by the agent";
                problems.push(text.to_owned());
            }
            if sidecar.sidecar.is_some() {
                problems.push("A SidecarService cannot have a nested SidecarService".to_owned());
            }
            kind::list(&problems).map_err(Reply::bad_request)?;
        }
        Ok(())
    }

    fn take_checks(&mut self) -> Vec<SentCheck> {
        let single = self.check.take().filter(|check| !check.is_empty());
        let listed = std::mem::take(&mut self.checks);
        single.into_iter().chain(listed).collect()
    }

    /// The sidecar of `parent`, which it takes after. Its id, and its port if it has none, are the
    /// engine's to give.
    fn into_sidecar(
        mut self,
        parent: &Service,
        settings: &Settings,
        compat: Compat,
    ) -> Result<SidecarSpec, Refused> {
        // An agent of Consul's answers all of this with 500.
        let refuse = |text: String| Reply::server_error(format!("Bad request: {text}"));
        let checks = self.take_checks();
        let Self {
            mut service,
            weights,
            ..
        } = self;
        if service.kind.is_typical() {
            service.kind = ServiceKind::ConnectProxy;
        }
        service.id = format!("{}-sidecar-proxy", parent.id);
        let ServiceWeights { passing, warning } = weights.unwrap_or_default();
        service.weights = ServiceWeights {
            passing: passing.max(1),
            warning: warning.max(0),
        };
        if service.name.is_empty() {
            service.name = format!("{}-sidecar-proxy", parent.name);
        }
        if service.tags.is_empty() {
            service.tags.clone_from(&parent.tags);
        }
        if service.meta.as_ref().is_none_or(BTreeMap::is_empty) {
            service.meta.clone_from(&parent.meta);
        }
        let proxy = &mut service.proxy;
        proxy.destination_service_name.clone_from(&parent.name);
        proxy.destination_service_id.clone_from(&parent.id);
        if proxy.local_service_address.is_empty() {
            LOCAL.clone_into(&mut proxy.local_service_address);
        }
        if proxy.local_service_port == 0 {
            proxy.local_service_port = parent.port;
        }
        check_meta(service.meta.as_ref())
            .map_err(|text| refuse(format!("Invalid SidecarService: {text}")))?;
        for check in &checks {
            let valid = check.validate(compat);
            valid.map_err(|text| refuse(format!("Invalid check in sidecar_service: {text}")))?;
        }
        check_statuses(&checks).map_err(|text| refuse(text.into()))?;
        let checks = match checks.is_empty() {
            true => None,
            false => Some(local_checks(&service, checks, settings)?),
        };
        Ok(SidecarSpec {
            service: LocalService {
                service,
                is_sidecar: true,
            },
            checks,
        })
    }
}

fn check_all(checks: &[SentCheck], compat: Compat) -> Result<(), Refused> {
    for check in checks {
        let valid = check.validate(compat);
        valid.map_err(|text| Reply::bad_request(format!("Invalid check: {text}")))?;
    }
    check_statuses(checks).map_err(|text| Reply::bad_request(text).into())
}

fn check_statuses(checks: &[SentCheck]) -> Result<(), &'static str> {
    let mut statuses = checks.iter().map(|check| check.status.as_str());
    match statuses.all(|status| status.is_empty() || is_status(status)) {
        true => Ok(()),
        false => Err("Status for checks must 'passing', 'warning', 'critical'"),
    }
}

/// The checks of a service, with the ids and names that they get from it.
fn local_checks(
    service: &Service,
    checks: Vec<SentCheck>,
    settings: &Settings,
) -> Result<Vec<LocalCheck>, Refused> {
    for check in &checks {
        super::agent_check::refuse_programs(check, settings)?;
    }
    let alone = checks.len() == 1;
    let checks = checks.into_iter().enumerate();
    Ok(checks
        .map(|(at, mut check)| {
            if check.id.is_empty() {
                check.id = match alone {
                    true => format!("service:{}", service.id),
                    false => format!("service:{}:{}", service.id, at + 1),
                };
            }
            if check.name.is_empty() {
                check.name = format!("Service '{}' check", service.name);
            }
            check.service_id.clone_from(&service.id);
            check.into_local(settings)
        })
        .collect())
}

fn check_weights(weights: ServiceWeights) -> Result<(), &'static str> {
    const MOST: i64 = 65_535;
    if weights.passing < 1 {
        Err("Passing must be greater than 0")
    } else if weights.warning < 0 {
        Err("Warning must be greater or equal than 0")
    } else if weights.passing > MOST || weights.warning > MOST {
        Err("DNS Weight must be between 0 and 65535")
    } else {
        Ok(())
    }
}
