//! Writes of the catalog: `PUT /v1/catalog/register` and `deregister`.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use quorate_wire::consul::service::ServiceAddress;

use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Kind, Place, text_of, undecodable};
use crate::consul::definition;
use crate::consul::front::Front;
use crate::consul::object::{Field, Object};
use crate::consul::permit::Permit;
use crate::consul::proxy_decode;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{
    CheckSpec, Command, Deregister, NodeSpec, Register, ServiceSpec, ServiceWeights,
};

/// Where a service's proxy stands, for errors.
const PROXY: &str = "NodeService.Service.Proxy";

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// Registers a node, and a service and checks of it.
pub(super) fn register(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    submit(request, body, |body, strict| {
        let (register, datacenter) = decode_register(body, strict)?;
        Ok((Command::Register(Box::new(register)), datacenter))
    })
}

/// Removes a service, a check, or a whole node.
pub(super) fn deregister(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
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
    request.check_namespace()?;
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match body.read(MAX_BODY_BYTES, undecodable).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        let decoded = text_of(&body).and_then(|text| decode(&text, front.strict));
        match decoded {
            Err(error) => undecodable(error),
            Ok((_, datacenter)) if !datacenter.is_empty() && datacenter != front.datacenter => {
                Reply::server_error(quorate_wire::consul::text::NO_PATH_TO_DATACENTER)
            }
            Ok((command, _)) => match carry_out(&front, permit, command).await {
                Ok(()) => Reply::flag(true),
                Err(refused) => *refused,
            },
        }
    }))
}

async fn carry_out(
    front: &Front,
    permit: Result<Permit, Refused>,
    command: Command,
) -> Result<(), Refused> {
    // A deregistration is looked at before the token of the request is.
    let nameless = matches!(&command, Command::Deregister(what) if what.node.is_empty());
    if nameless {
        return front.submit(command).await.map(drop);
    }
    let permit = permit?;
    match &command {
        Command::Register(new) => permit.check_register(front.snapshot().consul(), new)?,
        Command::Deregister(what) => permit.check_deregister(front.snapshot().consul(), what)?,
        _ => {}
    }
    front.submit(command).await.map(drop)
}

const REGISTER: Object = Object {
    place: Place {
        field: "",
        type_name: "structs.RegisterRequest",
    },
    path: "RegisterRequest.",
    fields: &[
        "Datacenter",
        "ID",
        "Node",
        "Address",
        "TaggedAddresses",
        "NodeMeta",
        "Service",
        "Check",
        "Checks",
        "SkipNodeUpdate",
        "CreateIndex",
        "ModifyIndex",
        "Token",
    ],
    strict: true,
};

const SERVICE: Object = Object {
    place: Place {
        field: "RegisterRequest.Service",
        type_name: "structs.NodeService",
    },
    path: "NodeService.Service.",
    fields: &[
        "Kind",
        "ID",
        "Service",
        "Tags",
        "Address",
        "TaggedAddresses",
        "Meta",
        "Port",
        "Weights",
        "EnableTagOverride",
        "Proxy",
        "Connect",
        "CreateIndex",
        "ModifyIndex",
    ],
    strict: true,
};

const ADDRESS: Object = Object {
    place: Place {
        field: "NodeService.Service.TaggedAddresses",
        type_name: "structs.ServiceAddress",
    },
    path: "ServiceAddress.Service.TaggedAddresses.",
    fields: &["Address", "Port"],
    strict: true,
};

const WEIGHTS: Object = Object {
    place: Place {
        field: "NodeService.Service.Weights",
        type_name: "structs.Weights",
    },
    path: "Weights.Service.Weights.",
    fields: &["Passing", "Warning"],
    strict: true,
};

const CHECK: Object = Object {
    place: Place {
        field: "RegisterRequest.Check",
        type_name: "structs.HealthCheck",
    },
    path: "HealthCheck.Check.",
    fields: &[
        "Node",
        "CheckID",
        "Name",
        "Status",
        "Notes",
        "Output",
        "ServiceID",
        "ServiceName",
        "ServiceTags",
        "Type",
        "Definition",
        "CreateIndex",
        "ModifyIndex",
    ],
    strict: true,
};

/// A check within the list.
const CHECKS: Object = Object {
    place: Place {
        field: "RegisterRequest.Checks",
        type_name: "structs.HealthCheck",
    },
    path: "HealthCheck.Checks.",
    ..CHECK
};

const DEREGISTER: Object = Object {
    place: Place {
        field: "",
        type_name: "struct { Address string; *structs.Alias }",
    },
    path: ".",
    fields: &[
        "Datacenter",
        "Node",
        "Address",
        "ServiceID",
        "CheckID",
        "Token",
    ],
    strict: true,
};

fn decode_register(body: &str, strict: bool) -> Result<(Register, String), DecodeError> {
    let mut register = Register::default();
    let mut datacenter = String::new();
    let mut last_check = None;
    let object = Object { strict, ..REGISTER };
    object.each(Json::parse(body)?, |name, field| {
        let node: &mut NodeSpec = &mut register.node;
        match name {
            "datacenter" => field.text(&mut datacenter),
            "id" => field.text_of("types.NodeID", &mut node.id),
            "node" => field.text(&mut node.name),
            "address" => field.text(&mut node.address),
            "taggedaddresses" => field.map(&mut node.tagged_addresses),
            "nodemeta" => field.map(&mut node.meta),
            "skipnodeupdate" => field.flag(&mut register.skip_node_update),
            "service" if field.value.is_null() => {
                register.service = None;
                Ok(())
            }
            "service" => {
                let service = register.service.get_or_insert_default();
                decode_service(field.value, strict, service)
            }
            "check" if field.value.is_null() => {
                last_check = None;
                Ok(())
            }
            "check" => {
                let check = last_check.get_or_insert_default();
                decode_check(field.value, Object { strict, ..CHECK }, check)
            }
            "checks" => decode_checks(field, strict, &mut register.checks),
            "createindex" | "modifyindex" => field.index(),
            "token" => field.text(&mut String::new()),
            _ => Ok(()),
        }
    })?;
    // Consul puts it behind those of the list.
    register.checks.extend(last_check);
    for check in &mut register.checks {
        if check.check_type.is_empty() {
            check.check_type = definition::check_type(&check.definition).to_owned();
        }
    }
    Ok((register, datacenter))
}

fn decode_checks(
    field: Field<'_>,
    strict: bool,
    checks: &mut Vec<CheckSpec>,
) -> Result<(), DecodeError> {
    if !matches!(field.value.kind(), Kind::Array | Kind::Null) {
        return Err(field.value.mismatch(field.place("structs.HealthChecks")));
    }
    checks.clear();
    let mut first = Ok(());
    for value in field.value.elements() {
        let mut check = CheckSpec::default();
        match decode_check(value, Object { strict, ..CHECKS }, &mut check) {
            Err(error) if error.ends() => return Err(error),
            read => first = first.and(read),
        }
        checks.push(check);
    }
    first
}

fn decode_service(
    service: Json<'_>,
    strict: bool,
    spec: &mut ServiceSpec,
) -> Result<(), DecodeError> {
    let object = Object { strict, ..SERVICE };
    object.each(service, |name, field| match name {
        "id" => field.text(&mut spec.id),
        "service" => field.text(&mut spec.name),
        "tags" => field.texts(&mut spec.tags),
        "address" => field.text(&mut spec.address),
        "meta" => field.map(&mut spec.meta),
        "port" => field.number(&mut spec.port),
        "weights" => {
            spec.weights = decode_weights(field, Object { strict, ..WEIGHTS })?;
            Ok(())
        }
        "enabletagoverride" | "enable_tag_override" => field.flag(&mut spec.enable_tag_override),
        "kind" => {
            let kind = field.value.text(field.place("structs.ServiceKind"))?;
            spec.kind = kind.map_or_else(|| mem::take(&mut spec.kind), |it| it.as_str().into());
            Ok(())
        }
        "taggedaddresses" => tagged_addresses(field, strict, &mut spec.tagged_addresses),
        "proxy" => proxy_decode::proxy(field.value, PROXY, strict, &mut spec.proxy),
        "connect" => proxy_decode::connect(field.value, &mut spec.connect),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    Ok(())
}

fn tagged_addresses(
    field: Field<'_>,
    strict: bool,
    into: &mut BTreeMap<String, ServiceAddress>,
) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null => into.clear(),
        Kind::Object => {
            for (tag, value) in field.value.fields() {
                let mut address = ServiceAddress::default();
                let object = Object { strict, ..ADDRESS };
                object.each(value, |name, field| match name {
                    "address" => field.text(&mut address.address),
                    "port" => field.number(&mut address.port),
                    _ => Ok(()),
                })?;
                into.insert(tag.into_owned(), address);
            }
        }
        _ => {
            let place = field.place("map[string]structs.ServiceAddress");
            return Err(field.value.mismatch(place));
        }
    }
    Ok(())
}

/// Weights that make no sense are replaced by the default, all of them.
pub(in crate::consul) fn decode_weights(
    field: Field<'_>,
    object: Object,
) -> Result<ServiceWeights, DecodeError> {
    const MOST: i64 = 65_535;
    let mut weights = ServiceWeights {
        passing: 0,
        warning: 0,
    };
    object.each(field.value, |name, field| match name {
        "passing" => field.number(&mut weights.passing),
        "warning" => field.number(&mut weights.warning),
        _ => Ok(()),
    })?;
    let sensible = (1..=MOST).contains(&weights.passing) && (0..=MOST).contains(&weights.warning);
    Ok(if sensible {
        weights
    } else {
        ServiceWeights::default()
    })
}

fn decode_check(check: Json<'_>, object: Object, spec: &mut CheckSpec) -> Result<(), DecodeError> {
    object.each(check, |name, field| match name {
        "node" => field.text(&mut spec.node),
        "checkid" => field.text_of("types.CheckID", &mut spec.id),
        "name" => field.text(&mut spec.name),
        "status" => field.text(&mut spec.status),
        "notes" => field.text(&mut spec.notes),
        "output" => field.text(&mut spec.output),
        "serviceid" | "service_id" => field.text(&mut spec.service_id),
        "type" => field.text(&mut spec.check_type),
        "definition" => {
            let path = format!("{}Definition", object.path);
            spec.definition = definition::decode(field.value, &path)?;
            Ok(())
        }
        "servicename" => field.text(&mut spec.service_name),
        "servicetags" => field.texts(&mut spec.service_tags),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    Ok(())
}

fn decode_deregister(body: &str, strict: bool) -> Result<(Deregister, String), DecodeError> {
    let mut deregister = Deregister::default();
    let mut datacenter = String::new();
    let object = Object {
        strict,
        ..DEREGISTER
    };
    object.each(Json::parse(body)?, |name, field| match name {
        "datacenter" => field.text(&mut datacenter),
        "node" => field.text(&mut deregister.node),
        "serviceid" => field.text(&mut deregister.service_id),
        "checkid" => field.text_of("types.CheckID", &mut deregister.check_id),
        // Consul takes these too, and has no use for them.
        "address" | "token" => field.text(&mut String::new()),
        _ => Ok(()),
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

    // What Consul 1.8.7 made of the same weights.
    #[test]
    fn weights_are_taken_whole_or_not_at_all() {
        for (given, passing, warning) in [
            ("null", 1, 1),
            ("{}", 1, 1),
            (r#"{"Passing":2}"#, 2, 0),
            (r#"{"Passing":3,"Warning":4}"#, 3, 4),
            (r#"{"Warning":5}"#, 1, 1),
            (r#"{"Passing":2,"Warning":-1}"#, 1, 1),
            (r#"{"Passing":70000}"#, 1, 1),
        ] {
            let body = format!(r#"{{"Node":"n","Service":{{"Service":"s","Weights":{given}}}}}"#);
            let weights = register(&body).service.unwrap().weights;
            assert_eq!(
                (weights.passing, weights.warning),
                (passing, warning),
                "{given}"
            );
        }
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn the_first_error_is_told_unless_a_duration_is_wrong() {
        for (body, want) in [
            (
                r#"{"NODE":1,"Bogus":2}"#,
                "json: cannot unmarshal number into Go struct field RegisterRequest.Node of type string",
            ),
            (r#"{"Bogus":2,"Node":1}"#, "json: unknown field \"Bogus\""),
            (
                r#"{"Node":1,"Check":{"Definition":{"Interval":"x"}}}"#,
                "time: invalid duration \"x\"",
            ),
            (
                r#"{"Checks":[{"CheckID":1}]}"#,
                "json: cannot unmarshal number into Go struct field HealthCheck.Checks.CheckID of type types.CheckID",
            ),
            (
                r#"{"Namespace":"x"}"#,
                "json: unknown field \"Namespace\" - Namespaces are a Consul Enterprise feature",
            ),
        ] {
            let error = decode_register(body, true).unwrap_err();
            assert_eq!(error.to_string(), want, "{body}");
        }
    }

    #[test]
    fn what_is_doubled_is_read_twice_and_the_single_check_comes_last() {
        let body =
            r#"{"Node":"n","Check":{"Name":"a"},"Checks":[{"Name":"b"}],"Check":{"Notes":"c"}}"#;
        let checks = register(body).checks;
        let names: Vec<_> = checks
            .iter()
            .map(|it| (it.name.as_str(), it.notes.as_str()))
            .collect();
        assert_eq!(names, [("b", ""), ("a", "c")]);
    }
}
