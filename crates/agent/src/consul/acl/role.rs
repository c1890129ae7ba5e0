//! Roles: `/v1/acl/role…`.

use std::sync::Arc;

use http::{Method, StatusCode};
use quorate_wire::consul::acl::Role;

use super::decode::{link, list as list_of};
use super::identity::{nodes, services};
use super::{
    bad_request, check_on, decoded, edit, fresh_id, lister, lookup_refused, named as name_of,
    reader, remove, watched,
};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Place};
use crate::consul::object::Object;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, State, Table};

const TABLE: Table = Table::AclRoles;

/// `GET /v1/acl/roles`: all, or those with a policy.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let reader = lister(request)?;
    let policy = request.params.text("policy").map(str::to_owned);
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let mut found = state.acl_roles(policy.as_deref());
        found.value.retain(|_| permit.acl_read());
        Reading::new(found.index, Reply::object(&found.value))
    }))
}

/// `GET /v1/acl/role/name/:name`.
pub(super) fn named(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let name = name_of(request, "role Name")?;
    request.check_namespace()?;
    let reader = reader(request)?;
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let found = state.acl_role_named(&name);
        show(state, found.index, found.value, permit)
    }))
}

/// `PUT /v1/acl/role`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    Ok(edit(request, body, |front, body| {
        let role = decoded(body, DECODING, |body| fields(body, front.strict))?;
        if !role.id.is_empty() {
            return Err(bad_request(MISMATCH).into());
        }
        Ok(AclCommand::SetRole(Box::new(role), fresh_id()))
    }))
}

/// `GET`, `PUT` and `DELETE /v1/acl/role/:id`.
pub(super) fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let id = name_of(request, "role ID")?;
    request.check_namespace()?;
    match *request.method {
        Method::GET => read(request, id),
        Method::DELETE => remove(request, AclCommand::DeleteRole(id)),
        _ => Ok(edit(request, body, move |front, body| {
            let mut role = decoded(body, DECODING, |body| fields(body, front.strict))?;
            if !role.id.is_empty() && role.id != id {
                return Err(bad_request(MISMATCH).into());
            }
            role.id = id;
            Ok(AclCommand::SetRole(Box::new(role), String::new()))
        })),
    }
}

fn read(request: Request<'_>, id: String) -> Result<Answer, Refused> {
    let reader = reader(request)?;
    if let Err(refusal) = request.front.snapshot().consul().acl_role(&id) {
        return Err(lookup_refused(&refusal).into());
    }
    Ok(watched(
        request,
        reader,
        TABLE,
        move |state, permit| match state.acl_role(&id) {
            Ok(found) => show(state, found.index, found.value, permit),
            Err(refusal) => Reading::new(1, lookup_refused(&refusal)),
        },
    ))
}

/// What does not exist is answered without the headers of a read.
fn show(state: &State, index: u64, role: Option<&Arc<Role>>, permit: &Permit) -> Reading {
    match role.filter(|_| permit.acl_read()) {
        Some(role) => {
            let reply = Reply::object(&state.shown_acl_role(role));
            Reading::new(index, reply).of_one(role.modify_index)
        }
        None => Reading::without_headers(index, Reply::empty(StatusCode::NOT_FOUND)),
    }
}

const DECODING: &str = "Role decoding failed";
const MISMATCH: &str = "Role ID in URL and payload do not match";

fn fields(body: Json<'_>, strict: bool) -> Result<Role, DecodeError> {
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
            "Policies",
            "ServiceIdentities",
            "NodeIdentities",
            "Hash",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    let mut role = Role::default();
    object.each(body, |name, field| {
        match name {
            "id" => field.text(&mut role.id)?,
            "name" => field.text(&mut role.name)?,
            "description" => field.text(&mut role.description)?,
            "policies" => {
                let place = Place {
                    field: ".Policies",
                    type_name: "structs.ACLRolePolicyLink",
                };
                role.policies = list_of(&field, "[]structs.ACLRolePolicyLink", |value| {
                    link(value, "ACLRolePolicyLink.Policies.", place, strict)
                })?;
            }
            "serviceidentities" => role.service_identities = services(&field, strict)?,
            "nodeidentities" => role.node_identities = nodes(&field, strict)?,
            "hash" => field.text(&mut String::new())?,
            "createindex" | "modifyindex" => field.index()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok(role)
}
