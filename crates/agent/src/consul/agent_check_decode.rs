//! The checks that clients register with the agent: alone, or with their service.

use std::collections::BTreeMap;
use std::time::Duration;

use super::decode::{DecodeError, Json, Kind, Place};
use super::definition::nanos;
use super::object::{Field, Object};
use crate::config::Compat;
use crate::engine::consul::{
    Check, CheckKind, CheckPlan, LocalCheck, MAX_OUTPUT_BYTES, MIN_INTERVAL,
};
use crate::local::Settings;

/// What the checks of both forms have in common.
macro_rules! fields {
    ($($own:literal),*) => {
        &[
            $($own,)*
            "Name", "Notes", "Status", "Interval", "Timeout", "TTL", "HTTP", "Method", "Header",
            "Body", "TLSSkipVerify", "tls_skip_verify", "TCP", "GRPC", "GRPCUseTLS", "ScriptArgs",
            "args", "script_args", "DockerContainerID", "docker_container_id", "Shell",
            "AliasNode", "AliasService", "SuccessBeforePassing", "FailuresBeforeCritical",
            "DeregisterCriticalServiceAfter", "deregister_critical_service_after",
            "OutputMaxSize", "ServiceID", "service_id",
        ]
    };
}

const ALONE: Object = Object {
    place: Place {
        field: "",
        type_name: "struct { Interval interface {}; Timeout interface {}; TTL interface {}; DeregisterCriticalServiceAfter interface {}; Args []string \"json:\\\"args\\\"\"; ScriptArgsSnake []string \"json:\\\"script_args\\\"\"; DeregisterCriticalServiceAfterSnake interface {} \"json:\\\"deregister_critical_service_after\\\"\"; DockerContainerIDSnake string \"json:\\\"docker_container_id\\\"\"; TLSSkipVerifySnake bool \"json:\\\"tls_skip_verify\\\"\"; ServiceIDSnake string \"json:\\\"service_id\\\"\"; *structs.Alias }",
    },
    path: ".",
    fields: fields!("ID", "Token"),
    strict: true,
};

const NESTED_TYPE: &str = "struct { Interval interface {}; Timeout interface {}; TTL interface {}; DeregisterCriticalServiceAfter interface {}; Args []string \"json:\\\"args\\\"\"; ScriptArgsSnake []string \"json:\\\"script_args\\\"\"; DeregisterCriticalServiceAfterSnake interface {} \"json:\\\"deregister_critical_service_after\\\"\"; DockerContainerIDSnake string \"json:\\\"docker_container_id\\\"\"; TLSSkipVerifySnake bool \"json:\\\"tls_skip_verify\\\"\"; ServiceID string \"json:\\\"ServiceID\\\"\"; ServiceIDSnake string \"json:\\\"service_id\\\"\"; *structs.Alias }";

/// A check as it was sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct SentCheck {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) service_id: String,
    notes: String,
    interval: i64,
    timeout: i64,
    ttl: i64,
    deregister_after: i64,
    http: String,
    method: String,
    header: BTreeMap<String, Vec<String>>,
    body: String,
    tls_skip_verify: bool,
    tcp: String,
    grpc: String,
    grpc_use_tls: bool,
    script_args: Vec<String>,
    docker: String,
    alias_node: String,
    alias_service: String,
    success_before_passing: i64,
    failures_before_critical: i64,
    output_max_size: i64,
}

/// What stands in a body beside the fields that are taken as they are.
#[derive(Default)]
struct Rest {
    /// Go looks at the durations when everything else was right.
    interval: Option<Result<i64, DecodeError>>,
    timeout: Option<Result<i64, DecodeError>>,
    ttl: Option<Result<i64, DecodeError>>,
    deregister_after: Option<Result<i64, DecodeError>>,
    args: Vec<String>,
    script_args: Vec<String>,
    script: String,
}

impl SentCheck {
    /// Reads the body of `PUT /v1/agent/check/register`.
    pub(super) fn alone(body: &str, strict: bool) -> Result<Self, DecodeError> {
        let object = Object { strict, ..ALONE };
        let mut check = Self::default();
        check.read(Json::parse(body)?, object, None)?;
        Ok(check)
    }

    /// Reads a check within its service; `path` is what its errors name.
    pub(super) fn nested(
        value: Json<'_>,
        path: &'static str,
        strict: bool,
    ) -> Result<Self, DecodeError> {
        let object = Object {
            place: Place {
                field: path,
                type_name: NESTED_TYPE,
            },
            path: "",
            fields: fields!("CheckID"),
            strict,
        };
        let mut check = Self::default();
        let read = check.read(value, object, Some(path));
        // Go reads it by a function of its own, whose first error ends everything.
        read.map_err(DecodeError::ending)?;
        Ok(check)
    }

    fn read(
        &mut self,
        value: Json<'_>,
        object: Object,
        path: Option<&'static str>,
    ) -> Result<(), DecodeError> {
        let mut rest = Rest::default();
        let strict = object.strict;
        object.each(value, |name, field| {
            let field = path.map_or(field, |path| field.named(path));
            self.field(name, field, &mut rest, strict, path.is_none())
        })?;
        let time = |read: Option<Result<i64, DecodeError>>| read.unwrap_or(Ok(0));
        self.interval = time(rest.interval)?;
        self.timeout = time(rest.timeout)?;
        self.ttl = time(rest.ttl)?;
        self.deregister_after = time(rest.deregister_after)?;
        for args in [rest.args, rest.script_args] {
            if self.script_args.is_empty() {
                self.script_args = args;
            }
        }
        if self.script_args.is_empty() && !rest.script.is_empty() {
            self.script_args = vec!["sh".into(), "-c".into(), rest.script];
        }
        Ok(())
    }

    fn field(
        &mut self,
        name: &str,
        field: Field<'_>,
        rest: &mut Rest,
        strict: bool,
        alone: bool,
    ) -> Result<(), DecodeError> {
        match name {
            "id" if alone => field.text_of("types.CheckID", &mut self.id),
            "checkid" if !alone => field.text_of("types.CheckID", &mut self.id),
            "name" => field.text(&mut self.name),
            "notes" => field.text(&mut self.notes),
            "status" => field.text(&mut self.status),
            "serviceid" | "service_id" => field.text(&mut self.service_id),
            "http" => field.text(&mut self.http),
            "method" => field.text(&mut self.method),
            "header" => header(field, &mut self.header),
            "body" => field.text(&mut self.body),
            "tlsskipverify" | "tls_skip_verify" => field.flag(&mut self.tls_skip_verify),
            "tcp" => field.text(&mut self.tcp),
            "grpc" => field.text(&mut self.grpc),
            "grpcusetls" => field.flag(&mut self.grpc_use_tls),
            "scriptargs" => field.texts(&mut self.script_args),
            "args" => field.texts(&mut rest.args),
            "script_args" => field.texts(&mut rest.script_args),
            "script" if !strict => field.text(&mut rest.script),
            "dockercontainerid" | "docker_container_id" => field.text(&mut self.docker),
            "aliasnode" => field.text(&mut self.alias_node),
            "aliasservice" => field.text(&mut self.alias_service),
            "successbeforepassing" => field.number(&mut self.success_before_passing),
            "failuresbeforecritical" => field.number(&mut self.failures_before_critical),
            "outputmaxsize" => field.number(&mut self.output_max_size),
            // Which shell runs in a container is of no use here; neither is a token, for what
            // this agent writes it writes as itself.
            "shell" | "token" => field.text(&mut String::new()),
            _ => {
                let into = match name {
                    "interval" => &mut rest.interval,
                    "timeout" => &mut rest.timeout,
                    "ttl" => &mut rest.ttl,
                    "deregistercriticalserviceafter" | "deregister_critical_service_after" => {
                        &mut rest.deregister_after
                    }
                    _ => return Ok(()),
                };
                *into = Some(nanos(field.value));
                Ok(())
            }
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Says in Consul's words what is wrong. Clients of old gave an interval beside a TTL.
    pub(super) fn validate(&self, compat: Compat) -> Result<(), &'static str> {
        let is_alias = !self.alias_node.is_empty() || !self.alias_service.is_empty();
        let repeats = !self.script_args.is_empty()
            || [&self.http, &self.tcp, &self.grpc]
                .iter()
                .any(|it| !it.is_empty());
        if self.interval > 0 && self.ttl > 0 && compat == Compat::Current {
            Err("Interval and TTL cannot both be specified")
        } else if repeats && self.interval <= 0 {
            Err("Interval must be > 0 for Script, HTTP, or TCP checks")
        } else if repeats && is_alias {
            Err("Interval cannot be set for Alias checks")
        } else if is_alias && self.ttl > 0 {
            Err("TTL must be not be set for Alias checks")
        } else if !repeats && !is_alias && self.ttl <= 0 {
            Err("TTL must be > 0 for TTL checks")
        } else if self.output_max_size < 0 {
            Err("MaxOutputMaxSize must be positive")
        } else {
            Ok(())
        }
    }

    /// Whether it runs a program, on this machine or in a container.
    pub(super) fn runs_a_program(&self) -> bool {
        !self.script_args.is_empty()
    }

    /// Whether it runs within a container.
    pub(super) fn is_docker(&self) -> bool {
        self.runs_a_program() && !self.docker.is_empty()
    }

    /// The check as the agent keeps it.
    pub(super) fn into_local(self, settings: &Settings) -> LocalCheck {
        let plan = CheckPlan {
            interval: duration(self.interval)
                .unwrap_or_default()
                .max(MIN_INTERVAL),
            timeout: duration(self.timeout),
            output_max_bytes: usize::try_from(self.output_max_size)
                .ok()
                .filter(|size| (1..MAX_OUTPUT_BYTES).contains(size))
                .unwrap_or(MAX_OUTPUT_BYTES),
            success_before_passing: count(self.success_before_passing),
            failures_before_critical: count(self.failures_before_critical),
            deregister_after: duration(self.deregister_after)
                .map(|after| after.max(settings.reap_min)),
            kind: CheckKind::default(),
        };
        let check = Check {
            check_type: self.type_name().to_owned(),
            check_id: self.id.clone(),
            name: self.name.clone(),
            status: self.status.clone(),
            notes: self.notes.clone(),
            service_id: self.service_id.clone(),
            ..Check::default()
        };
        let kind = self.into_kind();
        LocalCheck {
            check,
            plan: CheckPlan { kind, ..plan },
            ..LocalCheck::default()
        }
    }

    /// What Consul calls this kind of check.
    fn type_name(&self) -> &'static str {
        let kinds = [
            ("grpc", !self.grpc.is_empty()),
            ("http", !self.http.is_empty()),
            ("ttl", self.ttl > 0),
            ("tcp", !self.tcp.is_empty()),
            ("alias", self.script_args.is_empty()),
            ("docker", self.is_docker()),
        ];
        let kind = kinds.into_iter().find(|(_, is)| *is);
        kind.map_or("script", |(kind, _)| kind)
    }

    fn into_kind(self) -> CheckKind {
        let Self {
            tls_skip_verify, ..
        } = self;
        if let Some(ttl) = duration(self.ttl) {
            CheckKind::Ttl { ttl }
        } else if !self.http.is_empty() {
            CheckKind::Http {
                url: self.http,
                method: self.method,
                header: self.header,
                body: self.body,
                tls_skip_verify,
            }
        } else if !self.tcp.is_empty() {
            CheckKind::Tcp { address: self.tcp }
        } else if !self.grpc.is_empty() {
            CheckKind::Grpc {
                target: self.grpc,
                tls: self.grpc_use_tls,
                tls_skip_verify,
            }
        } else if !self.script_args.is_empty() {
            CheckKind::Script {
                args: self.script_args,
            }
        } else {
            CheckKind::Alias {
                node: self.alias_node,
                service_id: self.alias_service,
            }
        }
    }
}

/// Whether a status is one of Consul's.
pub(super) fn is_status(status: &str) -> bool {
    matches!(status, "passing" | "warning" | "critical")
}

fn duration(nanos: i64) -> Option<Duration> {
    let nanos = u64::try_from(nanos).ok().filter(|nanos| *nanos > 0);
    nanos.map(Duration::from_nanos)
}

fn count(given: i64) -> u32 {
    u32::try_from(given.max(1)).unwrap_or(u32::MAX)
}

fn header(field: Field<'_>, into: &mut BTreeMap<String, Vec<String>>) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null => into.clear(),
        Kind::Object => {
            for (name, value) in field.value.fields() {
                let values = value.texts(field.place("[]string"), "string")?;
                into.insert(name.into_owned(), values.unwrap_or_default());
            }
        }
        _ => return Err(field.value.mismatch(field.place("map[string][]string"))),
    }
    Ok(())
}
