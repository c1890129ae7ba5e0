//! Health in the words of this layer, and in those of Consul.

use quorate_consul::{self as native, HealthCheck};

use crate::{CheckResult, Health, HealthStatus};

pub(super) fn status(status: &native::HealthStatus) -> HealthStatus {
    match status {
        native::HealthStatus::Passing => HealthStatus::Passing,
        native::HealthStatus::Warning => HealthStatus::Warning,
        native::HealthStatus::Maintenance => HealthStatus::Maintenance,
        // A word that is not known counts as critical, as the client's `severity` has it.
        _ => HealthStatus::Critical,
    }
}

/// How checks are together: the worst counts, and maintenance above all.
pub(super) fn together<'a>(checks: impl IntoIterator<Item = &'a HealthCheck>) -> HealthStatus {
    status(&native::wire::health::aggregated_status(checks))
}

/// How a service says that it is, for the client.
pub(super) fn said(health: Health) -> native::registration::Health {
    use native::registration::Health as Native;
    match health.status {
        HealthStatus::Passing => Native::passing(health.note),
        HealthStatus::Warning => Native::warning(health.note),
        HealthStatus::Critical | HealthStatus::Maintenance => Native::critical(health.note),
    }
}

/// What the client was told of how a service is.
pub(super) fn told(health: &native::registration::Health) -> Health {
    Health::new(status(&health.status), health.note.as_str())
}

/// The checks, ordered by node, instance and id.
pub(super) fn results(checks: Vec<HealthCheck>) -> Vec<CheckResult> {
    let mut results: Vec<_> = checks.into_iter().map(result).collect();
    let key = |it: &CheckResult| (it.node.clone(), it.instance.clone(), it.id.clone());
    results.sort_by_cached_key(key);
    results
}

fn result(check: HealthCheck) -> CheckResult {
    let mut result = CheckResult::new(check.node, check.check_id, status(&check.status));
    result.name = check.name;
    // Why something is in maintenance stands in the notes.
    result.output = match check.output {
        output if output.is_empty() => check.notes,
        output => output,
    };
    result.instance = Some(check.service_id).filter(|id| !id.is_empty());
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_own_and_unknown_words_are_critical() {
        for (native, expected) in [
            ("passing", HealthStatus::Passing),
            ("warning", HealthStatus::Warning),
            ("critical", HealthStatus::Critical),
            ("maintenance", HealthStatus::Maintenance),
            ("odd", HealthStatus::Critical),
        ] {
            assert_eq!(status(&native::HealthStatus::from(native)), expected);
        }
        let said = said(Health::new(HealthStatus::Maintenance, "x"));
        assert_eq!(told(&said), Health::critical("x"));
    }
}
