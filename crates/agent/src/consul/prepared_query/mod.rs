//! Prepared queries: `/v1/query…`.

mod decode;
mod execute;
mod instance;
mod write;

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header::ALLOW};
use quorate_wire::consul::PreparedQuery;
use quorate_wire::consul::prepared_query::{HIDDEN_TOKEN, PreparedQueryExplained};

use super::blocking::{self, Reading};
use super::body::Body;
use super::options::Options;
use super::permit::{Permit, denied};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{Refusal, Table, Unresolved};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::new("query", "OPTIONS,GET,POST", all),
    Endpoint::new("query/", "OPTIONS,GET,PUT,DELETE", one).with_any_method(),
];

fn all(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    match *request.method {
        Method::POST => write::create(request, body),
        _ => list(request),
    }
}

/// What stands behind `/v1/query/`: an id, or an id or name and what is to be done with it.
fn one(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let name = request.text_name();
    for (verb, run) in [
        ("execute", execute::execute as fn(_, &str) -> _),
        ("explain", explain),
    ] {
        // A query may be called like that itself.
        let before = name.strip_suffix(verb);
        let Some(before) = before.filter(|it| it.is_empty() || it.ends_with('/')) else {
            continue;
        };
        if *request.method != Method::GET {
            return Err(not_allowed(request, "GET"));
        }
        return run(request, before.strip_suffix('/').unwrap_or(&name));
    }
    match *request.method {
        Method::GET => read(request, name),
        Method::PUT => write::update(request, body, name),
        Method::DELETE => write::delete(request, name),
        _ => Err(not_allowed(request, "GET,PUT,DELETE")),
    }
}

fn not_allowed(request: Request<'_>, allowed: &'static str) -> Refused {
    let text = format!("method {} not allowed", request.method);
    let reply = Reply::text(StatusCode::METHOD_NOT_ALLOWED, text);
    reply.with(ALLOW, HeaderValue::from_static(allowed)).into()
}

/// `GET /v1/query`: all queries.
fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        move |state, permit| {
            let found = state.prepared_queries();
            let shown: Vec<_> = found
                .value
                .into_iter()
                .filter(|query| is_listed(query, permit))
                .map(|query| show(query, permit))
                .collect();
            reading(found.index, Reply::object(&shown), options)
        },
    ))
}

/// `GET /v1/query/:id`: a list of one query; 404 without any.
fn read(request: Request<'_>, id: String) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read();
    let refused = |refusal: &Refusal| Reply::server_error(refusal.to_string()).with_no_leader();
    match request.front.snapshot().consul().prepared_query(&id) {
        Err(refusal) => return Err(refused(&refusal).into()),
        // That there is none is told first.
        Ok(found) if found.value.is_none() && permit.is_err() => return Ok(not_found().into()),
        Ok(_) => {}
    }
    let permit = permit?;
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        move |state, permit| {
            let found = match state.prepared_query(&id) {
                Ok(found) => found,
                Err(refusal) => return Reading::new(1, refused(&refusal)),
            };
            let index = found.index;
            match found.value {
                // As on the real server, this one comes without any header of a read.
                None => Reading::without_headers(index, not_found()),
                Some(query) if !is_readable(query, permit) => {
                    // Nobody waits for what he may not see.
                    Reading::without_headers(u64::MAX, denied().with_no_leader())
                }
                Some(query) => {
                    let reply = Reply::object(&[show(query, permit)]);
                    reading(index, reply, options).of_one(query.modify_index)
                }
            }
        },
    ))
}

/// `GET /v1/query/:name/explain`: the query that a name leads to, with a template's texts replaced.
fn explain(request: Request<'_>, name: &str) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let snapshot = request.front.snapshot();
    let query = snapshot.consul().resolve_prepared_query(name);
    let query = query.map_err(|unresolved| unresolvable(&unresolved, false))?;
    let permit = request.permit_of_read()?;
    if !is_listed(&query, &permit) {
        return Err(denied().with_no_leader().into());
    }
    let mut explained = PreparedQueryExplained::default();
    explained.query = show(&query, &permit);
    explained.known_leader = true;
    explained.consistency_level = level(options);
    Ok(reading(1, Reply::object(&explained), options).reply.into())
}

fn any() -> Watch {
    Watch::Topic(Topic::Table(Table::Queries))
}

/// An answer with the header that queries have beside the index.
fn reading(index: u64, reply: Reply, options: Options) -> Reading {
    let (name, value) = options.effective();
    Reading::new(index, reply.with(name, value))
}

fn level(options: Options) -> String {
    let (_, value) = options.effective();
    value.to_str().unwrap_or_default().to_owned()
}

fn not_found() -> Reply {
    Reply::text(StatusCode::NOT_FOUND, "Query not found")
}

/// What an id or a name is answered that leads to no query. To a cache, that is an error too.
fn unresolvable(unresolved: &Unresolved, cached: bool) -> Refused {
    match unresolved {
        Unresolved::NotFound if !cached => not_found().into(),
        other => Reply::server_error(other.to_string())
            .with_no_leader()
            .into(),
    }
}

/// Whether the rules for queries speak of this one: they go by the name.
fn is_ruled(query: &PreparedQuery) -> bool {
    !query.name.is_empty() || query.is_template()
}

/// Whether a list shows the query. One without a name is for those who know its id.
fn is_listed(query: &PreparedQuery, permit: &Permit) -> bool {
    permit.acl_write() || (is_ruled(query) && permit.query_read(&query.name))
}

fn is_readable(query: &PreparedQuery, permit: &Permit) -> bool {
    !is_ruled(query) || is_listed(query, permit)
}

/// The query as it is shown: its token only to those who may do everything.
fn show(query: &Arc<PreparedQuery>, permit: &Permit) -> PreparedQuery {
    let mut shown = PreparedQuery::clone(query);
    if !shown.token.is_empty() && !permit.acl_write() {
        shown.token = HIDDEN_TOKEN.into();
    }
    shown
}
