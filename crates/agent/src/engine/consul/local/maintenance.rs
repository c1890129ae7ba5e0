use std::time::Duration;

use quorate_wire::consul::health::CRITICAL;

use super::entry::LocalCheck;
use crate::engine::consul::catalog::Check;
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::state::Step;

/// The check that a node in maintenance has.
pub const NODE_MAINTENANCE: &str = "_node_maintenance";
/// What stands before the service's id in the check that a service in maintenance has.
pub const SERVICE_MAINTENANCE_PREFIX: &str = "_service_maintenance:";

const NODE_REASON: &str = "Maintenance mode is enabled for this node, but no reason was provided. This is a default message.";
const SERVICE_REASON: &str = "Maintenance mode is enabled for this service, but no reason was provided. This is a default message.";

impl Step<'_> {
    /// Begins or ends maintenance. Beginning again changes nothing, not even the reason.
    pub(super) fn maintain_local(
        &mut self,
        service_id: Option<&str>,
        enable: bool,
        reason: String,
    ) -> Result<(), Refusal> {
        let id = match service_id {
            None => NODE_MAINTENANCE.to_owned(),
            Some(service) if self.state.local.services.contains_key(service) => {
                format!("{SERVICE_MAINTENANCE_PREFIX}{service}")
            }
            Some(service) => return Err(Refusal::UnknownServiceInMaintenance(service.to_owned())),
        };
        match (enable, self.state.local.checks.contains_key(&*id)) {
            (true, false) => self.put_local_check(check(id, service_id, reason), Duration::ZERO),
            (false, true) => {
                self.remove_local_check(&id);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

fn check(id: String, service_id: Option<&str>, reason: String) -> LocalCheck {
    let (name, otherwise) = match service_id {
        None => ("Node Maintenance Mode", NODE_REASON),
        Some(_) => ("Service Maintenance Mode", SERVICE_REASON),
    };
    LocalCheck {
        check: Check {
            check_id: id,
            name: name.to_owned(),
            status: CRITICAL.to_owned(),
            notes: if reason.is_empty() {
                otherwise.to_owned()
            } else {
                reason
            },
            service_id: service_id.unwrap_or_default().to_owned(),
            check_type: "maintenance".to_owned(),
            ..Check::default()
        },
        ..LocalCheck::default()
    }
}
