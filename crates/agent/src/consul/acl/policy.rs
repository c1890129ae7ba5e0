//! Policies: `/v1/acl/policy…`.

use std::sync::Arc;

use http::Method;
use quorate_wire::consul::acl::{Policy, PolicyRow};

use super::{
    bad_request, check_on, decoded, edit, fresh_id, lister, lookup_refused, named as name_of,
    reader, remove, watched,
};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Place};
use crate::consul::object::Object;
use crate::consul::permit::{Permit, not_found};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, AclPolicy, Table};

const TABLE: Table = Table::AclPolicies;

/// `GET /v1/acl/policies`: all, without their rules.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let reader = lister(request)?;
    Ok(watched(request, reader, TABLE, |state, permit| {
        let found = state.acl_policies();
        let policies = found.value.iter().filter(|_| permit.acl_read());
        let rows: Vec<_> = policies.map(|it| PolicyRow::from(&it.policy)).collect();
        Reading::new(found.index, Reply::object(&rows))
    }))
}

/// `GET /v1/acl/policy/name/:name`.
pub(super) fn named(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let name = name_of(request, "policy Name")?;
    request.check_namespace()?;
    let reader = reader(request)?;
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let found = state.acl_policy_named(&name);
        show(found.index, found.value, permit)
    }))
}

/// `PUT /v1/acl/policy`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    Ok(edit(request, body, |front, body| {
        let policy = decoded(body, DECODING, |body| fields(body, front.strict))?;
        if !policy.id.is_empty() {
            const TEXT: &str = "Cannot specify the ID when creating a new policy";
            return Err(bad_request(TEXT).into());
        }
        Ok(AclCommand::SetPolicy(Box::new(policy), fresh_id()))
    }))
}

/// `GET`, `PUT` and `DELETE /v1/acl/policy/:id`.
pub(super) fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let id = name_of(request, "policy ID")?;
    request.check_namespace()?;
    match *request.method {
        Method::GET => read(request, id),
        Method::DELETE => remove(request, AclCommand::DeletePolicy(id)),
        _ => Ok(edit(request, body, move |front, body| {
            let mut policy = decoded(body, DECODING, |body| fields(body, front.strict))?;
            if !policy.id.is_empty() && policy.id != id {
                const TEXT: &str = "Policy ID in URL and payload do not match";
                return Err(bad_request(TEXT).into());
            }
            policy.id = id;
            Ok(AclCommand::SetPolicy(Box::new(policy), String::new()))
        })),
    }
}

fn read(request: Request<'_>, id: String) -> Result<Answer, Refused> {
    let reader = reader(request)?;
    if let Err(refusal) = request.front.snapshot().consul().acl_policy(&id) {
        return Err(lookup_refused(&refusal).into());
    }
    Ok(watched(
        request,
        reader,
        TABLE,
        move |state, permit| match state.acl_policy(&id) {
            Ok(found) => show(found.index, found.value, permit),
            Err(refusal) => Reading::new(1, lookup_refused(&refusal)),
        },
    ))
}

fn show(index: u64, policy: Option<&Arc<AclPolicy>>, permit: &Permit) -> Reading {
    match policy.filter(|_| permit.acl_read()).map(|it| &it.policy) {
        Some(policy) => Reading::new(index, Reply::object(policy)).of_one(policy.modify_index),
        None => Reading::new(index, not_found()),
    }
}

const DECODING: &str = "Policy decoding failed";

fn fields(body: Json<'_>, strict: bool) -> Result<Policy, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "struct { Hash string; *structs.Alias }",
        },
        path: ".",
        fields: &[
            "ID",
            "Name",
            "Description",
            "Rules",
            "Datacenters",
            "Hash",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    let mut policy = Policy::default();
    object.each(body, |name, field| match name {
        "id" => field.text(&mut policy.id),
        "name" => field.text(&mut policy.name),
        "description" => field.text(&mut policy.description),
        "rules" => field.text(&mut policy.rules),
        "datacenters" => field.texts(&mut policy.datacenters),
        "hash" => field.text(&mut String::new()),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    Ok(policy)
}
