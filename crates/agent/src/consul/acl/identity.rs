//! Identities in the bodies of tokens and roles.

use quorate_wire::consul::acl::{NodeIdentity, ServiceIdentity};

use super::decode::list;
use crate::consul::decode::{DecodeError, Place};
use crate::consul::object::{Field, Object};

/// Reads `ServiceIdentities`.
pub(super) fn services(
    field: &Field<'_>,
    strict: bool,
) -> Result<Vec<ServiceIdentity>, DecodeError> {
    let object = Object {
        place: Place {
            field: ".ServiceIdentities",
            type_name: "structs.ACLServiceIdentity",
        },
        path: "ACLServiceIdentity.ServiceIdentities.",
        fields: &["ServiceName", "Datacenters"],
        strict,
    };
    list(field, "[]*structs.ACLServiceIdentity", |value| {
        let mut identity = ServiceIdentity::default();
        object.each(value, |name, field| match name {
            "servicename" => field.text(&mut identity.service_name),
            "datacenters" => field.texts(&mut identity.datacenters),
            _ => Ok(()),
        })?;
        Ok(identity)
    })
}

/// Reads `NodeIdentities`.
pub(super) fn nodes(field: &Field<'_>, strict: bool) -> Result<Vec<NodeIdentity>, DecodeError> {
    let object = Object {
        place: Place {
            field: ".NodeIdentities",
            type_name: "structs.ACLNodeIdentity",
        },
        path: "ACLNodeIdentity.NodeIdentities.",
        fields: &["NodeName", "Datacenter"],
        strict,
    };
    list(field, "[]*structs.ACLNodeIdentity", |value| {
        let mut identity = NodeIdentity::default();
        object.each(value, |name, field| match name {
            "nodename" => field.text(&mut identity.node_name),
            "datacenter" => field.text(&mut identity.datacenter),
            _ => Ok(()),
        })?;
        Ok(identity)
    })
}
