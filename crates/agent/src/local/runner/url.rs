//! URLs of checks, taken apart as Go does it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::quote::quote;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_tls: bool,
    pub(super) host: String,
    pub(super) port: u16,
    /// The host and the port as they are written: the `Host` header.
    pub(super) authority: String,
    /// Path and query.
    pub(super) path: String,
    /// The value of the `Authorization` header that a name and a password make.
    pub(super) authorization: Option<String>,
}

impl Url {
    /// Reads a URL, or says in Go's words what is wrong. `method` is what it is wanted for.
    pub(super) fn parse(text: &str, method: &str) -> Result<Self, String> {
        let refuse = |problem: &str| Err(format!("parse {}: {problem}", quote(text)));
        let unfit = |problem: &str| format!("{}: {problem}", asked(method, text));
        if text.starts_with(':') {
            return refuse("missing protocol scheme");
        }
        if text.chars().any(|c| c.is_ascii_control()) {
            return refuse("net/url: invalid control character in URL");
        }
        let Some((scheme, rest)) = text.split_once("://") else {
            let first = text.split('/').next().unwrap_or(text);
            return match first.split_once(':') {
                Some((scheme, _)) if is_scheme(scheme) => Err(unfit(&format!(
                    "unsupported protocol scheme {}",
                    quote(scheme)
                ))),
                Some(_) => refuse("first path segment in URL cannot contain colon"),
                None => Err(unfit("unsupported protocol scheme \"\"")),
            };
        };
        let is_tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            other => {
                return Err(unfit(&format!(
                    "unsupported protocol scheme {}",
                    quote(other)
                )));
            }
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let (user, authority) = match authority.rsplit_once('@') {
            Some((user, authority)) => (Some(user), authority),
            None => (None, authority),
        };
        let Some((host, port)) = host_and_port(authority, is_tls) else {
            return refuse(&format!("invalid port after host in {}", quote(authority)));
        };
        if host.is_empty() {
            // Go leaves out the slashes in front of nothing.
            let text = text.strip_suffix("//").unwrap_or(text);
            let asked = asked(method, text);
            return Err(format!("{asked}: http: no Host in request URL"));
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            is_tls,
            host: host.to_owned(),
            port,
            authority: authority.to_owned(),
            path: format!("{slash}{}", path.replace(' ', "%20")),
            authorization: user.map(basic),
        })
    }

    /// The URL that a `Location` header means.
    pub(super) fn join(&self, location: &str) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        let authority = &self.authority;
        let own_path = self.path.split('?').next().unwrap_or_default();
        if location.contains("://") {
            location.to_owned()
        } else if location.starts_with("//") {
            format!("{scheme}:{location}")
        } else if location.starts_with('/') {
            format!("{scheme}://{authority}{}", without_dots(location))
        } else if location.starts_with('?') || location.is_empty() {
            format!("{scheme}://{authority}{own_path}{location}")
        } else {
            let folder = own_path.rfind('/').map_or("/", |end| &own_path[..=end]);
            let path = without_dots(&format!("{folder}{location}"));
            format!("{scheme}://{authority}{path}")
        }
    }

    /// The URL without a name and a password: the `Referer` header.
    pub(super) fn shown(&self) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}{}", self.authority, self.path)
    }
}

/// What Go calls a request: `Get "http://…"`.
pub(super) fn asked(method: &str, url: &str) -> String {
    let mut letters = method.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    let rest = letters.as_str().to_ascii_lowercase();
    let method: String = first.into_iter().chain(rest.chars()).collect();
    format!("{method} {}", quote(url))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn host_and_port(authority: &str, is_tls: bool) -> Option<(&str, u16)> {
    let usual = if is_tls { 443 } else { 80 };
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').unwrap_or(rest))
        }
        None => authority.rsplit_once(':').unwrap_or((authority, "")),
    };
    match port {
        "" => Some((host, usual)),
        port => Some((host, port.parse().ok()?)),
    }
}

fn basic(user: &str) -> String {
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    let plain = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = format!("{}:{}", plain(name), plain(password));
    format!("Basic {}", STANDARD.encode(pair))
}

/// A path without `.` and `..`; the query stays as it is.
fn without_dots(path: &str) -> String {
    let (path, query) = match path.find('?') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    let mut kept: Vec<&str> = Vec::new();
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    for (at, segment) in segments.iter().enumerate() {
        let last = at + 1 == segments.len();
        match *segment {
            "." | ".." => {
                if *segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            other => kept.push(other),
        }
    }
    format!("/{}{query}", kept.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 put into the output of checks with the same URLs.
    #[test]
    fn a_url_that_is_none_is_refused_in_gos_words() {
        for (text, problem) in [
            (":::", "parse \":::\": missing protocol scheme"),
            ("foo", "Get \"foo\": unsupported protocol scheme \"\""),
            (
                "ftp://x/",
                "Get \"ftp://x/\": unsupported protocol scheme \"ftp\"",
            ),
            (
                "127.0.0.1:80",
                "parse \"127.0.0.1:80\": first path segment in URL cannot contain colon",
            ),
        ] {
            assert_eq!(Url::parse(text, "GET"), Err(problem.to_owned()));
        }
        let error = Url::parse("http://", "POST").unwrap_err();
        assert_eq!(error, "Post \"http:\": http: no Host in request URL");
    }

    #[test]
    fn a_url_is_taken_apart() {
        let url = Url::parse("https://me:p%40ss@[::1]:8443?a=b#c", "GET").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("::1", 8443));
        assert_eq!(url.authority, "[::1]:8443");
        assert_eq!(url.path, "/?a=b");
        assert_eq!(url.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(url.shown(), "https://[::1]:8443/?a=b");
        let url = Url::parse("HTTP://host/a b", "GET").unwrap();
        assert_eq!(
            (url.is_tls, url.port, url.path.as_str()),
            (false, 80, "/a%20b")
        );
    }

    #[test]
    fn a_location_is_read_from_where_it_was_found() {
        let url = Url::parse("http://h:1/a/b?c", "GET").unwrap();
        for (location, joined) in [
            ("https://x/y", "https://x/y"),
            ("//x/y", "http://x/y"),
            ("/y/../z", "http://h:1/z"),
            ("y", "http://h:1/a/y"),
            ("../y?z=..", "http://h:1/y?z=.."),
            ("?d", "http://h:1/a/b?d"),
            (".", "http://h:1/a/"),
        ] {
            assert_eq!(url.join(location), joined, "{location}");
        }
    }
}
