//! `consul://…`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::query::{self, Query};
use super::refuse;
use crate::{Consistency, Result};

/// Where Consul is, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsulTarget {
    /// Where it is.
    pub addresses: ConsulAddresses,
    /// `dc`: the datacenter that is asked; `None` is the agent's own.
    pub datacenter: Option<String>,
    /// `token-file`: a file with the ACL token.
    pub token_file: Option<PathBuf>,
    /// `consistency`: how fresh reads are unless a call says otherwise.
    pub consistency: Consistency,
    /// `wait`: how long one poll of a watch waits.
    pub wait: Option<Duration>,
    /// `timeout`: how long a call may take with all of its attempts.
    pub timeout: Option<Duration>,
    /// `ca`: a file with the certificates that certify the server.
    pub ca_file: Option<PathBuf>,
    /// `ca-dir`: a directory with such files.
    pub ca_dir: Option<PathBuf>,
    /// `cert`: the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// `key`: the key of the client's certificate.
    pub key_file: Option<PathBuf>,
    /// `server-name`: the name that the server's certificate must have.
    pub server_name: Option<String>,
    /// `verify=false`: the server's certificate is not checked.
    pub insecure: bool,
}

/// Where a Consul agent listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConsulAddresses {
    /// Where `CONSUL_HTTP_ADDR` and its family say.
    Environment,
    /// `host:port`, in the order in which they are tried, over HTTP.
    Http(Vec<String>),
    /// `host:port`, in the order in which they are tried, over HTTPS.
    Https(Vec<String>),
    /// A unix socket.
    Unix(PathBuf),
}

const OPTIONS: [&str; 12] = [
    "dc",
    "token-file",
    "consistency",
    "stale",
    "wait",
    "timeout",
    "ca",
    "ca-dir",
    "cert",
    "key",
    "server-name",
    "verify",
];
const TLS_OPTIONS: [&str; 6] = ["ca", "ca-dir", "cert", "key", "server-name", "verify"];
const MAX_WAIT: Duration = Duration::from_secs(600);

impl ConsulTarget {
    pub(super) fn parse(url: &str, scheme: &str, rest: &str, mut query: Query) -> Result<Self> {
        let addresses = addresses(url, scheme, rest)?;
        let has_tls = matches!(
            addresses,
            ConsulAddresses::Https(_) | ConsulAddresses::Environment
        );
        if !has_tls && let Some(name) = TLS_OPTIONS.iter().find(|name| query.has(name)) {
            let detail = format!("option `{name}` needs TLS: write `consul+tls://`");
            return Err(refuse(url, &detail));
        }
        let wait = query.take_duration(url, "wait")?;
        if wait.is_some_and(|wait| wait > MAX_WAIT) {
            return Err(refuse(
                url,
                "option `wait` is more than 10m, which Consul allows at most",
            ));
        }
        let path = |value: Option<String>| value.map(PathBuf::from);
        let target = Self {
            addresses,
            consistency: consistency(url, &mut query)?,
            wait,
            timeout: query.take_duration(url, "timeout")?,
            datacenter: query.take_text(url, "dc")?,
            token_file: path(query.take_text(url, "token-file")?),
            ca_file: path(query.take_text(url, "ca")?),
            ca_dir: path(query.take_text(url, "ca-dir")?),
            cert_file: path(query.take_text(url, "cert")?),
            key_file: path(query.take_text(url, "key")?),
            server_name: query.take_text(url, "server-name")?,
            insecure: insecure(url, &mut query)?,
        };
        query.finish(url, &OPTIONS)?;
        if target.cert_file.is_some() != target.key_file.is_some() {
            return Err(refuse(url, "options `cert` and `key` belong together"));
        }
        Ok(target)
    }
}

pub(super) fn consistency(url: &str, query: &mut Query) -> Result<Consistency> {
    let stale = query.take("stale");
    let named = query.take_text(url, "consistency")?;
    match (stale.as_deref(), named.as_deref()) {
        (Some(_), Some(_)) => Err(refuse(
            url,
            "options `stale` and `consistency` exclude each other",
        )),
        (Some("" | "true"), None) | (None, Some("stale")) => Ok(Consistency::Stale),
        (None, Some("strong")) => Ok(Consistency::Strong),
        (None, None | Some("default")) | (Some("false"), None) => Ok(Consistency::Default),
        (Some(_), None) => Err(refuse(url, "option `stale` is true or false")),
        (None, Some(_)) => Err(refuse(
            url,
            "option `consistency` is default, strong or stale",
        )),
    }
}

pub(super) fn insecure(url: &str, query: &mut Query) -> Result<bool> {
    match query.take_text(url, "verify")?.as_deref() {
        None | Some("true") => Ok(false),
        Some("false") => Ok(true),
        Some(_) => Err(refuse(url, "option `verify` is true or false")),
    }
}

fn addresses(url: &str, scheme: &str, rest: &str) -> Result<ConsulAddresses> {
    let Some(authority) = rest.strip_prefix("//") else {
        return match (scheme, rest) {
            ("consul", "") => Ok(ConsulAddresses::Environment),
            _ => Err(refuse(url, &format!("write `{scheme}://…`"))),
        };
    };
    if scheme == "consul+unix" {
        return unix(url, authority);
    }
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if scheme == "consul" && authority.is_empty() {
        return Ok(ConsulAddresses::Environment);
    }
    if authority.contains('@') {
        let detail = "it has a user name or password, which do not belong in a URL; use \
                      CONSUL_HTTP_AUTH";
        return Err(refuse(url, detail));
    }
    if authority.contains('/') {
        return Err(refuse(url, "a path behind the host means nothing here"));
    }
    let port = if scheme == "consul" { 8500 } else { 8501 };
    let hosts: Result<_> = authority
        .split(',')
        .map(|host| host_port(url, host, port))
        .collect();
    Ok(if scheme == "consul" {
        ConsulAddresses::Http(hosts?)
    } else {
        ConsulAddresses::Https(hosts?)
    })
}

fn unix(url: &str, authority: &str) -> Result<ConsulAddresses> {
    if authority.starts_with('/') && authority.len() > 1 {
        return Ok(ConsulAddresses::Unix(PathBuf::from(query::decode(
            url, authority,
        )?)));
    }
    Err(refuse(
        url,
        "write `consul+unix:///PATH`, with the path from the root",
    ))
}

/// `host`, `host:port`, `[v6]` or `[v6]:port`, with the port written out.
pub(super) fn host_port(url: &str, text: &str, default_port: u16) -> Result<String> {
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, rest)) => {
            let port = rest.strip_prefix(':').or(rest.is_empty().then_some(""));
            let port = port.ok_or_else(|| refuse(url, &format!("{text:?} is no host and port")))?;
            (format!("[{v6}]"), port)
        }
        None => {
            let (host, port) = text.split_once(':').unwrap_or((text, ""));
            (host.to_owned(), port)
        }
    };
    let refused = |what: &str| Err(refuse(url, &format!("{text:?} {what}")));
    if port.contains(':') {
        return refused("looks like an IPv6 address; write it in brackets: [::1]:8500");
    }
    if host.is_empty() || host == "[]" || host.contains(char::is_whitespace) {
        return refused("has no host");
    }
    if text.ends_with(':') {
        return refused("has no port behind its colon");
    }
    match port {
        "" => Ok(format!("{host}:{default_port}")),
        port => match port.parse::<u16>() {
            Ok(port @ 1..) => Ok(format!("{host}:{port}")),
            _ => refused("has no port between 1 and 65535"),
        },
    }
}

impl fmt::Display for ConsulTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.addresses {
            ConsulAddresses::Environment => f.write_str("consul:"),
            ConsulAddresses::Http(hosts) => write!(f, "consul://{}", hosts.join(",")),
            ConsulAddresses::Https(hosts) => write!(f, "consul+tls://{}", hosts.join(",")),
            ConsulAddresses::Unix(path) => write!(f, "consul+unix://{}", path.display()),
        }
    }
}
