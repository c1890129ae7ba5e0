//! The services that clients register with the agent.

use std::collections::BTreeMap;

use super::agent_check_decode::{SentCheck, is_status};
use super::decode::{DecodeError, Json, Kind, Place};
use super::object::{Field, Object};
use super::reply::{Refused, Reply};
use crate::config::Compat;
use crate::engine::consul::{
    LocalCheck, LocalService, Service, ServiceRegistration, ServiceWeights, SidecarSpec,
};
use crate::local::Settings;

const TYPE: &str = "struct { EnableTagOverrideSnake bool \"json:\\\"enable_tag_override\\\"\"; TaggedAddressesSnake map[string]structs.ServiceAddress \"json:\\\"tagged_addresses\\\"\"; *structs.Alias }";

const SERVICE: Object = Object {
    place: Place {
        field: "",
        type_name: TYPE,
    },
    path: ".",
    fields: &[
        "Kind",
        "ID",
        "Name",
        "Tags",
        "Address",
        "TaggedAddresses",
        "tagged_addresses",
        "Meta",
        "Port",
        "Check",
        "Checks",
        "Weights",
        "Token",
        "EnableTagOverride",
        "enable_tag_override",
        "Proxy",
        "Connect",
    ],
    strict: true,
};

const WEIGHTS: Object = Object {
    place: Place {
        field: ".Weights",
        type_name: "structs.Weights",
    },
    path: "Weights.Weights.",
    fields: &["Passing", "Warning"],
    strict: true,
};

/// A service as it was sent.
#[derive(Debug, Default)]
pub(super) struct SentService {
    service: Service,
    weights: Option<ServiceWeights>,
    check: Option<SentCheck>,
    checks: Vec<SentCheck>,
}

impl SentService {
    /// Reads the body of `PUT /v1/agent/service/register`.
    pub(super) fn read(body: &str, strict: bool) -> Result<Self, DecodeError> {
        let mut sent = Self::default();
        let object = Object { strict, ..SERVICE };
        object.each(Json::parse(body)?, |name, field| {
            sent.field(name, field, strict)
        })?;
        Ok(sent)
    }

    fn field(&mut self, name: &str, field: Field<'_>, strict: bool) -> Result<(), DecodeError> {
        let service = &mut self.service;
        match name {
            "id" => field.text(&mut service.id),
            "name" => field.text(&mut service.name),
            "tags" => field.texts(&mut service.tags),
            "address" => field.text(&mut service.address),
            "meta" => field.map(&mut service.meta),
            "port" => field.number(&mut service.port),
            "enabletagoverride" | "enable_tag_override" => {
                field.flag(&mut service.enable_tag_override)
            }
            "weights" => self.read_weights(field, strict),
            "check" if field.value.is_null() => {
                self.check = None;
                Ok(())
            }
            "check" => {
                self.check = Some(SentCheck::nested(field.value, ".Check", strict)?);
                Ok(())
            }
            "checks" => self.read_checks(field, strict),
            // What this agent writes it writes as itself.
            "token" => field.text(&mut String::new()),
            "kind" | "taggedaddresses" | "tagged_addresses" | "proxy" | "connect" => {
                field.unserved("a service's Kind, TaggedAddresses, Proxy or Connect")
            }
            _ => Ok(()),
        }
    }

    fn read_weights(&mut self, field: Field<'_>, strict: bool) -> Result<(), DecodeError> {
        if field.value.is_null() {
            self.weights = None;
            return Ok(());
        }
        let weights = self.weights.get_or_insert(ServiceWeights {
            passing: 0,
            warning: 0,
        });
        let object = Object { strict, ..WEIGHTS };
        object.each(field.value, |name, field| match name {
            "passing" => field.number(&mut weights.passing),
            "warning" => field.number(&mut weights.warning),
            _ => Ok(()),
        })
    }

    /// A real Consul 1.8.7 breaks off the connection when a check is `null`; here that is an
    /// empty one.
    fn read_checks(&mut self, field: Field<'_>, strict: bool) -> Result<(), DecodeError> {
        if !matches!(field.value.kind(), Kind::Array | Kind::Null) {
            return Err(field.value.mismatch(field.place("structs.CheckTypes")));
        }
        self.checks.clear();
        for value in field.value.elements() {
            self.checks
                .push(SentCheck::nested(value, ".Checks", strict)?);
        }
        Ok(())
    }

    /// The service and its checks as the agent keeps them, or in Consul's words why not.
    pub(super) fn into_registration(
        self,
        settings: &Settings,
        compat: Compat,
    ) -> Result<ServiceRegistration, Refused> {
        let Self {
            mut service,
            weights,
            check,
            checks,
        } = self;
        if service.name.is_empty() {
            return Err(Reply::bad_request("Missing service name").into());
        }
        if matches!(service.address.as_str(), "0.0.0.0" | "::" | "[::]") {
            return Err(Reply::bad_request("Invalid service address").into());
        }
        service.weights = weights.unwrap_or_default();
        check_weights(service.weights)
            .map_err(|text| Reply::bad_request(format!("Invalid Weights: {text}")))?;
        check_meta(service.meta.as_ref())
            .map_err(|text| Reply::bad_request(format!("Invalid Service Meta: {text}")))?;
        if service.id.is_empty() {
            service.id.clone_from(&service.name);
        }
        let single = check.filter(|check| !check.is_empty());
        let checks = single.into_iter().chain(checks).collect();
        let checks = local_checks(&service, checks, settings, compat)?;
        Ok(ServiceRegistration {
            service: LocalService {
                service,
                is_sidecar: false,
            },
            checks,
            sidecar: None::<SidecarSpec>,
            replace_checks: false,
        })
    }
}

/// The checks of a service, with the ids and names that they get from it.
fn local_checks(
    service: &Service,
    checks: Vec<SentCheck>,
    settings: &Settings,
    compat: Compat,
) -> Result<Vec<LocalCheck>, Refused> {
    for check in &checks {
        let valid = check.validate(compat);
        valid.map_err(|text| Reply::bad_request(format!("Invalid check: {text}")))?;
    }
    for check in &checks {
        if !check.status.is_empty() && !is_status(&check.status) {
            const TEXT: &str = "Status for checks must 'passing', 'warning', 'critical'";
            return Err(Reply::bad_request(TEXT).into());
        }
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

fn check_meta(meta: Option<&BTreeMap<String, String>>) -> Result<(), String> {
    const MOST: usize = 64;
    let Some(meta) = meta else {
        return Ok(());
    };
    if meta.len() > MOST {
        return Err(format!(
            "Node metadata cannot contain more than {MOST} key/value pairs"
        ));
    }
    for (key, value) in meta {
        if let Some(problem) = pair_problem(key, value) {
            return Err(format!(
                "Couldn't load metadata pair ('{key}', '{value}'): {problem}"
            ));
        }
    }
    Ok(())
}

fn pair_problem(key: &str, value: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.is_empty() {
        Some("Key cannot be blank")
    } else if !key.chars().all(allowed) {
        Some("Key contains invalid characters")
    } else if key.len() > 128 {
        Some("Key is too long (limit: 128 characters)")
    } else if key.starts_with("consul-") {
        Some("Key prefix 'consul-' is reserved for internal use")
    } else if value.len() > 512 {
        Some("Value is too long (limit: 512 characters)")
    } else {
        None
    }
}
