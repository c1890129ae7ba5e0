//! A check as it is written: one flat object.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::{CheckDefinition, CheckKind};
use crate::consul::duration::GoDuration;
use crate::consul::health_status::HealthStatus;

/// All fields of both forms; what is not set is left out.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Form<'a> {
    #[serde(rename = "ID", skip_serializing_if = "str::is_empty")]
    pub(super) id: &'a str,
    #[serde(rename = "CheckID", skip_serializing_if = "str::is_empty")]
    pub(super) check_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    notes: &'a str,
    #[serde(rename = "ServiceID", skip_serializing_if = "str::is_empty")]
    pub(super) service_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) token: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a HealthStatus>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeout: Option<GoDuration>,
    #[serde(rename = "TTL", skip_serializing_if = "Option::is_none")]
    ttl: Option<GoDuration>,
    #[serde(rename = "HTTP", skip_serializing_if = "str::is_empty")]
    http: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    method: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    header: Option<&'a BTreeMap<String, Vec<String>>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    body: &'a str,
    #[serde(rename = "TLSSkipVerify", skip_serializing_if = "std::ops::Not::not")]
    tls_skip_verify: bool,
    #[serde(rename = "TCP", skip_serializing_if = "str::is_empty")]
    tcp: &'a str,
    #[serde(rename = "GRPC", skip_serializing_if = "str::is_empty")]
    grpc: &'a str,
    #[serde(rename = "GRPCUseTLS", skip_serializing_if = "std::ops::Not::not")]
    grpc_use_tls: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    args: &'a [String],
    #[serde(rename = "DockerContainerID", skip_serializing_if = "str::is_empty")]
    docker_container_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    shell: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    alias_node: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    alias_service: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    success_before_passing: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failures_before_critical: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deregister_critical_service_after: Option<GoDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_max_size: Option<u32>,
}

impl<'a> Form<'a> {
    pub(super) fn of(check: &'a CheckDefinition) -> Self {
        let after = check.deregister_critical_service_after;
        Self {
            name: &check.name,
            notes: &check.notes,
            status: check.status.as_ref(),
            success_before_passing: Some(check.success_before_passing).filter(|n| *n > 0),
            failures_before_critical: Some(check.failures_before_critical).filter(|n| *n > 0),
            deregister_critical_service_after: after.map(GoDuration::from),
            output_max_size: check.output_max_size,
            ..Self::of_kind(&check.kind)
        }
    }

    fn of_kind(kind: &'a CheckKind) -> Self {
        match kind {
            CheckKind::Ttl(ttl) => Self {
                ttl: Some((*ttl).into()),
                ..Self::default()
            },
            CheckKind::Http(check) => Self {
                http: &check.url,
                method: &check.method,
                header: Some(&check.header).filter(|header| !header.is_empty()),
                body: &check.body,
                tls_skip_verify: check.tls_skip_verify,
                ..Self::every(check.interval, check.timeout)
            },
            CheckKind::Tcp(check) => Self {
                tcp: &check.address,
                ..Self::every(check.interval, check.timeout)
            },
            CheckKind::Grpc(check) => Self {
                grpc: &check.target,
                grpc_use_tls: check.use_tls,
                tls_skip_verify: check.tls_skip_verify,
                ..Self::every(check.interval, check.timeout)
            },
            CheckKind::Script(check) => Self {
                args: &check.args,
                ..Self::every(check.interval, check.timeout)
            },
            CheckKind::Docker(check) => Self {
                args: &check.args,
                docker_container_id: &check.container,
                shell: &check.shell,
                ..Self::every(check.interval, None)
            },
            CheckKind::AliasService(id) => Self {
                alias_service: id,
                ..Self::default()
            },
            CheckKind::AliasNode(name) => Self {
                alias_node: name,
                ..Self::default()
            },
        }
    }

    fn every(interval: Duration, timeout: Option<Duration>) -> Self {
        Self {
            interval: Some(interval.into()),
            timeout: timeout.map(GoDuration::from),
            ..Self::default()
        }
    }
}
