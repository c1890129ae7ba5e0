//! The body of a prepared query.

use quorate_wire::consul::PreparedQuery;
use quorate_wire::consul::prepared_query::{QueryDns, QueryFailover, QueryTemplate, ServiceQuery};

use super::super::decode::{DecodeError, Json, Place};
use super::super::object::{Field, Object};

const QUERY: Object = Object {
    place: Place {
        field: "",
        type_name: "structs.PreparedQuery",
    },
    path: "PreparedQuery.",
    fields: &[
        "ID",
        "Name",
        "Session",
        "Token",
        "Template",
        "Service",
        "DNS",
        "CreateIndex",
        "ModifyIndex",
    ],
    strict: true,
};

const TEMPLATE: Object = Object {
    place: Place {
        field: "PreparedQuery.Template",
        type_name: "structs.QueryTemplateOptions",
    },
    path: "QueryTemplateOptions.Template.",
    fields: &["Type", "Regexp", "RemoveEmptyTags"],
    strict: true,
};

const SERVICE: Object = Object {
    place: Place {
        field: "PreparedQuery.Service",
        type_name: "structs.ServiceQuery",
    },
    path: "ServiceQuery.Service.",
    fields: &[
        "Service",
        "Failover",
        "OnlyPassing",
        "IgnoreCheckIDs",
        "Near",
        "Tags",
        "NodeMeta",
        "ServiceMeta",
        "Connect",
    ],
    strict: true,
};

const FAILOVER: Object = Object {
    place: Place {
        field: "ServiceQuery.Service.Failover",
        type_name: "structs.QueryDatacenterOptions",
    },
    path: "QueryDatacenterOptions.Service.Failover.",
    fields: &["NearestN", "Datacenters"],
    strict: true,
};

const DNS: Object = Object {
    place: Place {
        field: "PreparedQuery.DNS",
        type_name: "structs.QueryDNSOptions",
    },
    path: "QueryDNSOptions.DNS.",
    fields: &["TTL"],
    strict: true,
};

/// Reads a definition, strictly or leaving fields that nobody knows.
pub(super) fn decode(body: &str, strict: bool) -> Result<PreparedQuery, DecodeError> {
    let mut query = PreparedQuery::default();
    let mut token = String::new();
    let object = Object { strict, ..QUERY };
    object.each(Json::parse(body)?, |name, field| match name {
        "id" => field.text(&mut query.id),
        "name" => field.text(&mut query.name),
        "session" => field.text(&mut query.session),
        "token" => field.text(&mut token),
        "template" => decode_template(field.value, strict, &mut query.template),
        "service" => decode_service(field.value, strict, &mut query.service),
        "dns" => decode_dns(field.value, strict, &mut query.dns),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    query.token = token.into();
    Ok(query)
}

fn decode_template(
    value: Json<'_>,
    strict: bool,
    into: &mut QueryTemplate,
) -> Result<(), DecodeError> {
    let object = Object { strict, ..TEMPLATE };
    object.each(value, |name, field| match name {
        "type" => field.text(&mut into.r#type),
        "regexp" => field.text(&mut into.regexp),
        "removeemptytags" => field.flag(&mut into.remove_empty_tags),
        _ => Ok(()),
    })
}

fn decode_service(
    value: Json<'_>,
    strict: bool,
    into: &mut ServiceQuery,
) -> Result<(), DecodeError> {
    let object = Object { strict, ..SERVICE };
    object.each(value, |name, field| match name {
        "service" => field.text(&mut into.service),
        "failover" => decode_failover(field.value, strict, &mut into.failover),
        "onlypassing" => field.flag(&mut into.only_passing),
        "ignorecheckids" => texts(field, "types.CheckID", &mut into.ignore_check_ids),
        "near" => field.text(&mut into.near),
        "tags" => texts(field, "string", &mut into.tags),
        "nodemeta" => field.map(&mut into.node_meta),
        "servicemeta" => field.map(&mut into.service_meta),
        "connect" => field.flag(&mut into.connect),
        _ => Ok(()),
    })
}

fn decode_failover(
    value: Json<'_>,
    strict: bool,
    into: &mut QueryFailover,
) -> Result<(), DecodeError> {
    let object = Object { strict, ..FAILOVER };
    object.each(value, |name, field| match name {
        "nearestn" => field.number(&mut into.nearest_n),
        "datacenters" => texts(field, "string", &mut into.datacenters),
        _ => Ok(()),
    })
}

fn decode_dns(value: Json<'_>, strict: bool, into: &mut QueryDns) -> Result<(), DecodeError> {
    let object = Object { strict, ..DNS };
    object.each(value, |name, field| match name {
        "ttl" => field.text(&mut into.ttl_text),
        _ => Ok(()),
    })
}

/// A list, of which `null` is none at all.
fn texts(
    field: Field<'_>,
    element: &'static str,
    into: &mut Option<Vec<String>>,
) -> Result<(), DecodeError> {
    let list = match element {
        "string" => "[]string",
        _ => "[]types.CheckID",
    };
    *into = field.value.texts(field.place(list), element)?;
    Ok(())
}
