//! Tokens as they were before Consul 1.4: `/v1/acl/{create,update,clone,destroy,info,list}`.

use std::sync::Arc;
use std::time::SystemTime;

use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{ANONYMOUS_SECRET, Entry, EntryCreated, EntryKind};

use super::{allow_edit, apply, check_on, collect, decode_failed, fresh_id, remove, watched};
use crate::config::Compat;
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Place, text_of};
use crate::consul::object::Object;
use crate::consul::permit::{Permit, denied};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, AclToken, State, Table, TokenFilter};

const TABLE: Table = Table::AclTokens;

/// The answer to a write: the secret as the token's name.
pub(super) fn created(secret: SecretText) -> Reply {
    Reply::object(&EntryCreated::from(secret))
}

/// `PUT /v1/acl/create`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    set(request, body, false)
}

/// `PUT /v1/acl/update`, which creates what does not exist.
pub(super) fn update(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    set(request, body, true)
}

fn set(request: Request<'_>, body: Body, update: bool) -> Result<Answer, Refused> {
    check_on(request)?;
    let (front, permit) = (Arc::clone(request.front), request.permit());
    Ok(Answer::later(async move {
        let set = async {
            let body = collect(body).await?;
            let mut entry =
                decode(&body, front.strict).map_err(|problem| decode_failed("Request", problem))?;
            if entry.id.is_empty() {
                if update {
                    return Err(Reply::bad_request("ACL ID must be set").into());
                }
                entry.id = SecretText::from(fresh_id());
            }
            allow_edit(permit)?;
            apply(&front, AclCommand::SetEntry(Box::new(entry), fresh_id())).await
        };
        set.await.unwrap_or_else(|refused| *refused)
    }))
}

/// A body may be missing.
fn decode(body: &[u8], strict: bool) -> Result<Entry, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "structs.ACL",
        },
        path: "ACL.",
        fields: &["ID", "Name", "Type", "Rules", "CreateIndex", "ModifyIndex"],
        strict,
    };
    let mut entry = Entry::default();
    if body.is_empty() {
        return Ok(entry);
    }
    let text = text_of(body)?;
    let (mut id, mut kind) = (String::new(), EntryKind::Client.as_str().to_owned());
    object.each(Json::parse(&text)?, |name, field| match name {
        "id" => field.text(&mut id),
        "name" => field.text(&mut entry.name),
        "type" => field.text(&mut kind),
        "rules" => field.text(&mut entry.rules),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    entry.id = SecretText::from(id);
    entry.kind = EntryKind::from(kind.as_str());
    Ok(entry)
}

fn missing() -> Reply {
    Reply::bad_request("Missing ACL")
}

fn secret(request: Request<'_>) -> Result<SecretText, Refused> {
    match request.text_name() {
        name if name.is_empty() => Err(missing().into()),
        name => Ok(SecretText::from(name)),
    }
}

/// `PUT /v1/acl/destroy/:id`: `true`, also for a token that does not exist.
pub(super) fn destroy(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    remove(request, AclCommand::DeleteEntry(secret(request)?))
}

/// `PUT /v1/acl/clone/:id`: a new token with the rights of another.
pub(super) fn clone(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let secret = secret(request)?;
    let snapshot = request.front.snapshot();
    let state = snapshot.consul();
    let index = state.table_index(TABLE);
    // The token is looked for before the one of the request is.
    let Some(mut entry) = state.acl_token(&secret).and_then(|it| it.to_entry()) else {
        return Err(denied().with_index(index).into());
    };
    let permit = request.permit();
    let permit = permit.map_err(|refused| Box::new(refused.with_index(index)))?;
    if !permit.acl_write() {
        return Err(denied().with_index(index).into());
    }
    entry.id = SecretText::from(fresh_id());
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let command = AclCommand::SetEntry(Box::new(entry), fresh_id());
        let applied = apply(&front, command).await;
        applied.unwrap_or_else(|refused| *refused).with_index(index)
    }))
}

/// `GET /v1/acl/info/:id`: a list of one token or none. To know the secret is right enough.
pub(super) fn info(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let options = request.options()?;
    let secret = secret(request)?;
    let reader = (options, Permit::unrestricted());
    Ok(watched(request, reader, TABLE, move |state, _| {
        let token = state.acl_token(&secret);
        let now = SystemTime::now().into();
        let entry = token.filter(|token| !token.is_expired(now));
        let entry = entry.and_then(|token| token.to_entry());
        let index = state.table_index(TABLE);
        Reading::new(index, Reply::object(entry.as_slice()))
    }))
}

/// `GET /v1/acl/list`: all tokens that could have been made before Consul 1.4.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let options = request.options()?;
    let permit = request.permit_of_read()?;
    if !permit.acl_write() {
        return Err(denied().with_no_leader().into());
    }
    let of_old = request.front.compat == Compat::V0_7;
    Ok(watched(
        request,
        (options, permit),
        TABLE,
        move |state, permit| {
            let index = state.table_index(TABLE);
            let entries = entries(state, of_old);
            let entries: Vec<_> = entries.filter(|_| permit.acl_write()).collect();
            Reading::new(index, Reply::object(&entries))
        },
    ))
}

/// In the time before Consul 1.4 the anonymous token was one of them.
fn entries(state: &State, of_old: bool) -> impl Iterator<Item = Entry> {
    let now = SystemTime::now().into();
    let tokens = state.acl_tokens(&TokenFilter::All).value.into_iter();
    let tokens = tokens.filter(move |token| !token.is_expired(now));
    tokens.filter_map(move |token| match of_old {
        true => token.to_entry().or_else(|| anonymous(token)),
        false => token.to_entry(),
    })
}

fn anonymous(token: &AclToken) -> Option<Entry> {
    let token = &token.token;
    (token.secret_id.expose() == ANONYMOUS_SECRET).then(|| {
        let mut entry = Entry::default();
        entry.id = token.secret_id.clone();
        entry.name.clone_from(&token.description);
        entry.create_index = token.create_index;
        entry.modify_index = token.modify_index;
        entry
    })
}
