//! Sessions: `/v1/session/…`.

use std::sync::Arc;

use http::StatusCode;
use quorate_wire::consul::Session as Shown;

use super::blocking::{self, Reading};
use super::front::unexpected;
use super::permit::{Permit, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use super::session_create::create;
use crate::engine::Topic;
use crate::engine::consul::{Command, Reply as Outcome, Session, SessionId, Table};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::put("session/create", create),
    Endpoint::put("session/destroy/", |request, _| destroy(request)),
    Endpoint::put("session/renew/", |request, _| renew(request)),
    Endpoint::get("session/info/", |request, _| info(request)),
    Endpoint::get("session/node/", |request, _| of_node(request)),
    Endpoint::get("session/list", |request, _| list(request)),
];

/// `GET /v1/session/info/:id`: a list of one session or none.
fn info(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let id = session_id(request)?;
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    let refused =
        |refusal: &dyn std::fmt::Display| Reply::server_error(refusal.to_string()).with_no_leader();
    let key = SessionId::named(&id);
    // The engine has the whole text of the refusal.
    if let Err(refusal) = request.front.snapshot().consul().session(&id) {
        return Err(refused(&refusal).into());
    }
    let watch = key
        .ok()
        .flatten()
        .map(|id| Watch::Topic(Topic::Session(id)));
    let strict = request.front.strict;
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        watch,
        move |state, permit| match state.session(&id) {
            Ok(found) => {
                let shown = readable(found.value.into_iter().collect(), permit);
                Reading::new(found.index, sessions(&shown, strict))
            }
            Err(refusal) => Reading::new(1, refused(&refusal)),
        },
    ))
}

/// `GET /v1/session/list`: all sessions.
fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    let strict = request.front.strict;
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any_session()],
        move |state, permit| {
            let found = state.sessions();
            let shown = readable(found.value, permit);
            Reading::new(found.index, sessions(&shown, strict))
        },
    ))
}

/// `GET /v1/session/node/:node`: the sessions of one node; none for a node that does not exist.
fn of_node(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_namespace()?;
    let node = request.text_name();
    if node.is_empty() {
        return Err(Reply::bad_request("Missing node name").into());
    }
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    let watch = Watch::Topic(Topic::NodeSessions(node.to_lowercase().into()));
    let strict = request.front.strict;
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [watch],
        move |state, permit| {
            let found = state.node_sessions(&node);
            let shown = readable(found.value, permit);
            Reading::new(found.index, sessions(&shown, strict))
        },
    ))
}

/// The sessions whose node lets its sessions be read.
fn readable<'a>(mut sessions: Vec<&'a Arc<Session>>, permit: &Permit) -> Vec<&'a Arc<Session>> {
    if permit.is_restricted() {
        sessions.retain(|session| permit.session_read(&session.node));
    }
    sessions
}

/// Refuses to change a session whose node does not let its sessions be written. One that does not
/// exist may be changed by anybody: nothing happens.
fn check_write(request: Request<'_>, id: &str) -> Result<(), Refused> {
    let permit = request.permit()?;
    if !permit.is_restricted() {
        return Ok(());
    }
    let snapshot = request.front.snapshot();
    let session = snapshot.consul().session(id);
    let session = session.ok().and_then(|found| found.value);
    require(session.is_none_or(|session| permit.session_write(&session.node)))
}

fn any_session() -> Watch {
    Watch::Topic(Topic::Table(Table::Sessions))
}

/// `PUT /v1/session/destroy/:id`: `true`, also for a session that does not exist.
fn destroy(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let id = session_id(request)?;
    request.check_datacenter()?;
    if let (Some(_), Err(refusal)) = (
        &request.front.acl,
        request.front.snapshot().consul().session(&id),
    ) {
        // Whose session it is would have been looked for.
        let text = format!("Session lookup failed: {refusal}");
        return Err(Reply::server_error(text).into());
    }
    check_write(request, &id)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        match front.submit(Command::DestroySession(id)).await {
            Ok(_) => Reply::flag(true),
            Err(refused) => *refused,
        }
    }))
}

/// `PUT /v1/session/renew/:id`: the session, or 404. No index moves.
fn renew(request: Request<'_>) -> Result<Answer, Refused> {
    // Consul reads the options of a read here too, without any use for them.
    request.options()?;
    request.check_namespace()?;
    let id = session_id(request)?;
    request.check_datacenter()?;
    check_write(request, &id)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        match front.submit(Command::RenewSession(id.clone())).await {
            Ok(Outcome::Renewed(Some(session))) => sessions(&[&session], front.strict),
            Ok(Outcome::Renewed(None)) => {
                let text = format!("Session id '{id}' not found");
                Reply::text(StatusCode::NOT_FOUND, text)
            }
            Ok(_) => unexpected(),
            Err(refused) => *refused,
        }
    }))
}

fn session_id(request: Request<'_>) -> Result<String, Refused> {
    let id = request.text_name();
    if id.is_empty() {
        return Err(Reply::bad_request("Missing session").into());
    }
    Ok(id)
}

fn sessions(sessions: &[&Arc<Session>], strict: bool) -> Reply {
    let shown: Vec<Shown> = sessions
        .iter()
        .map(|session| show(session, strict))
        .collect();
    Reply::object(&shown)
}

/// A session as it is shown. Clients from before Consul 1.7 look for all its checks in `Checks`,
/// which a real 1.8.7 leaves out for most sessions.
fn show(session: &Session, strict: bool) -> Shown {
    let mut shown = Shown::default();
    shown.id = session.id.to_string();
    shown.name.clone_from(&session.name);
    shown.node.clone_from(&session.node);
    shown.lock_delay_nanos = session.lock_delay_nanos;
    shown.behavior = session.behavior.as_str().to_owned();
    shown.ttl_text.clone_from(&session.ttl_text);
    shown.node_checks.clone_from(&session.node_checks);
    shown.service_checks.clone_from(&session.service_checks);
    let old_checks = &session.old_checks;
    shown.checks = match strict {
        true => (!old_checks.is_empty()).then(|| old_checks.clone()),
        false => Some(session.checks().map(str::to_owned).collect()),
    };
    shown.create_index = session.create_index;
    shown.modify_index = session.modify_index;
    shown
}
