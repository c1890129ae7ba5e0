//! Access rules: `/v1/acl/…`.

mod auth_method;
mod authorize;
mod bind_name;
mod binding_rule;
mod bootstrap;
mod decode;
mod entry;
mod identity;
mod login;
mod method;
mod policy;
mod replication;
mod role;
mod token;
mod token_fields;
mod translate;

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;

use super::blocking::{self, Reading};
use super::body::Body;
use super::decode::{DecodeError, Json, text_of};
use super::front::{Front, unexpected};
use super::options::Options;
use super::permit::{Permit, denied};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{AclCommand, AclReply, Command, Reply as Outcome, State, Table};
use crate::identity::{UuidText, new_uuid};
use crate::waiters::Watch;

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 1024 * 1024;

const EDIT: &str = "OPTIONS,GET,PUT,DELETE";
const POST: &str = "OPTIONS,POST";

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("acl/bootstrap", |request, _| bootstrap::run(request)),
    Endpoint::get("acl/replication", |request, _| replication::show(request)),
    Endpoint::put("acl/create", entry::create),
    Endpoint::put("acl/update", entry::update),
    Endpoint::put("acl/destroy/", |request, _| entry::destroy(request)),
    Endpoint::put("acl/clone/", |request, _| entry::clone(request)),
    Endpoint::get("acl/info/", |request, _| entry::info(request)),
    Endpoint::get("acl/list", |request, _| entry::list(request)),
    Endpoint::get("acl/tokens", |request, _| token::list(request)),
    Endpoint::put("acl/token", token::create),
    Endpoint::get("acl/token/self", |request, _| token::itself(request)),
    Endpoint::new("acl/token/", EDIT, token::one),
    Endpoint::get("acl/policies", |request, _| policy::list(request)),
    Endpoint::put("acl/policy", policy::create),
    Endpoint::get("acl/policy/name/", |request, _| policy::named(request)),
    Endpoint::new("acl/policy/", EDIT, policy::one),
    Endpoint::get("acl/roles", |request, _| role::list(request)),
    Endpoint::put("acl/role", role::create),
    Endpoint::get("acl/role/name/", |request, _| role::named(request)),
    Endpoint::new("acl/role/", EDIT, role::one),
    Endpoint::get("acl/auth-methods", |request, _| auth_method::list(request)),
    Endpoint::put("acl/auth-method", auth_method::create),
    Endpoint::new("acl/auth-method/", EDIT, auth_method::one),
    Endpoint::new("acl/login", POST, login::login),
    Endpoint::new("acl/logout", POST, |request, _| login::logout(request)),
    Endpoint::get("acl/binding-rules", |request, _| {
        binding_rule::list(request)
    }),
    Endpoint::put("acl/binding-rule", binding_rule::create),
    Endpoint::new("acl/binding-rule/", EDIT, binding_rule::one),
    Endpoint::new("acl/rules/translate", POST, translate::text),
    Endpoint::get("acl/rules/translate/", |request, _| {
        translate::of_token(request)
    }),
];

pub(super) const INTERNAL: &[Endpoint] = &[Endpoint::new(
    "internal/acl/authorize",
    POST,
    authorize::run,
)];

/// Status 401: there are no access rules.
pub(super) fn off() -> Reply {
    Reply::text(StatusCode::UNAUTHORIZED, "ACL support disabled")
}

/// Status 400 for a body that is not what it should be.
pub(super) fn decode_failed(what: &str, problem: impl std::fmt::Display) -> Reply {
    Reply::bad_request(format!("{what} decode failed: {problem}"))
}

/// Status 400 in the words of the endpoints since Consul 1.4.
fn bad_request(problem: impl std::fmt::Display) -> Reply {
    Reply::bad_request(format!("Bad request: {problem}"))
}

fn check_on(request: Request<'_>) -> Result<(), Refused> {
    match request.front.acl {
        Some(_) => Ok(()),
        None => Err(off().into()),
    }
}

/// A new random UUID as text.
fn fresh_id() -> String {
    UuidText::new(new_uuid()).as_str().to_owned()
}

/// The options and the permit of someone who may read access rules.
type Reader = (Options, Permit);

/// Those of someone who reads one thing.
fn reader(request: Request<'_>) -> Result<Reader, Refused> {
    let options = request.options()?;
    let permit = reading_permit(request)?;
    Ok((options, permit))
}

/// Those of someone who lists things.
fn lister(request: Request<'_>) -> Result<Reader, Refused> {
    check_on(request)?;
    let options = request.options()?;
    request.check_namespace()?;
    let permit = reading_permit(request)?;
    Ok((options, permit))
}

/// Answers with what `read` makes of the state, at once or after the next change of `table`.
fn watched(
    request: Request<'_>,
    (options, permit): Reader,
    table: Table,
    read: impl Fn(&State, &Permit) -> Reading + Send + 'static,
) -> Answer {
    let watches = [Watch::Topic(Topic::Table(table))];
    blocking::answer_permitted(request, permit, options, watches, read)
}

/// The permit of someone who may read access rules; the options are checked already.
fn reading_permit(request: Request<'_>) -> Result<Permit, Refused> {
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    match permit.acl_read() {
        true => Ok(permit),
        false => Err(denied().with_no_leader().into()),
    }
}

/// The name behind the path.
fn named(request: Request<'_>, what: &str) -> Result<String, Refused> {
    match request.text_name() {
        name if name.is_empty() => Err(bad_request(format_args!("Missing {what}")).into()),
        name => Ok(name),
    }
}

/// Decodes a body; `what` begins the error.
fn decoded<T>(
    body: &[u8],
    what: &str,
    decode: impl FnOnce(Json<'_>) -> Result<T, DecodeError>,
) -> Result<T, Refused> {
    let read = || {
        let text = text_of(body)?;
        decode(Json::parse(&text)?)
    };
    read().map_err(|problem| bad_request(format_args!("{what}: {problem}")).into())
}

/// Reads a body within the limit.
async fn collect(body: Body) -> Result<Bytes, Refused> {
    body.read(MAX_BODY_BYTES, bad_request).await
}

/// Reads a body, makes a command of it, and carries it out for someone who may change access rules.
/// The body is looked at first, as in Consul.
fn edit(
    request: Request<'_>,
    body: Body,
    command: impl FnOnce(&Front, &[u8]) -> Result<AclCommand, Refused> + Send + 'static,
) -> Answer {
    let (front, permit) = (Arc::clone(request.front), request.permit());
    Answer::later(async move {
        let edit = async {
            let body = collect(body).await?;
            let command = command(&front, &body)?;
            allow_edit(permit)?;
            check(&front, &command).map_err(Reply::server_error)?;
            apply(&front, command).await
        };
        edit.await.unwrap_or_else(|refused| *refused)
    })
}

/// Carries out a deletion for someone who may change access rules.
fn remove(request: Request<'_>, command: AclCommand) -> Result<Answer, Refused> {
    let permit = request.permit();
    allow_edit(permit)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let applied = apply(&front, command).await;
        applied.unwrap_or_else(|refused| *refused)
    }))
}

fn allow_edit(permit: Result<Permit, Refused>) -> Result<(), Refused> {
    super::permit::require(permit?.acl_write())
}

/// Checks what the engine can't.
fn check(front: &Front, command: &AclCommand) -> Result<(), String> {
    let snapshot = front.snapshot();
    match command {
        AclCommand::SetAuthMethod(method) => auth_method::check(snapshot.consul(), method),
        AclCommand::SetBindingRule(rule, _) => binding_rule::check(snapshot.consul(), rule),
        _ => Ok(()),
    }
}

async fn apply(front: &Front, command: AclCommand) -> Result<Reply, Refused> {
    Ok(match submit(front, command).await? {
        AclReply::Token(token) => Reply::object(&*token),
        AclReply::Policy(policy) => Reply::object(&*policy),
        AclReply::Role(role) => Reply::object(&*role),
        AclReply::AuthMethod(method) => Reply::object(&*method),
        AclReply::BindingRule(rule) => Reply::object(&*rule),
        AclReply::Secret(secret) => entry::created(secret),
        AclReply::Done => Reply::flag(true),
    })
}

async fn submit(front: &Front, command: AclCommand) -> Result<AclReply, Refused> {
    match front.submit(Command::Acl(command)).await? {
        Outcome::Acl(reply) => Ok(reply),
        _ => Err(unexpected().into()),
    }
}

/// Answers a read of one thing that is looked up by id: its refusal has the headers of a read that
/// never took place.
fn lookup_refused(refusal: &impl std::fmt::Display) -> Reply {
    Reply::server_error(refusal.to_string()).with_no_leader()
}
