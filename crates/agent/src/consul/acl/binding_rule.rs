//! Binding rules: `/v1/acl/binding-rule…`.

use std::sync::Arc;

use http::{Method, StatusCode};
use quorate_wire::consul::acl::{AuthMethod, BindType, BindingRule};

use super::{
    bad_request, bind_name, check_on, decoded, edit, fresh_id, lister, lookup_refused, method,
    named as name_of, reader, remove, watched,
};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Place};
use crate::consul::filter::Filter;
use crate::consul::object::Object;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, State, Table};

const TABLE: Table = Table::AclBindingRules;

/// `GET /v1/acl/binding-rules`: all, or those of an auth method.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let reader = lister(request)?;
    let method = request.params.text("authmethod").map(str::to_owned);
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let mut found = state.acl_binding_rules(method.as_deref());
        found.value.retain(|_| permit.acl_read());
        Reading::new(found.index, Reply::object(&found.value))
    }))
}

/// `PUT /v1/acl/binding-rule`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    Ok(edit(request, body, |front, body| {
        let rule = decoded(body, DECODING, |body| fields(body, front.strict))?;
        if !rule.id.is_empty() {
            return Err(bad_request(MISMATCH).into());
        }
        Ok(AclCommand::SetBindingRule(Box::new(rule), fresh_id()))
    }))
}

/// `GET`, `PUT` and `DELETE /v1/acl/binding-rule/:id`.
pub(super) fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let id = name_of(request, "binding rule ID")?;
    request.check_namespace()?;
    match *request.method {
        Method::GET => read(request, id),
        Method::DELETE => remove(request, AclCommand::DeleteBindingRule(id)),
        _ => Ok(edit(request, body, move |front, body| {
            let mut rule = decoded(body, DECODING, |body| fields(body, front.strict))?;
            if !rule.id.is_empty() && rule.id != id {
                return Err(bad_request(MISMATCH).into());
            }
            rule.id = id;
            Ok(AclCommand::SetBindingRule(Box::new(rule), String::new()))
        })),
    }
}

fn read(request: Request<'_>, id: String) -> Result<Answer, Refused> {
    let reader = reader(request)?;
    if let Err(refusal) = request.front.snapshot().consul().acl_binding_rule(&id) {
        return Err(lookup_refused(&refusal).into());
    }
    Ok(watched(
        request,
        reader,
        TABLE,
        move |state, permit| match state.acl_binding_rule(&id) {
            Ok(found) => show(found.index, found.value, permit),
            Err(refusal) => Reading::new(1, lookup_refused(&refusal)),
        },
    ))
}

fn show(index: u64, rule: Option<&Arc<BindingRule>>, permit: &Permit) -> Reading {
    match rule.filter(|_| permit.acl_read()) {
        Some(rule) => Reading::new(index, Reply::object(&**rule)).of_one(rule.modify_index),
        None => Reading::without_headers(index, Reply::empty(StatusCode::NOT_FOUND)),
    }
}

/// Checks what the engine can't: the selector and the name, against what the auth method knows. What
/// the engine refuses by itself is left to it.
pub(super) fn check(state: &State, rule: &BindingRule) -> Result<(), String> {
    let old = match rule.id.is_empty() {
        true => None,
        false => match state.acl_binding_rule(&rule.id).map(|found| found.value) {
            Ok(Some(old)) => Some(old),
            _ => return Ok(()),
        },
    };
    let name = match &old {
        Some(old) if !rule.auth_method.is_empty() && rule.auth_method != old.auth_method => {
            return Ok(());
        }
        Some(old) => &old.auth_method,
        None => &rule.auth_method,
    };
    let Some(method) = state.acl_auth_method(name).value else {
        return Ok(());
    };
    if !rule.selector.is_empty() {
        let parsed = Filter::parse(&rule.selector, method::selectors(method));
        parsed
            .map_err(|problem| format!("invalid Binding Rule: Selector is invalid: {problem}"))?;
    }
    check_bind(method, rule).map_err(|problem| format!("Invalid Binding Rule: {problem}"))
}

fn check_bind(method: &AuthMethod, rule: &BindingRule) -> Result<(), String> {
    if let BindType::Other(word) = &rule.bind_type
        && word.is_empty()
    {
        return Err("no BindType is set".into());
    }
    if rule.bind_name.is_empty() {
        return Err("no BindName is set".into());
    }
    if let BindType::Other(word) = &rule.bind_type {
        return Err(format!("unknown BindType {}", crate::quote::quote(word)));
    }
    let variables = method::variables(method);
    let known = |name: &str| variables.iter().any(|it| it == name).then(|| "fake".into());
    let filled = bind_name::fill(&rule.bind_name, known);
    let filled = filled.map_err(|problem| format!("invalid BindName: {problem}"))?;
    match bind_name::is_valid(&rule.bind_type, &filled) {
        true => Ok(()),
        false => Err("invalid BindName".into()),
    }
}

const DECODING: &str = "BindingRule decoding failed";
const MISMATCH: &str = "BindingRule ID in URL and payload do not match";

fn fields(body: Json<'_>, strict: bool) -> Result<BindingRule, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "structs.ACLBindingRule",
        },
        path: "ACLBindingRule.",
        fields: &[
            "ID",
            "Description",
            "AuthMethod",
            "Selector",
            "BindType",
            "BindName",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    let mut rule = BindingRule::default();
    let mut kind = String::new();
    object.each(body, |name, field| match name {
        "id" => field.text(&mut rule.id),
        "description" => field.text(&mut rule.description),
        "authmethod" => field.text(&mut rule.auth_method),
        "selector" => field.text(&mut rule.selector),
        "bindtype" => field.text(&mut kind),
        "bindname" => field.text(&mut rule.bind_name),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    rule.bind_type = BindType::from(kind.as_str());
    Ok(rule)
}
