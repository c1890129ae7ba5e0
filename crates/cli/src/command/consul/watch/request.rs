//! A watch's request to somebody else, as `http_handler_config` says.

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use quorate_net::deadline::Timeouts;
use quorate_net::endpoint::{Endpoint, EndpointSet};
use quorate_net::http::{HttpClient, HttpConfig, HttpRequest, Verdict};
use quorate_net::tls::{TlsOptions, Verify};
use serde_json::{Map, Value};

use super::handler::wrong;
use crate::args::value;
use crate::exit::Exit;
use crate::failure::Failure;

const CONFIG: &str = "http_handler_config";
/// How long a request may take that says nothing else.
const TIMEOUT: Duration = Duration::from_secs(10);
/// More than anybody has to answer.
const MAX_ANSWER_BYTES: u64 = 64 * 1024;

/// Where each change is sent.
pub(super) struct Request {
    client: HttpClient,
    url: String,
    path: String,
    method: Method,
    headers: HeaderMap,
    timeout: Duration,
}

impl Request {
    /// Reads `{"path": "https://host/x", "method": "POST", "header": {"x": ["y"]}, "timeout":
    /// "10s", "tls_skip_verify": false}`; only the path is needed.
    pub(super) fn read(config: Value) -> Result<Self, Failure> {
        let Value::Object(mut config) = config else {
            return Err(wrong(CONFIG, "is no object"));
        };
        let url = text(&mut config, "path")?.unwrap_or_default();
        let (base, path) = split(&url).ok_or_else(|| inside("path", "is no URL"))?;
        let verify = match config.remove("tls_skip_verify") {
            None | Some(Value::Bool(false)) => Verify::default(),
            Some(Value::Bool(true)) => Verify::None,
            Some(_) => return Err(inside("tls_skip_verify", "is neither true nor false")),
        };
        let method = text(&mut config, "method")?.unwrap_or_else(|| "POST".to_owned());
        let method = method.parse().map_err(|_| inside("method", "is none"))?;
        let timeout = match text(&mut config, "timeout")? {
            None => TIMEOUT,
            Some(text) => value::positive_duration(&text).map_err(|why| inside("timeout", &why))?,
        };
        let headers = headers(config.remove("header").unwrap_or_default())?;
        if let Some(name) = config.keys().next() {
            return Err(wrong(CONFIG, &format!("has no `{name}`")));
        }
        Ok(Self {
            client: client(&base, verify, timeout)?,
            url,
            path,
            method,
            headers,
            timeout,
        })
    }

    /// Sends a change; an answer that is no success is a failure.
    pub(super) async fn send(&self, body: Vec<u8>, index: Option<u64>) -> Result<(), Failure> {
        let mut headers = self.headers.clone();
        if let Some(index) = index {
            headers.insert("x-consul-index", HeaderValue::from(index));
        }
        let request = HttpRequest::new(self.method.clone(), self.path.clone())
            .with_headers(headers)
            .with_body(body)
            .with_overall_timeout(self.timeout)
            .with_max_response_bytes(MAX_ANSWER_BYTES);
        let told = || format!("tell {}", self.url);
        let sent = self.client.send(request, |_| Verdict::Done).await;
        let answer =
            sent.map_err(|error| Failure::caused(Exit::Unavailable, error).context(told()))?;
        if answer.status.is_success() {
            return Ok(());
        }
        let why = format!("the answer was {}", answer.status);
        Err(Failure::new(Exit::Failure, why).context(told()))
    }
}

/// The server of a URL, and the path on it.
fn split(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let slash = if path.starts_with('/') { "" } else { "/" };
    let known = matches!(scheme, "http" | "https") && !host.is_empty();
    known.then(|| (format!("{scheme}://{host}"), format!("{slash}{path}")))
}

fn client(base: &str, verify: Verify, timeout: Duration) -> Result<HttpClient, Failure> {
    let endpoint = Endpoint::parse(base).map_err(|error| inside("path", &error.to_string()))?;
    let endpoints = EndpointSet::new([endpoint]);
    let endpoints = endpoints.map_err(|error| inside("path", &error.to_string()))?;
    let timeouts = Timeouts::default()
        .with_attempt(timeout)
        .with_overall(Some(timeout));
    let config = HttpConfig::new(endpoints)
        .with_tls(TlsOptions::default().with_verify(verify))
        .with_timeouts(timeouts);
    HttpClient::new(config).map_err(|error| Failure::caused(Exit::Usage, error))
}

/// `{"name": ["value", …]}`.
fn headers(given: Value) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let fields = match given {
        Value::Null => return Ok(headers),
        Value::Object(fields) => fields,
        _ => return Err(inside("header", "is no object")),
    };
    for (name, values) in fields {
        let wrong = || inside("header", &format!("has a wrong `{name}`"));
        let key: HeaderName = name.parse().map_err(|_| wrong())?;
        headers.remove(&key);
        for value in values.as_array().ok_or_else(wrong)? {
            let value = value
                .as_str()
                .and_then(|text| HeaderValue::from_str(text).ok());
            headers.append(key.clone(), value.ok_or_else(wrong)?);
        }
    }
    Ok(headers)
}

fn text(config: &mut Map<String, Value>, field: &str) -> Result<Option<String>, Failure> {
    match config.remove(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(inside(field, "is no text")),
    }
}

/// Something wrong within the configuration of the request.
fn inside(field: &str, why: &str) -> Failure {
    wrong(&format!("{CONFIG}.{field}"), why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_url_has_a_server_and_a_path() {
        let parts = |url| split(url).map(|(base, path)| format!("{base} {path}"));
        let expected = Some("http://h:8000 /a?b=c".to_owned());
        assert_eq!(parts("http://h:8000/a?b=c"), expected);
        assert_eq!(parts("https://h"), Some("https://h /".to_owned()));
        assert_eq!(parts("http://h?x"), Some("http://h /?x".to_owned()));
        for wrong in ["", "h:80/x", "ftp://h/x", "http:///x"] {
            assert_eq!(parts(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_request_is_read_and_what_is_wrong_is_named() {
        let whole = json!({"path": "http://h:1/x", "method": "PUT", "timeout": "3s",
            "header": {"X-Foo": ["a", "b"]}, "tls_skip_verify": true});
        let request = Request::read(whole).ok().unwrap();
        assert_eq!(
            (request.method, request.timeout.as_secs()),
            (Method::PUT, 3)
        );
        assert_eq!(request.headers.get_all("x-foo").iter().count(), 2);
        for (field, value) in [
            ("path", json!("h")),
            ("method", json!("a b")),
            ("timeout", json!("soon")),
            ("header", json!({"x": "y"})),
            ("tls_skip_verify", json!("no")),
            ("body", json!("x")),
        ] {
            let mut config = json!({"path": "http://h:1/x"});
            config[field] = value;
            let said = Request::read(config).err().unwrap().view().error.message;
            assert!(said.contains(field), "{said}");
        }
    }
}
