//! The services that clients register with the agent.

use std::collections::BTreeMap;

use quorate_wire::consul::service::{Proxy, ServiceAddress, ServiceKind, Upstream};

use super::agent_check_decode::SentCheck;
use super::decode::{DecodeError, Json, Kind, Place};
use super::object::{Field, Object};
use super::proxy_decode;
use crate::engine::consul::{Service, ServiceWeights};

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

const ADDRESS: Object = Object {
    place: Place {
        field: ".TaggedAddresses",
        type_name: "structs.ServiceAddress",
    },
    path: "ServiceAddress.TaggedAddresses.",
    fields: &["Address", "Port"],
    strict: true,
};

const CONNECT: Object = Object {
    place: Place {
        field: ".Connect",
        type_name: "struct { SidecarServiceSnake *structs.ServiceDefinition \"json:\\\"sidecar_service\\\"\"; *structs.Alias }",
    },
    path: "",
    fields: &["Native", "SidecarService", "sidecar_service"],
    // Consul refuses nothing here.
    strict: false,
};
/// What errors within a service's part of the mesh name.
const IN_CONNECT: &str = ".Connect";

/// A service as it was sent.
#[derive(Debug, Default)]
pub(super) struct SentService {
    pub(super) service: Service,
    pub(super) weights: Option<ServiceWeights>,
    pub(super) check: Option<SentCheck>,
    pub(super) checks: Vec<SentCheck>,
    pub(super) sidecar: Option<Box<SentService>>,
    /// What errors name, in place of their field.
    path: Option<&'static str>,
}

/// What an agent makes of an upstream.
fn complete(upstream: &mut Upstream) {
    if upstream.destination_type.is_empty() {
        "service".clone_into(&mut upstream.destination_type);
    }
}

impl SentService {
    /// Reads the body of `PUT /v1/agent/service/register`.
    pub(super) fn read(body: &str, strict: bool) -> Result<Self, DecodeError> {
        let mut sent = Self::default();
        sent.fields(Json::parse(body)?, Object { strict, ..SERVICE })?;
        Ok(sent)
    }

    /// Reads the sidecar within a service.
    fn nested(value: Json<'_>, strict: bool) -> Result<Self, DecodeError> {
        let mut sent = Self {
            path: Some(IN_CONNECT),
            ..Self::default()
        };
        sent.fields(value, within(SERVICE, strict, Some(IN_CONNECT)))?;
        Ok(sent)
    }

    fn fields(&mut self, value: Json<'_>, object: Object) -> Result<(), DecodeError> {
        object.each(value, |name, field| {
            let field = self.path.map_or(field, |path| field.named(path));
            self.field(name, field, object.strict)
        })
    }

    fn field(&mut self, name: &str, field: Field<'_>, strict: bool) -> Result<(), DecodeError> {
        let path = |own| self.path.unwrap_or(own);
        let service = &mut self.service;
        match name {
            "kind" => {
                let mut kind = service.kind.as_str().to_owned();
                field.text_of("structs.ServiceKind", &mut kind)?;
                service.kind = ServiceKind::from(kind.as_str());
                Ok(())
            }
            "id" => field.text(&mut service.id),
            "name" => field.text(&mut service.name),
            "tags" => field.texts(&mut service.tags),
            "address" => field.text(&mut service.address),
            "taggedaddresses" | "tagged_addresses" => {
                addresses(field, strict, self.path, &mut service.tagged_addresses)
            }
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
                self.check = Some(SentCheck::nested(field.value, path(".Check"), strict)?);
                Ok(())
            }
            "checks" => self.read_checks(field, strict),
            "proxy" => {
                let mut proxy = Proxy::default();
                proxy_decode::proxy(field.value, path(".Proxy"), strict, &mut proxy)?;
                proxy.upstreams.iter_mut().for_each(complete);
                *service.proxy = proxy;
                Ok(())
            }
            // Go reads it by a function of its own, whose first error ends everything.
            "connect" => self
                .read_connect(field.value, strict)
                .map_err(DecodeError::ending),
            // What this agent writes it writes as itself.
            "token" => field.text(&mut String::new()),
            _ => Ok(()),
        }
    }

    fn read_connect(&mut self, value: Json<'_>, strict: bool) -> Result<(), DecodeError> {
        CONNECT.each(value, |name, field| match name {
            "native" => field
                .named(IN_CONNECT)
                .flag(&mut self.service.connect.native),
            "sidecarservice" | "sidecar_service" => {
                self.sidecar = match field.value.is_null() {
                    true => None,
                    false => Some(Box::new(Self::nested(field.value, strict)?)),
                };
                Ok(())
            }
            _ => Ok(()),
        })
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
        let path = self.path;
        let object = within(WEIGHTS, strict, path);
        object.each(field.value, |name, field| {
            let field = path.map_or(field, |path| field.named(path));
            match name {
                "passing" => field.number(&mut weights.passing),
                "warning" => field.number(&mut weights.warning),
                _ => Ok(()),
            }
        })
    }

    /// A real Consul 1.8.7 breaks off the connection when a check is `null`; here that is an
    /// empty one.
    fn read_checks(&mut self, field: Field<'_>, strict: bool) -> Result<(), DecodeError> {
        if !matches!(field.value.kind(), Kind::Array | Kind::Null) {
            return Err(field.value.mismatch(field.place("structs.CheckTypes")));
        }
        let path = self.path.unwrap_or(".Checks");
        self.checks.clear();
        for value in field.value.elements() {
            self.checks.push(SentCheck::nested(value, path, strict)?);
        }
        Ok(())
    }
}

/// The object as it is read: within a sidecar its errors name `path`.
fn within(object: Object, strict: bool, path: Option<&'static str>) -> Object {
    let place = Place {
        field: path.unwrap_or(object.place.field),
        ..object.place
    };
    Object {
        place,
        strict,
        ..object
    }
}

fn addresses(
    field: Field<'_>,
    strict: bool,
    path: Option<&'static str>,
    into: &mut BTreeMap<String, ServiceAddress>,
) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null => into.clear(),
        Kind::Object => {
            for (tag, value) in field.value.fields() {
                into.insert(tag.into_owned(), address(value, strict, path)?);
            }
        }
        _ => {
            let place = field.place("map[string]structs.ServiceAddress");
            return Err(field.value.mismatch(place));
        }
    }
    Ok(())
}

fn address(
    value: Json<'_>,
    strict: bool,
    path: Option<&'static str>,
) -> Result<ServiceAddress, DecodeError> {
    let mut address = ServiceAddress::default();
    let object = within(ADDRESS, strict, path);
    object.each(value, |name, field| {
        let field = path.map_or(field, |path| field.named(path));
        match name {
            "address" => field.text(&mut address.address),
            "port" => field.number(&mut address.port),
            _ => Ok(()),
        }
    })?;
    Ok(address)
}
