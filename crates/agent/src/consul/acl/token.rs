//! Tokens: `/v1/acl/token…`.

use std::sync::Arc;
use std::time::SystemTime;

use http::Method;
use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{Token, TokenRow};

use super::token_fields;
use super::{
    allow_edit, apply, bad_request, check_on, collect, decoded, edit, fresh_id, lister,
    lookup_refused, named, reader, remove, watched,
};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::front::Front;
use crate::consul::permit::{Permit, not_found};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{
    AclCommand, AclToken, DeleteToken, Fresh, SetToken, State, Table, TokenFilter,
};

/// What the secret of a token is to those who may not change access rules.
const HIDDEN: &str = "<hidden>";
const DECODING: &str = "Token decoding failed";

const TABLE: Table = Table::AclTokens;

/// `GET /v1/acl/tokens`: all, or those with a policy, a role or an auth method; without secrets.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let reader = lister(request)?;
    let filter = filter(request)?;
    Ok(watched(request, reader, TABLE, move |state, permit| {
        let found = state.acl_tokens(&filter);
        let now = SystemTime::now().into();
        let tokens = found.value.into_iter().filter(|_| permit.acl_read());
        let tokens = tokens.filter(|token| !token.is_expired(now));
        let rows = tokens.map(|token| TokenRow::from(&state.acl_token_shown(token)));
        Reading::new(found.index, Reply::object(&rows.collect::<Vec<_>>()))
    }))
}

fn filter(request: Request<'_>) -> Result<TokenFilter, Refused> {
    let given = |name| request.params.text(name).map(str::to_owned);
    match (given("policy"), given("role"), given("authmethod")) {
        (None, None, None) => Ok(TokenFilter::All),
        (Some(policy), None, None) => Ok(TokenFilter::Policy(policy)),
        (None, Some(role), None) => Ok(TokenFilter::Role(role)),
        (None, None, Some(method)) => Ok(TokenFilter::AuthMethod(method)),
        _ => {
            const TEXT: &str = "can only filter by one of policy, role, or methodName at a time";
            Err(Reply::server_error(TEXT).with_no_leader().into())
        }
    }
}

/// `GET /v1/acl/token/self`: the token of the request, which needs no right.
pub(super) fn itself(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let (front, secret) = (Arc::clone(request.front), request.secret());
    let reader = (options, Permit::unrestricted());
    Ok(watched(request, reader, TABLE, move |state, _| {
        let index = state.table_index(TABLE);
        let acl = front.acl.as_ref().filter(|_| !secret.is_empty());
        let token = acl.and_then(|acl| acl.token(&secret, state));
        let shown = token.map(|token| Reply::object(&state.acl_token_shown(token)));
        Reading::new(index, shown.unwrap_or_else(not_found))
    }))
}

/// `PUT /v1/acl/token`.
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    Ok(edit(request, body, |front, body| set(front, body, None)))
}

/// `GET`, `PUT` and `DELETE /v1/acl/token/:accessor`, and `PUT …/:accessor/clone`.
pub(super) fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let name = named(request, "token ID")?;
    request.check_namespace()?;
    match *request.method {
        Method::GET => read(request, name),
        Method::DELETE => {
            let delete = DeleteToken {
                accessor_id: name,
                requester: request.secret(),
            };
            remove(request, AclCommand::DeleteToken(delete))
        }
        _ => match name.strip_suffix("/clone") {
            Some(name) => Ok(clone(request, body, name.to_owned())),
            None => Ok(edit(request, body, |front, body| {
                set(front, body, Some(name))
            })),
        },
    }
}

fn read(request: Request<'_>, name: String) -> Result<Answer, Refused> {
    let reader = reader(request)?;
    if let Err(refusal) = request
        .front
        .snapshot()
        .consul()
        .acl_token_by_accessor(&name)
    {
        return Err(lookup_refused(&refusal).into());
    }
    Ok(watched(
        request,
        reader,
        TABLE,
        move |state, permit| match state.acl_token_by_accessor(&name) {
            Ok(found) => show(state, found.index, found.value, permit),
            Err(refusal) => Reading::new(1, lookup_refused(&refusal)),
        },
    ))
}

/// A token as those see it who may or may not change access rules.
fn show(state: &State, index: u64, token: Option<&Arc<AclToken>>, permit: &Permit) -> Reading {
    let now = SystemTime::now().into();
    let token = token.filter(|token| permit.acl_read() && !token.is_expired(now));
    let Some(token) = token else {
        return Reading::new(index, not_found());
    };
    let mut token = state.acl_token_shown(token);
    if !permit.acl_write() {
        token.secret_id = HIDDEN.into();
    }
    let changed = token.modify_index;
    Reading::new(index, Reply::object(&token)).of_one(changed)
}

/// The command that writes the token of a body; `accessor` is that of the path.
fn set(front: &Front, body: &[u8], accessor: Option<String>) -> Result<AclCommand, Refused> {
    let (mut token, ttl_nanos) = decoded(body, DECODING, |body| {
        token_fields::token(body, front.strict)
    })?;
    let create = accessor.is_none();
    if let Some(accessor) = accessor {
        if !token.accessor_id.is_empty() && token.accessor_id != accessor {
            const TEXT: &str = "Token Accessor ID in URL and payload do not match";
            return Err(bad_request(TEXT).into());
        }
        token.accessor_id = accessor;
    }
    Ok(AclCommand::SetToken(Box::new(SetToken {
        token,
        ttl_nanos,
        create,
        login: false,
        fresh: fresh(),
        now: SystemTime::now().into(),
    })))
}

/// Ids for a new token.
pub(super) fn fresh() -> Fresh {
    Fresh {
        accessor_id: fresh_id(),
        secret_id: SecretText::from(fresh_id()),
    }
}

/// `PUT /v1/acl/token/:accessor/clone`: a new token with the rights of another.
fn clone(request: Request<'_>, body: Body, accessor: String) -> Answer {
    let (front, permit) = (Arc::clone(request.front), request.permit());
    Answer::later(async move {
        let clone = async {
            let body = collect(body).await?;
            let strict = front.strict;
            let (asked, _) = decoded(&body, DECODING, |body| token_fields::token(body, strict))?;
            allow_edit(permit)?;
            let token = template(&front, &accessor, asked)?;
            let set = SetToken {
                token,
                create: true,
                fresh: fresh(),
                now: SystemTime::now().into(),
                ..SetToken::default()
            };
            apply(&front, AclCommand::SetToken(Box::new(set))).await
        };
        clone.await.unwrap_or_else(|refused| *refused)
    })
}

/// What a clone of the token with this accessor is made of.
fn template(front: &Front, accessor: &str, asked: Token) -> Result<Token, Refused> {
    let snapshot = front.snapshot();
    let found = snapshot.consul().acl_token_by_accessor(accessor);
    let found = found.map_err(|refusal| Reply::server_error(refusal.to_string()))?;
    let now = SystemTime::now().into();
    let Some(original) = found.value.filter(|token| !token.is_expired(now)) else {
        return Err(not_found().into());
    };
    let original = &original.token;
    if !original.auth_method.is_empty() {
        const TEXT: &str = "Cannot clone a token created from an auth method";
        return Err(Reply::server_error(TEXT).into());
    }
    if !original.rules.is_empty() {
        const TEXT: &str = "Cannot clone a legacy ACL with this endpoint";
        return Err(Reply::server_error(TEXT).into());
    }
    let mut token = Token::default();
    token.policies.clone_from(&original.policies);
    token.roles.clone_from(&original.roles);
    token
        .service_identities
        .clone_from(&original.service_identities);
    token.node_identities.clone_from(&original.node_identities);
    token.local = original.local;
    token.expiration_time = original.expiration_time;
    token.description = match asked.description.is_empty() {
        true => original.description.clone(),
        false => asked.description,
    };
    Ok(token)
}
