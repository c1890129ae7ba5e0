//! Writes of the catalog: `PUT /v1/catalog/register` and `deregister`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::body::{Body, BodyError};
use super::decode::{DecodeError, Json, Kind, Place};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use crate::engine::consul::{
    CheckSpec, Command, Deregister, NodeSpec, Register, ServiceSpec, ServiceWeights,
};

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// Registers a node, and a service and checks of it.
pub(crate) fn register(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    submit(request, body, |body, strict| {
        let (register, datacenter) = decode_register(body, strict)?;
        Ok((Command::Register(Box::new(register)), datacenter))
    })
}

/// Removes a service, a check, or a whole node.
pub(crate) fn deregister(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    submit(request, body, |body, strict| {
        let (deregister, datacenter) = decode_deregister(body, strict)?;
        Ok((Command::Deregister(deregister), datacenter))
    })
}

/// Reads a body, strictly or not, as a command and the datacenter that it is for.
type Decode = fn(&str, bool) -> Result<(Command, String), DecodeError>;

/// Decodes a command and the datacenter that it is for, and carries it out. Of the datacenter,
/// only the one in the body counts.
fn submit(request: Request<'_>, body: Body, decode: Decode) -> Result<Answer, Refused> {
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match body.collect(MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => {
                let text = format!("Request body too large, max size: {MAX_BODY_BYTES} bytes.");
                return Reply::too_large(text);
            }
            Err(BodyError::Broken) => return malformed(&DecodeError::new("unexpected EOF")),
        };
        match decode(&String::from_utf8_lossy(&body), front.strict) {
            Err(error) => malformed(&error),
            Ok((_, datacenter)) if !datacenter.is_empty() && datacenter != front.datacenter => {
                Reply::server_error(quorate_wire::consul::text::NO_PATH_TO_DATACENTER)
            }
            Ok((command, _)) => match front.submit(command).await {
                Ok(_) => Reply::flag(true),
                Err(refused) => *refused,
            },
        }
    }))
}

fn malformed(error: &DecodeError) -> Reply {
    Reply::bad_request(format!("Request decode failed: {error}"))
}

/// The object that a body must be, and how its fields are named in errors.
#[derive(Clone, Copy)]
struct Object<'a> {
    /// What stands before a field's name.
    path: &'a str,
    type_name: &'a str,
    strict: bool,
}

impl<'a> Object<'a> {
    /// Calls `field` with each field's name in lower case and its value. What it does not know it
    /// answers with `false`.
    fn each(
        self,
        object: Json<'_>,
        mut field: impl FnMut(&str, Field<'_>) -> Result<bool, DecodeError>,
    ) -> Result<(), DecodeError> {
        match object.kind() {
            Kind::Null => return Ok(()),
            Kind::Object => {}
            _ => {
                let (field, type_name) = (self.path.trim_end_matches('.'), self.type_name);
                // Only what is within another object is a field of something.
                let field = if field.contains('.') { field } else { "" };
                return Err(object.mismatch(Place { field, type_name }));
            }
        }
        for (name, value) in object.fields() {
            let path = format!("{}{name}", self.path);
            let known = field(&name.to_ascii_lowercase(), Field { value, path: &path })?;
            if !known && self.strict {
                return Err(DecodeError::unknown_field(&name));
            }
        }
        Ok(())
    }
}

/// One field's value, and its name for errors.
#[derive(Clone, Copy)]
struct Field<'a> {
    value: Json<'a>,
    path: &'a str,
}

impl Field<'_> {
    fn place(&self, type_name: &'static str) -> Place<'_> {
        Place {
            field: self.path,
            type_name,
        }
    }

    fn text(&self, into: &mut String) -> Result<bool, DecodeError> {
        if let Some(text) = self.value.text(self.place("string"))? {
            *into = text;
        }
        Ok(true)
    }

    fn flag(&self, into: &mut bool) -> Result<bool, DecodeError> {
        *into = self.value.bool(self.place("bool"))?.unwrap_or(*into);
        Ok(true)
    }

    fn number(&self, into: &mut i64) -> Result<bool, DecodeError> {
        *into = self.value.i64(self.place("int"))?.unwrap_or(*into);
        Ok(true)
    }

    fn texts(&self, into: &mut Vec<String>) -> Result<bool, DecodeError> {
        *into = self
            .value
            .texts(self.place("[]string"), "string")?
            .unwrap_or_default();
        Ok(true)
    }

    fn map(&self, into: &mut Option<BTreeMap<String, String>>) -> Result<bool, DecodeError> {
        let place = self.place("map[string]string");
        match self.value.kind() {
            Kind::Null => *into = None,
            Kind::Object => {
                let mut map = BTreeMap::new();
                for (name, value) in self.value.fields() {
                    let text = value.text(self.place("string"))?.unwrap_or_default();
                    map.insert(name.into_owned(), text);
                }
                *into = Some(map);
            }
            _ => return Err(self.value.mismatch(place)),
        }
        Ok(true)
    }

    /// Something that this agent does not serve: only its absence is accepted.
    fn unserved(&self, what: &str) -> Result<bool, DecodeError> {
        if self.value.is_blank() {
            return Ok(true);
        }
        Err(DecodeError::new(format!(
            "{what} is not served by this agent"
        )))
    }
}

fn decode_register(body: &str, strict: bool) -> Result<(Register, String), DecodeError> {
    let mut register = Register::default();
    let mut datacenter = String::new();
    let object = Object {
        path: "RegisterRequest.",
        type_name: "structs.RegisterRequest",
        strict,
    };
    object.each(Json::parse(body)?, |name, field| {
        let node: &mut NodeSpec = &mut register.node;
        match name {
            "datacenter" => field.text(&mut datacenter),
            "id" => field.text(&mut node.id),
            "node" => field.text(&mut node.name),
            "address" => field.text(&mut node.address),
            "taggedaddresses" => field.map(&mut node.tagged_addresses),
            "nodemeta" => field.map(&mut node.meta),
            "skipnodeupdate" => field.flag(&mut register.skip_node_update),
            "service" if field.value.is_null() => Ok(true),
            "service" => {
                register.service = Some(decode_service(field.value, strict)?);
                Ok(true)
            }
            "check" if field.value.is_null() => Ok(true),
            "check" => {
                register.checks.push(decode_check(field.value, strict)?);
                Ok(true)
            }
            "checks" => {
                if !matches!(field.value.kind(), Kind::Array | Kind::Null) {
                    return Err(field.value.mismatch(field.place("structs.HealthChecks")));
                }
                for check in field.value.elements() {
                    register.checks.push(decode_check(check, strict)?);
                }
                Ok(true)
            }
            _ => Ok(false),
        }
    })?;
    Ok((register, datacenter))
}

fn decode_service(service: Json<'_>, strict: bool) -> Result<ServiceSpec, DecodeError> {
    let mut spec = ServiceSpec::default();
    let object = Object {
        path: "NodeService.Service.",
        type_name: "structs.NodeService",
        strict,
    };
    object.each(service, |name, field| match name {
        "id" => field.text(&mut spec.id),
        "service" => field.text(&mut spec.name),
        "tags" => field.texts(&mut spec.tags),
        "address" => field.text(&mut spec.address),
        "meta" => field.map(&mut spec.meta),
        "port" => field.number(&mut spec.port),
        "weights" => {
            spec.weights = decode_weights(field, strict)?;
            Ok(true)
        }
        "enabletagoverride" | "enable_tag_override" => field.flag(&mut spec.enable_tag_override),
        "kind" | "taggedaddresses" | "tagged_addresses" | "proxy" | "connect" => {
            field.unserved("a service's Kind, TaggedAddresses, Proxy or Connect")
        }
        "createindex" | "modifyindex" => Ok(true),
        _ => Ok(false),
    })?;
    Ok(spec)
}

fn decode_weights(field: Field<'_>, strict: bool) -> Result<ServiceWeights, DecodeError> {
    let mut weights = ServiceWeights::default();
    let object = Object {
        path: "Weights.Service.Weights.",
        type_name: "structs.Weights",
        strict,
    };
    object.each(field.value, |name, field| match name {
        "passing" => field.number(&mut weights.passing),
        "warning" => field.number(&mut weights.warning),
        _ => Ok(false),
    })?;
    Ok(weights)
}

fn decode_check(check: Json<'_>, strict: bool) -> Result<CheckSpec, DecodeError> {
    let mut spec = CheckSpec::default();
    let object = Object {
        path: "HealthCheck.Check.",
        type_name: "structs.HealthCheck",
        strict,
    };
    object.each(check, |name, field| match name {
        "node" => field.text(&mut spec.node),
        "checkid" => field.text(&mut spec.id),
        "name" => field.text(&mut spec.name),
        "status" => field.text(&mut spec.status),
        "notes" => field.text(&mut spec.notes),
        "output" => field.text(&mut spec.output),
        "serviceid" | "service_id" => field.text(&mut spec.service_id),
        "type" => field.text(&mut spec.check_type),
        "definition" => {
            spec.definition = match field.value.kind() {
                Kind::Null => Value::Null,
                Kind::Object => field.value.value(),
                _ => {
                    let place = field.place("structs.HealthCheckDefinition");
                    return Err(field.value.mismatch(place));
                }
            };
            Ok(true)
        }
        // The name and the tags are those of the registered service.
        "servicename" | "servicetags" | "createindex" | "modifyindex" => Ok(true),
        _ => Ok(false),
    })?;
    Ok(spec)
}

fn decode_deregister(body: &str, strict: bool) -> Result<(Deregister, String), DecodeError> {
    let mut deregister = Deregister::default();
    let mut datacenter = String::new();
    let object = Object {
        path: "DeregisterRequest.",
        type_name: "structs.DeregisterRequest",
        strict,
    };
    object.each(Json::parse(body)?, |name, field| match name {
        "datacenter" => field.text(&mut datacenter),
        "node" => field.text(&mut deregister.node),
        "serviceid" => field.text(&mut deregister.service_id),
        "checkid" => field.text(&mut deregister.check_id),
        // Consul takes the address too, and has no use for it.
        "address" => field.text(&mut String::new()),
        _ => Ok(false),
    })?;
    Ok((deregister, datacenter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn register(body: &str) -> Register {
        decode_register(body, false)
            .unwrap_or_else(|error| panic!("{body}: {error}"))
            .0
    }

    #[test]
    fn old_clients_may_send_fields_that_no_longer_exist() {
        let body = r#"{"node":"n","address":"a","WriteRequest":{"Token":""},"Check":{"Name":"c","Script":"x"}}"#;
        let decoded = register(body);
        assert_eq!((decoded.node.name.as_str(), decoded.checks.len()), ("n", 1));
        let error = decode_register(body, true).unwrap_err();
        assert_eq!(error, DecodeError::unknown_field("WriteRequest"));
    }

    #[test]
    fn a_field_of_the_wrong_type_is_named() {
        let error = decode_register(r#"{"Node":5}"#, false)
            .unwrap_err()
            .to_string();
        let want = "json: cannot unmarshal number into Go struct field RegisterRequest.Node of type string";
        assert_eq!(error, want);
        let error = decode_register("[]", false).unwrap_err().to_string();
        let want = "json: cannot unmarshal array into Go value of type structs.RegisterRequest";
        assert_eq!(error, want);
        assert_eq!(decode_register("", true).unwrap_err().to_string(), "EOF");
    }

    #[test]
    fn what_is_not_served_is_refused_and_not_dropped() {
        let with = |proxy: &str| {
            let body = format!(r#"{{"Node":"n","Service":{{"Service":"s","Proxy":{proxy}}}}}"#);
            decode_register(&body, false)
        };
        assert!(with("{}").is_ok() && with("null").is_ok());
        assert!(with(r#"{"MeshGateway":{},"Expose":{}}"#).is_ok());
        assert!(with(r#"{"DestinationServiceName":"x"}"#).is_err());
    }
}
