//! Logging in by an auth method: `POST /v1/acl/login` and `/v1/acl/logout`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::{
    AuthMethod, BindType, BindingRule, Link, LoginRequest, NodeIdentity, ServiceIdentity, Token,
    TokenLocality,
};

use super::method::{self, Identity};
use super::{apply, bind_name, check_on, collect, decoded, token};
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Kind, Place};
use crate::consul::filter::Filter;
use crate::consul::front::Front;
use crate::consul::object::Object;
use crate::consul::permit::{denied, not_found};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, DeleteToken, SetToken, State};

/// `POST /v1/acl/login`: a token for someone for whom an auth method vouches.
pub(super) fn login(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_namespace()?;
    let datacenter = request.check_datacenter();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let login = async {
            let body = collect(body).await?;
            let strict = front.strict;
            let login = decoded(&body, "Failed to decode request body", |body| {
                fields(body, strict)
            })?;
            datacenter?;
            let Some(login) = login else {
                let text = "Invalid Login request: Missing auth parameters";
                return Err(Reply::server_error(text).into());
            };
            let set = token_of(&front, &login)?;
            apply(&front, AclCommand::SetToken(Box::new(set))).await
        };
        login.await.unwrap_or_else(|refused| *refused)
    }))
}

/// The token that a login makes.
fn token_of(front: &Front, login: &LoginRequest) -> Result<SetToken, Refused> {
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let now = SystemTime::now();
    let Some(method) = state.acl_auth_method(&login.auth_method).value else {
        return Err(not_found().into());
    };
    let identity = method::identify(method, login.bearer_token.expose(), now);
    let identity = identity.map_err(Reply::server_error)?;
    let mut token =
        bound(state, method, &identity, &front.datacenter).map_err(Reply::server_error)?;
    if token.roles.is_empty()
        && token.service_identities.is_empty()
        && token.node_identities.is_empty()
    {
        return Err(denied().into());
    }
    token.description = description(&login.meta);
    token.auth_method.clone_from(&method.name);
    token.local = method.token_locality != Some(TokenLocality::Global);
    Ok(SetToken {
        token,
        ttl_nanos: method.max_token_ttl.nanos(),
        create: true,
        login: true,
        fresh: token::fresh(),
        now: now.into(),
    })
}

fn description(meta: &BTreeMap<String, String>) -> String {
    const TEXT: &str = "token created via login";
    if meta.is_empty() {
        return TEXT.into();
    }
    let meta = quorate_wire::consul::json::encode(meta).unwrap_or_default();
    format!("{TEXT}: {}", String::from_utf8_lossy(&meta))
}

/// A token with everything that the binding rules give to `identity`.
fn bound(
    state: &State,
    method: &AuthMethod,
    identity: &Identity,
    datacenter: &str,
) -> Result<Token, String> {
    let mut token = Token::default();
    for rule in state.acl_binding_rules(Some(&method.name)).value {
        if !selects(rule, method, identity) {
            continue;
        }
        let name = bind_name::fill(&rule.bind_name, |variable| {
            let name = variable.strip_prefix("value.")?;
            identity.value.get(name).cloned()
        });
        let kind = &rule.bind_type;
        let name = name.map_err(|problem| {
            format!("cannot compute \"{kind}\" bind name for bind target: {problem}")
        })?;
        if !bind_name::is_valid(kind, &name) {
            let (kind, name) = (kind.as_str(), crate::quote::quote(&name));
            return Err(format!(
                "computed \"{kind}\" bind name for bind target is invalid: {name}"
            ));
        }
        match kind {
            BindType::Service => token.service_identities.push(ServiceIdentity::new(name)),
            BindType::Node => token
                .node_identities
                .push(NodeIdentity::new(name, datacenter)),
            _ => {
                let role = state.acl_role_named(&name).value;
                token.roles.extend(role.map(|role| Link::id(&role.id)));
            }
        }
    }
    Ok(token)
}

/// A selector was checked when the rule was made; without one it takes everybody.
fn selects(rule: &BindingRule, method: &AuthMethod, identity: &Identity) -> bool {
    if rule.selector.is_empty() {
        return true;
    }
    let filter = Filter::parse(&rule.selector, method::selectors(method));
    filter.is_ok_and(|filter| filter.keeps(identity))
}

/// `POST /v1/acl/logout`: ends the token of the request, which a login must have made.
pub(super) fn logout(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    request.check_datacenter()?;
    let secret = request.secret();
    let snapshot = request.front.snapshot();
    let acl = request.front.acl.as_ref().filter(|_| !secret.is_empty());
    let token = acl.and_then(|acl| acl.token(&secret, snapshot.consul()));
    let Some(token) = token else {
        return Err(not_found().into());
    };
    if token.token.auth_method.is_empty() {
        return Err(denied().into());
    }
    let delete = DeleteToken {
        accessor_id: token.token.accessor_id.clone(),
        requester: SecretText::default(),
    };
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let applied = apply(&front, AclCommand::DeleteToken(delete)).await;
        applied.unwrap_or_else(|refused| *refused)
    }))
}

/// `None` for `null`.
fn fields(body: Json<'_>, strict: bool) -> Result<Option<LoginRequest>, DecodeError> {
    if body.kind() == Kind::Null {
        return Ok(None);
    }
    let object = Object {
        place: Place {
            field: "",
            type_name: "structs.ACLLoginParams",
        },
        path: "ACLLoginParams.",
        fields: &["AuthMethod", "BearerToken", "Meta"],
        strict,
    };
    let mut login = LoginRequest::default();
    let mut bearer = String::new();
    object.each(body, |name, field| match name {
        "authmethod" => field.text(&mut login.auth_method),
        "bearertoken" => field.text(&mut bearer),
        "meta" => {
            let mut meta = Some(std::mem::take(&mut login.meta));
            field.map(&mut meta)?;
            login.meta = meta.unwrap_or_default();
            Ok(())
        }
        _ => Ok(()),
    })?;
    login.bearer_token = SecretText::from(bearer);
    Ok(Some(login))
}
