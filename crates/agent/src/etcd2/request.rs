//! One request on its way to its endpoint.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use http::header::{CONTENT_TYPE, HOST, HeaderValue, LOCATION};
use http::request::Parts;
use http::{Method, StatusCode, Version};
use quorate_wire::etcd2::Route;

use super::front::Front;
use super::keys::Watching;
use super::reply::{Refused, Reply};
use super::target::{Target, encode};
use super::{auth, health, keys, machines, member, metrics, stats, version};
use crate::consul::Body;

/// What a request leads to.
pub(super) enum Outcome {
    /// An answer.
    Reply(Reply),
    /// An answer that is begun, and goes on with each event.
    Watch(Box<Watching>),
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self::Reply(reply)
    }
}

/// What an endpoint makes of a request.
pub(super) enum Answer {
    /// The outcome.
    Now(Outcome),
    /// The outcome, after a body, a password or a write.
    Later(Pin<Box<dyn Future<Output = Outcome> + Send>>),
}

impl Answer {
    pub(super) fn later(future: impl Future<Output = Outcome> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Now(Outcome::Reply(reply))
    }
}

/// What an endpoint sees of a request, apart from its body.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) front: Arc<Front>,
    parts: Parts,
}

impl Request {
    pub(super) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(super) fn query(&self) -> &str {
        self.parts.uri.query().unwrap_or_default()
    }

    /// A header as text; nothing if it is not there or no text.
    pub(super) fn header(&self, name: &http::HeaderName) -> &str {
        let value = self.parts.headers.get(name);
        value.and_then(|it| it.to_str().ok()).unwrap_or_default()
    }

    /// Whether nothing is to be changed.
    pub(super) fn only_reads(&self) -> bool {
        matches!(*self.method(), Method::GET | Method::HEAD)
    }
}

/// Finds the request's endpoint and asks it.
pub(super) fn answer(front: &Arc<Front>, parts: Parts, body: Body) -> Answer {
    let path = match find(front, &parts) {
        Ok(path) => path.into_owned(),
        Err(refused) => return (*refused).into(),
    };
    if parts.method == Method::OPTIONS {
        return Reply::new(StatusCode::OK).into();
    }
    let Some(route) = Route::parse(&path) else {
        return Reply::not_found().into();
    };
    if !route.takes(parts.method.as_str()) {
        return Reply::not_allowed(route.allow()).into();
    }
    let request = Request {
        front: Arc::clone(front),
        parts,
    };
    match route {
        Route::Keys(key) => keys::answer(request, key, body),
        Route::Members => member::answer(request, "", body),
        Route::Member(name) => member::answer(request, name, body),
        Route::Machines => machines::answer(&request).into(),
        Route::StatsSelf => stats::of_self(front).into(),
        Route::StatsLeader => stats::of_leader(front).into(),
        Route::StatsStore => stats::of_store(front).into(),
        Route::AuthEnable => auth::enable::answer(request),
        Route::AuthUsers => auth::user::list(request),
        Route::AuthUser(name) => auth::user::answer(request, name, body),
        Route::AuthRoles => auth::role::list(request),
        Route::AuthRole(name) => auth::role::answer(request, name, body),
        Route::Version => version::answer().into(),
        Route::Health => health::answer().into(),
        Route::Metrics => metrics::answer(front).into(),
        _ => Reply::not_found().into(),
    }
}

/// The decoded path of a request that an endpoint may answer.
fn find<'a>(front: &Front, parts: &'a Parts) -> Result<Cow<'a, str>, Refused> {
    if parts.version == Version::HTTP_11 && !parts.headers.contains_key(HOST) {
        const TEXT: &str = "400 Bad Request: missing required Host header";
        return Err(bad_request(TEXT));
    }
    let path = parts.uri.path();
    if path == "*" {
        return match parts.method {
            Method::OPTIONS => Err(Box::new(Reply::new(StatusCode::OK))),
            _ => Err(bad_request("400 Bad Request")),
        };
    }
    match Target::parse(path) {
        Target::Clean(path) => Ok(path),
        Target::Cleaned(path) if front.strict => Err(Box::new(redirect(parts, &path))),
        // Clients that follow the redirect lose the body of a write, and store nothing.
        Target::Cleaned(path) => Ok(path.into()),
        Target::Malformed => Err(bad_request("400 Bad Request")),
    }
}

/// What Go's server answers to what is no request.
fn bad_request(text: &'static str) -> Refused {
    let reply = Reply::text(text).with_status(StatusCode::BAD_REQUEST);
    Box::new(reply.before_any_endpoint().closing())
}

/// Sends the client to the cleaned path, as etcd does.
fn redirect(parts: &Parts, path: &str) -> Reply {
    let mut to = encode(path);
    if let Some(query) = parts.uri.query() {
        to.push('?');
        to.push_str(query);
    }
    let Ok(location) = HeaderValue::from_str(&to) else {
        return Reply::new(StatusCode::BAD_REQUEST);
    };
    let reply = Reply::new(StatusCode::MOVED_PERMANENTLY).with(LOCATION, location);
    if !matches!(parts.method, Method::GET | Method::HEAD) {
        return reply;
    }
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let link = to.replace('&', "&amp;").replace('\'', "&#39;");
    let page = format!("<a href=\"{link}\">Moved Permanently</a>.\n\n");
    reply.with(CONTENT_TYPE, kind).with_body(page)
}
