//! Operations of transactions on nodes, services and checks.

use quorate_wire::consul::health::HealthCheckRef;
use quorate_wire::consul::json;
use quorate_wire::consul::service::NodeServiceRef;
use serde::Serialize;

use super::catalog::decode_weights;
use super::decode::{DecodeError, Json, Kind, Place};
use super::definition;
use super::object::{Field, Object};
use super::permit::Permit;
use crate::engine::consul::{CatalogOp, CheckOp, NodeOp, ServiceOp, TxnRow};

const NODE_OP: Object = object(
    "TxnOp.Node",
    "api.NodeTxnOp",
    "NodeTxnOp.Node.",
    &["Verb", "Node"],
);
const NODE: Object = object(
    "NodeTxnOp.Node.Node",
    "api.Node",
    "Node.Node.Node.",
    &[
        "ID",
        "Node",
        "Address",
        "Datacenter",
        "TaggedAddresses",
        "Meta",
        "CreateIndex",
        "ModifyIndex",
    ],
);
const SERVICE_OP: Object = object(
    "TxnOp.Service",
    "api.ServiceTxnOp",
    "ServiceTxnOp.Service.",
    &["Verb", "Node", "Service"],
);
const SERVICE: Object = object(
    "ServiceTxnOp.Service.Service",
    "api.AgentService",
    "AgentService.Service.Service.",
    &[
        "Kind",
        "ID",
        "Service",
        "Tags",
        "Meta",
        "Port",
        "Address",
        "TaggedAddresses",
        "Weights",
        "EnableTagOverride",
        "CreateIndex",
        "ModifyIndex",
        "ContentHash",
        "Proxy",
        "Connect",
        "Namespace",
    ],
);
const WEIGHTS: Object = object(
    "AgentService.Service.Service.Weights",
    "api.AgentWeights",
    "AgentWeights.Service.Service.Weights.",
    &["Passing", "Warning"],
);
const CHECK_OP: Object = object(
    "TxnOp.Check",
    "api.CheckTxnOp",
    "CheckTxnOp.Check.",
    &["Verb", "Check"],
);
const CHECK: Object = object(
    "CheckTxnOp.Check.Check",
    "api.HealthCheck",
    "HealthCheck.Check.Check.",
    &[
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
        "Namespace",
        "Definition",
        "CreateIndex",
        "ModifyIndex",
    ],
);

const fn object(
    field: &'static str,
    type_name: &'static str,
    path: &'static str,
    fields: &'static [&'static str],
) -> Object {
    Object {
        place: Place { field, type_name },
        path,
        fields,
        strict: true,
    }
}

/// What an operation says of the catalog; when an object has something twice, both count.
#[derive(Default)]
pub(super) struct RawCatalog {
    node: Option<NodeOp>,
    service: Option<ServiceOp>,
    check: Option<CheckOp>,
}

impl RawCatalog {
    pub(super) fn node(&mut self, value: Json<'_>, strict: bool) -> Result<(), DecodeError> {
        if value.is_null() {
            self.node = None;
            return Ok(());
        }
        let op = self.node.get_or_insert_default();
        let object = Object { strict, ..NODE_OP };
        object.each(value, |name, field| match name {
            "verb" => field.text_of("api.NodeOp", &mut op.verb),
            "node" => node(field.value, strict, op),
            _ => Ok(()),
        })
    }

    pub(super) fn service(&mut self, value: Json<'_>, strict: bool) -> Result<(), DecodeError> {
        if value.is_null() {
            self.service = None;
            return Ok(());
        }
        let op = self.service.get_or_insert_default();
        let object = Object {
            strict,
            ..SERVICE_OP
        };
        object.each(value, |name, field| match name {
            "verb" => field.text_of("api.ServiceOp", &mut op.verb),
            "node" => field.text(&mut op.node),
            "service" => service(field.value, strict, op),
            _ => Ok(()),
        })
    }

    pub(super) fn check(&mut self, value: Json<'_>, strict: bool) -> Result<(), DecodeError> {
        if value.is_null() {
            self.check = None;
            return Ok(());
        }
        let op = self.check.get_or_insert_default();
        let object = Object { strict, ..CHECK_OP };
        object.each(value, |name, field| match name {
            "verb" => field.text_of("api.CheckOp", &mut op.verb),
            "check" => check(field.value, strict, op),
            _ => Ok(()),
        })
    }

    /// The operation; the first of several, as Consul looks for them.
    pub(super) fn into_op(self) -> Option<CatalogOp> {
        let node = self.node.map(|op| CatalogOp::Node(op.into()));
        let service = self.service.map(|op| CatalogOp::Service(op.into()));
        let check = self.check.map(|op| CatalogOp::Check(op.into()));
        node.or(service).or(check)
    }
}

fn node(value: Json<'_>, strict: bool, op: &mut NodeOp) -> Result<(), DecodeError> {
    let NodeOp { node, index, .. } = op;
    let object = Object { strict, ..NODE };
    object.each(value, |name, field| match name {
        "id" => field.text(&mut node.id),
        "node" => field.text(&mut node.name),
        "address" => field.text(&mut node.address),
        // There is one datacenter, and it is not kept.
        "datacenter" => field.text(&mut String::new()),
        "taggedaddresses" => field.map(&mut node.tagged_addresses),
        "meta" => field.map(&mut node.meta),
        "createindex" => field.index(),
        "modifyindex" => compared(field, index),
        _ => Ok(()),
    })
}

/// Reads a service; what a transaction does not take over is only checked.
fn service(value: Json<'_>, strict: bool, op: &mut ServiceOp) -> Result<(), DecodeError> {
    let ServiceOp { service, index, .. } = op;
    let object = Object { strict, ..SERVICE };
    object.each(value, |name, field| match name {
        "id" => field.text(&mut service.id),
        "service" => field.text(&mut service.name),
        "tags" => field.texts(&mut service.tags),
        "meta" => field.map(&mut service.meta),
        "port" => field.number(&mut service.port),
        "address" => field.text(&mut service.address),
        "weights" => {
            service.weights = decode_weights(field, Object { strict, ..WEIGHTS })?;
            Ok(())
        }
        "enabletagoverride" => field.flag(&mut service.enable_tag_override),
        "createindex" => field.index(),
        "modifyindex" => compared(field, index),
        "kind" => field.text_of("api.ServiceKind", &mut String::new()),
        "contenthash" | "namespace" => field.text(&mut String::new()),
        "taggedaddresses" => an_object(field, "map[string]api.ServiceAddress"),
        "proxy" => an_object(field, "api.AgentServiceConnectProxyConfig"),
        "connect" => an_object(field, "api.AgentServiceConnect"),
        _ => Ok(()),
    })
}

fn check(value: Json<'_>, strict: bool, op: &mut CheckOp) -> Result<(), DecodeError> {
    let CheckOp { check, index, .. } = op;
    let object = Object { strict, ..CHECK };
    object.each(value, |name, field| match name {
        "node" => field.text(&mut check.node),
        "checkid" => field.text(&mut check.id),
        "name" => field.text(&mut check.name),
        "status" => field.text(&mut check.status),
        "notes" => field.text(&mut check.notes),
        "output" => field.text(&mut check.output),
        "serviceid" => field.text(&mut check.service_id),
        "servicename" => field.text(&mut check.service_name),
        "servicetags" => field.texts(&mut check.service_tags),
        "type" | "namespace" => field.text(&mut String::new()),
        "definition" => {
            let path = format!("{}Definition", CHECK.path);
            check.definition = definition::decode_in_txn(field.value, &path)?;
            Ok(())
        }
        "createindex" => field.index(),
        "modifyindex" => compared(field, index),
        _ => Ok(()),
    })
}

fn compared(field: Field<'_>, index: &mut u64) -> Result<(), DecodeError> {
    *index = field.value.u64(field.place("uint64"))?.unwrap_or(*index);
    Ok(())
}

fn an_object(field: Field<'_>, type_name: &'static str) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null | Kind::Object => Ok(()),
        _ => Err(field.value.mismatch(field.place(type_name))),
    }
}

/// Whether the permit covers a write.
pub(super) fn allows(permit: &Permit, op: &CatalogOp) -> bool {
    match op {
        CatalogOp::Node(op) => permit.node_write(&op.node.name),
        CatalogOp::Service(op) => permit.service_write(&op.service.name),
        CatalogOp::Check(op) if op.check.service_id.is_empty() => permit.node_write(&op.check.node),
        CatalogOp::Check(op) => permit.service_write(&op.check.service_name),
    }
}

/// Whether the permit shows a row.
pub(super) fn shows(permit: &Permit, row: &TxnRow) -> bool {
    match row {
        TxnRow::Node(node) => permit.node_read(&node.node),
        TxnRow::Service(service) => permit.service_read(&service.name),
        TxnRow::Check(check) if check.service_name.is_empty() => permit.node_read(&check.node),
        TxnRow::Check(check) => permit.service_read(&check.service_name),
        _ => false,
    }
}

/// Writes a row as an object with the name of its kind. Tags that were never set are `null` here.
pub(super) fn encode_row(row: &TxnRow, datacenter: &str, out: &mut Vec<u8>) {
    match row {
        TxnRow::Node(node) => write("Node", &node.as_node_ref(datacenter), out),
        TxnRow::Service(service) => {
            let shown = service.as_service_ref();
            let tags = shown.tags.filter(|tags| !tags.is_empty());
            write("Service", &NodeServiceRef { tags, ..shown }, out);
        }
        TxnRow::Check(check) => {
            let shown = check.as_check_ref();
            let service_tags = shown.service_tags.filter(|tags| !tags.is_empty());
            let shown = HealthCheckRef {
                service_tags,
                ..shown
            };
            write("Check", &shown, out);
        }
        _ => out.extend_from_slice(b"{}"),
    }
}

fn write(kind: &str, shown: &impl Serialize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\":");
    // Nothing of the catalog has other keys than texts, which is all that can fail.
    out.extend_from_slice(&json::encode(shown).unwrap_or_default());
    out.push(b'}');
}
