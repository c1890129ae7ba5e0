//! A line of the log for each request, while somebody listens.

use std::sync::Arc;
use std::time::Instant;

use http::request::Parts;

use super::front::Front;
use super::reply::Reply;
use crate::log::LogLevel;

/// What the log says of a request once it is answered.
pub(crate) struct Asked {
    front: Arc<Front>,
    method: http::Method,
    url: String,
    begun: Instant,
}

impl Asked {
    /// Takes note of a request, if anybody wants to hear of it.
    pub(crate) fn note(front: &Arc<Front>, parts: &Parts) -> Option<Box<Self>> {
        front.log.is_wanted(LogLevel::Error).then(|| {
            Box::new(Self {
                front: Arc::clone(front),
                method: parts.method.clone(),
                url: without_token(&parts.uri),
                begun: Instant::now(),
            })
        })
    }

    /// Says how it went.
    pub(crate) fn answered(self, reply: &Reply) {
        let log = &self.front.log;
        if let Some(text) = reply.server_error_text() {
            let fields: [(&str, &dyn std::fmt::Display); 3] = [
                ("method", &self.method),
                ("url", &self.url),
                ("error", &text),
            ];
            log.record(LogLevel::Error, "agent.http", "Request error", &fields);
        }
        let latency = format!("{:?}", self.begun.elapsed());
        let fields: [(&str, &dyn std::fmt::Display); 3] = [
            ("method", &self.method),
            ("url", &self.url),
            ("latency", &latency),
        ];
        log.record(LogLevel::Debug, "agent.http", "Request finished", &fields);
    }
}

/// What stands before a secret in the paths of access rules as they were before Consul 1.4.
const BEFORE_SECRETS: [&str; 3] = ["/v1/acl/clone/", "/v1/acl/destroy/", "/v1/acl/info/"];

/// The path, without the secret that may be in it.
fn path_without_secret(path: &str) -> String {
    let decoded = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let mut segments = decoded.split('/').filter(|segment| !segment.is_empty());
    let mut next = || segments.next().unwrap_or_default();
    let (version, noun, verb, secret) = (next(), next(), next(), next());
    let prefix = format!("/{version}/{noun}/{verb}/");
    match BEFORE_SECRETS.contains(&prefix.as_str()) && !secret.is_empty() {
        true => format!("{prefix}<hidden>"),
        false => path.to_owned(),
    }
}

/// The path and the query, with the secrets in them made unreadable.
fn without_token(uri: &http::Uri) -> String {
    let path = path_without_secret(uri.path());
    let Some(query) = uri.query() else {
        return path;
    };
    // Consul takes both signs between parameters.
    let parameters = query.split(['&', ';']).map(|parameter| {
        // A name may be encoded as well: whatever decodes to it is hidden.
        let name = parameter.split('=').next().unwrap_or(parameter);
        let decoded = percent_encoding::percent_decode_str(name).collect::<Vec<u8>>();
        if decoded.eq_ignore_ascii_case(b"token") {
            "token=<hidden>"
        } else {
            parameter
        }
    });
    let shown: Vec<_> = parameters.collect();
    format!("{path}?{}", shown.join("&"))
}

#[cfg(test)]
mod tests {
    use super::without_token;

    #[test]
    fn a_token_in_a_url_is_not_shown() {
        for (url, shown) in [
            ("/v1/kv/a", "/v1/kv/a"),
            ("/v1/kv/a?token=x&dc=y", "/v1/kv/a?token=<hidden>&dc=y"),
            ("/v1/kv/a?dc=y&t%6Fken=x", "/v1/kv/a?dc=y&token=<hidden>"),
            ("/v1/kv/a?dc=y;token=x", "/v1/kv/a?dc=y&token=<hidden>"),
            ("/v1/acl/info/x", "/v1/acl/info/<hidden>"),
            ("/v1/acl/in%66o/x?dc=y", "/v1/acl/info/<hidden>?dc=y"),
            ("/v1//acl/clone//x", "/v1/acl/clone/<hidden>"),
        ] {
            assert_eq!(without_token(&url.parse().unwrap()), shown);
        }
    }
}
