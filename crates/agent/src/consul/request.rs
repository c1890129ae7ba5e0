//! One request on its way to its endpoint.

use std::borrow::Cow;
use std::pin::Pin;
use std::sync::Arc;

use http::header::{ALLOW, CONTENT_LENGTH, HOST};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, Version};

use super::body::Body;
use super::front::Front;
use super::gzip;
use super::options::Options;
use super::permit::require;
use super::redirect::redirect;
use super::reply::{Refused, Reply, Style};
use super::route::{self, Endpoint, Lookup};
use super::shared_reply::Shown;
use super::target::{Params, Path};
use crate::config::Compat;

/// What an endpoint makes of a request.
pub(crate) enum Answer {
    /// The answer.
    Now(Reply),
    /// The answer, after a body or a write.
    Later(Pin<Box<dyn Future<Output = Reply> + Send>>),
    /// The answer to a request without a body, after a change that may be long in coming. It is
    /// never a stream.
    Parked(Pin<Box<dyn Future<Output = Shown> + Send>>),
}

impl Answer {
    /// An answer that may be long in coming.
    pub(crate) fn parked(future: impl Future<Output = Shown> + Send + 'static) -> Self {
        Self::Parked(Box::pin(future))
    }

    pub(crate) fn later(future: impl Future<Output = Reply> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }
}

impl From<Reply> for Answer {
    fn from(reply: Reply) -> Self {
        Self::Now(reply)
    }
}

/// What an endpoint sees of a request, apart from its body.
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) front: &'a Arc<Front>,
    pub(crate) method: &'a Method,
    /// The whole path, decoded.
    pub(crate) path: &'a [u8],
    /// What follows the endpoint's path, decoded.
    pub(crate) name: &'a [u8],
    pub(crate) params: &'a Params<'a>,
    pub(crate) headers: &'a HeaderMap,
}

impl Request<'_> {
    /// The name as text; what is not UTF-8 is replaced.
    pub(crate) fn text_name(&self) -> String {
        String::from_utf8_lossy(self.name).into_owned()
    }

    /// Refuses a datacenter other than the agent's own.
    pub(crate) fn check_datacenter(&self) -> Result<(), Refused> {
        use quorate_wire::consul::text::NO_PATH_TO_DATACENTER;
        match self.params.text("dc") {
            Some(name) if name != self.front.datacenter => {
                Err(Reply::server_error(NO_PATH_TO_DATACENTER).into())
            }
            _ => Ok(()),
        }
    }

    /// As [`Request::check_datacenter`], for the endpoints that answer with the headers of a read
    /// even when they fail.
    pub(crate) fn check_datacenter_of_read(&self) -> Result<(), Refused> {
        self.check_datacenter()
            .map_err(|refused| refused.with_no_leader().into())
    }

    /// Refuses namespaces, which only Consul Enterprise has.
    pub(crate) fn check_namespace(&self) -> Result<(), Refused> {
        const TAIL: &str = "Namespaces are a Consul Enterprise feature";
        let refusal = if self
            .headers
            .get("x-consul-namespace")
            .is_some_and(|it| !it.is_empty())
        {
            format!("Bad request: Invalid header: \"X-Consul-Namespace\" - {TAIL}")
        } else if self.params.text("ns").is_some() {
            format!("Bad request: Invalid query parameter: \"ns\" - {TAIL}")
        } else {
            return Ok(());
        };
        Err(Reply::bad_request(refusal).into())
    }

    /// The options of a read, checked in Consul's order.
    pub(crate) fn options(&self) -> Result<Options, Refused> {
        Options::parse(self.params, self.headers).map_err(|text| Reply::bad_request(text).into())
    }
}

/// Finds the request's endpoint and asks it.
pub(crate) fn answer(front: &Arc<Front>, parts: &Parts, body: Body) -> (Answer, Style) {
    let path = match find(parts) {
        Ok(path) => path,
        Err(refused) => return ((*refused).into(), Style::default()),
    };
    let (endpoint, name) = match route::find(&path) {
        Lookup::Found(endpoint, name) => (endpoint, name),
        Lookup::AddSlash => {
            let to = format!("{}/", String::from_utf8_lossy(&path));
            let reply = redirect(&parts.method, &to, parts.uri.query());
            return (reply.into(), Style::default());
        }
        Lookup::Missing => return (outside(&path).into(), Style::default()),
    };
    let mut style = Style {
        gzip: gzip::is_accepted(&parts.headers),
        pretty: false,
        of_old: front.compat == Compat::V0_7,
    };
    let Some(params) = Params::parse(parts.uri.query().unwrap_or_default()) else {
        // An escape in the query is malformed: Consul says nothing more.
        return (
            Reply::empty(StatusCode::INTERNAL_SERVER_ERROR).into(),
            style,
        );
    };
    style.pretty = params.has("pretty");
    let request = Request {
        front,
        method: &parts.method,
        path: &path,
        name,
        params: &params,
        headers: &parts.headers,
    };
    (dispatch(endpoint, request, body), style)
}

/// The decoded path of a request that an endpoint may answer.
fn find(parts: &Parts) -> Result<Cow<'_, [u8]>, Refused> {
    if parts.version == Version::HTTP_11 && !parts.headers.contains_key(HOST) {
        const TEXT: &str = "400 Bad Request: missing required Host header";
        let reply = Reply::outside_text(StatusCode::BAD_REQUEST, TEXT);
        return Err(reply.closing().into());
    }
    if parts.method == Method::HEAD && has_length(&parts.headers) {
        let reply = Reply::outside_text(StatusCode::BAD_REQUEST, "400 Bad Request");
        return Err(reply.closing().into());
    }
    let reply = match Path::parse(parts.uri.path()) {
        // Not a path: `OPTIONS *` asks for the server itself.
        _ if parts.uri.path() == "*" && parts.method == Method::OPTIONS => {
            Reply::outside(StatusCode::OK)
        }
        _ if parts.uri.path() == "*" => Reply::outside(StatusCode::BAD_REQUEST).closing(),
        Path::Clean(path) => return Ok(path),
        // A cleaned path may lack the slash at its end too: Go mends both at once.
        Path::Redirect(to) if matches!(route::find(to.as_bytes()), Lookup::AddSlash) => {
            redirect(&parts.method, &format!("{to}/"), parts.uri.query())
        }
        Path::Redirect(to) => redirect(&parts.method, &to, parts.uri.query()),
        Path::NonPrintable => Reply::outside(StatusCode::BAD_REQUEST),
        Path::Malformed => {
            Reply::outside_text(StatusCode::BAD_REQUEST, "400 Bad Request").closing()
        }
    };
    Err(reply.into())
}

/// Whether a length other than zero is declared, which Go refuses where no body may be.
fn has_length(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_LENGTH)
        .is_some_and(|length| length != "0")
}

/// What is answered beside the API: a word at the root, nothing elsewhere.
fn outside(path: &[u8]) -> Reply {
    match path {
        b"/" => Reply::outside_text(StatusCode::OK, "Consul Agent"),
        _ => Reply::outside(StatusCode::NOT_FOUND),
    }
}

fn dispatch(endpoint: &Endpoint, request: Request<'_>, body: Body) -> Answer {
    let method = request.method;
    if *method == Method::OPTIONS {
        let reply = Reply::empty(StatusCode::OK);
        return reply.with(ALLOW, endpoint.allow()).into();
    }
    if !endpoint.takes(method, !request.front.strict) {
        let text = format!("method {method} not allowed");
        let reply = Reply::text(StatusCode::METHOD_NOT_ALLOWED, text);
        return reply.with(ALLOW, endpoint.allow()).into();
    }
    if request.front.acl.is_some()
        && !route::is_ruled(endpoint)
        && let Err(refused) = request.permit().and_then(|it| require(it.acl_write()))
    {
        return Answer::Now(*refused);
    }
    let answer = endpoint.run(request, body);
    answer.unwrap_or_else(|refused| Answer::Now(*refused))
}
