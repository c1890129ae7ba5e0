use std::time::Duration;

use super::command::SidecarSpec;
use super::entry::{LocalCheck, LocalService};
use super::plan::{CheckKind, CheckPlan};
use crate::engine::consul::catalog::{Check, Service};
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::state::Step;

/// The ports that sidecars without one of their own get.
const PORTS: std::ops::RangeInclusive<i64> = 21_000..=21_255;
/// How often it is looked whether a sidecar listens.
const INTERVAL: Duration = Duration::from_secs(10);

/// The id of the sidecar of a service.
pub(super) fn id_of(service_id: &str) -> String {
    format!("{service_id}-sidecar-proxy")
}

impl Step<'_> {
    /// A sidecar with its id, its port and its checks.
    pub(super) fn complete_sidecar(
        &self,
        sidecar: SidecarSpec,
        parent: &Service,
    ) -> Result<(LocalService, Vec<LocalCheck>), Refusal> {
        let SidecarSpec {
            mut service,
            checks,
        } = sidecar;
        service.is_sidecar = true;
        service.service.id = id_of(&parent.id);
        if service.service.port < 1 {
            service.service.port = self.sidecar_port(&service.service.id)?;
        }
        let checks = checks.unwrap_or_else(|| usual_checks(&service.service, &parent.id));
        Ok((service, checks))
    }

    /// The port that the sidecar has already, or the first that no service of this agent has.
    fn sidecar_port(&self, id: &str) -> Result<i64, Refusal> {
        let services = &self.state.local.services;
        let own = services.get(id).map(|known| known.service.port);
        if let Some(port) = own.filter(|port| PORTS.contains(port)) {
            return Ok(port);
        }
        let is_free = |port: &i64| services.values().all(|it| it.service.port != *port);
        let (first, last) = (*PORTS.start(), *PORTS.end());
        let free = PORTS.clone().find(is_free);
        free.ok_or(Refusal::NoSidecarPort { first, last })
    }
}

/// That it listens, and that the service behind it is well.
fn usual_checks(sidecar: &Service, parent: &str) -> Vec<LocalCheck> {
    let address = match sidecar.proxy.local_service_address.as_str() {
        "" => "127.0.0.1",
        address => address,
    };
    let address = match address.contains(':') {
        true => format!("[{address}]:{}", sidecar.port),
        false => format!("{address}:{}", sidecar.port),
    };
    let kinds = [
        (
            "tcp",
            "Connect Sidecar Listening".to_owned(),
            CheckKind::Tcp { address },
        ),
        (
            "alias",
            format!("Connect Sidecar Aliasing {parent}"),
            CheckKind::Alias {
                node: String::new(),
                service_id: parent.to_owned(),
            },
        ),
    ];
    let checks = kinds.into_iter().enumerate();
    let checks = checks.map(|(at, (check_type, name, kind))| LocalCheck {
        check: Check {
            check_id: format!("service:{}:{}", sidecar.id, at + 1),
            name,
            service_id: sidecar.id.clone(),
            check_type: check_type.to_owned(),
            ..Check::default()
        },
        plan: CheckPlan {
            kind,
            interval: INTERVAL,
            ..CheckPlan::default()
        },
        ..LocalCheck::default()
    });
    checks.collect()
}
