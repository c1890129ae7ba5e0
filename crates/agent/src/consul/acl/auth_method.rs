//! Auth methods: `/v1/acl/auth-method…`.

use std::sync::Arc;

use http::{Method, StatusCode};
use quorate_wire::consul::GoDuration;
use quorate_wire::consul::acl::{AuthMethod, AuthMethodRow, AuthMethodType, TokenLocality};
use serde_json::Value;

use super::decode::nanos;
use super::{
    bad_request, check_on, decoded, edit, lister, method, named as name_of, reader, remove, watched,
};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Kind, Place};
use crate::consul::front::Front;
use crate::consul::object::Object;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, State, Table, is_auth_method_name};

const MINUTE: i64 = 60_000_000_000;
const DAY: i64 = 24 * 60 * MINUTE;

const TABLE: Table = Table::AclAuthMethods;

/// `GET /v1/acl/auth-methods`: all, without what they need to know.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let reader = lister(request)?;
    Ok(watched(request, reader, TABLE, |state, permit| {
        let found = state.acl_auth_methods();
        let methods = found.value.into_iter().filter(|_| permit.acl_read());
        let rows: Vec<_> = methods.map(|it| AuthMethodRow::from(&**it)).collect();
        Reading::new(found.index, Reply::object(&rows))
    }))
}

/// `PUT /v1/acl/auth-method`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    Ok(edit(request, body, |front, body| set(front, body, None)))
}

/// `GET`, `PUT` and `DELETE /v1/acl/auth-method/:name`.
pub(super) fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let name = name_of(request, "auth method name")?;
    request.check_namespace()?;
    match *request.method {
        Method::GET => read(request, name),
        Method::DELETE => remove(request, AclCommand::DeleteAuthMethod(name)),
        _ => Ok(edit(request, body, |front, body| {
            set(front, body, Some(name))
        })),
    }
}

fn read(request: Request<'_>, name: String) -> Result<Answer, Refused> {
    let reader = reader(request)?;
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let found = state.acl_auth_method(&name);
        show(found.index, found.value, permit)
    }))
}

fn show(index: u64, method: Option<&Arc<AuthMethod>>, permit: &Permit) -> Reading {
    match method.filter(|_| permit.acl_read()) {
        Some(method) => Reading::new(index, Reply::object(&**method)).of_one(method.modify_index),
        None => Reading::without_headers(index, Reply::empty(StatusCode::NOT_FOUND)),
    }
}

/// The command that writes the method of a body; `name` is that of the path.
fn set(front: &Front, body: &[u8], name: Option<String>) -> Result<AclCommand, Refused> {
    let mut given = decoded(body, "AuthMethod decoding failed", |body| {
        fields(body, front.strict)
    })?;
    if let Some(name) = name {
        if !given.name.is_empty() && given.name != name {
            const TEXT: &str = "AuthMethod Name in URL and payload do not match";
            return Err(bad_request(TEXT).into());
        }
        given.name = name;
    }
    Ok(AclCommand::SetAuthMethod(Box::new(given)))
}

/// Checks what the engine can't: what the method's kind needs to know. What the engine refuses by
/// itself is left to it.
pub(super) fn check(state: &State, given: &AuthMethod) -> Result<(), String> {
    let refused = |text: &str| format!("Invalid Auth Method: {text}");
    let old = state.acl_auth_method(&given.name).value;
    if !is_auth_method_name(&given.name) || old.is_some_and(|old| old.kind != given.kind) {
        return Ok(());
    }
    if !matches!(given.kind, AuthMethodType::Jwt | AuthMethodType::Kubernetes) {
        return Err(refused("Type should be one of: [jwt kubernetes]"));
    }
    let ttl = given.max_token_ttl;
    if ttl.nanos() > DAY {
        return Err(format!("MaxTokenTTL {ttl} cannot be more than 24h0m0s"));
    }
    if ttl.nanos() != 0 && ttl.nanos() < MINUTE {
        return Err(format!("MaxTokenTTL {ttl} cannot be less than 1m0s"));
    }
    if let Some(TokenLocality::Other(_)) = given.token_locality {
        return Err(refused(
            "TokenLocality should be one of 'local' or 'global'",
        ));
    }
    method::check(given).map_err(|problem| refused(&problem))
}

fn fields(body: Json<'_>, strict: bool) -> Result<AuthMethod, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "struct { MaxTokenTTL interface {}; *structs.Alias }",
        },
        path: ".",
        fields: &[
            "Name",
            "Type",
            "DisplayName",
            "Description",
            "MaxTokenTTL",
            "TokenLocality",
            "Config",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    let mut given = AuthMethod::default();
    let (mut kind, mut locality) = (String::new(), String::new());
    object.each(body, |name, field| {
        match name {
            "name" => field.text(&mut given.name)?,
            "type" => field.text(&mut kind)?,
            "displayname" => field.text(&mut given.display_name)?,
            "description" => field.text(&mut given.description)?,
            "maxtokenttl" => given.max_token_ttl = GoDuration::from_nanos(nanos(field.value)?),
            "tokenlocality" => field.text(&mut locality)?,
            "config" => match field.value.kind() {
                Kind::Null => given.config.0.clear(),
                Kind::Object => {
                    if let Ok(Value::Object(config)) = serde_json::from_str(field.value.raw()) {
                        given.config.0 = config;
                    }
                }
                _ => {
                    let place = field.place("map[string]interface {}");
                    return Err(field.value.mismatch(place));
                }
            },
            "createindex" | "modifyindex" => field.index()?,
            _ => {}
        }
        Ok(())
    })?;
    given.kind = AuthMethodType::from(kind.as_str());
    given.token_locality = match locality.as_str() {
        "" => None,
        word => Some(TokenLocality::from(word)),
    };
    Ok(given)
}
