//! `consul://…`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::host::host_ports;
use super::query::{self, Query};
use super::refuse;
use super::tls::{self, TlsTarget};
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
    /// Whom to trust and who to be.
    pub tls: TlsTarget,
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

const OPTIONS: [&str; 6] = [
    "dc",
    "token-file",
    "consistency",
    "stale",
    "wait",
    "timeout",
];
const MAX_WAIT: Duration = Duration::from_secs(600);

impl ConsulTarget {
    pub(super) fn parse(url: &str, scheme: &str, rest: &str, mut query: Query) -> Result<Self> {
        let addresses = addresses(url, scheme, rest)?;
        let plain = match addresses {
            ConsulAddresses::Https(_) | ConsulAddresses::Environment => None,
            ConsulAddresses::Http(_) | ConsulAddresses::Unix(_) => Some("consul+tls"),
        };
        let tls = TlsTarget::take(url, &mut query, plain)?;
        let wait = query.take_duration(url, "wait")?;
        if wait.is_some_and(|wait| wait > MAX_WAIT) {
            return Err(refuse(
                url,
                "option `wait` is more than 10m, which Consul allows at most",
            ));
        }
        let target = Self {
            addresses,
            consistency: query.take_consistency(url)?,
            wait,
            timeout: query.take_duration(url, "timeout")?,
            datacenter: query.take_text(url, "dc")?,
            token_file: query.take_path(url, "token-file")?,
            tls,
        };
        let known = OPTIONS.into_iter().chain(tls::OPTIONS);
        query.finish(url, &known.collect::<Vec<_>>())?;
        Ok(target)
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
    let hosts = host_ports(url, authority, port)?;
    Ok(if scheme == "consul" {
        ConsulAddresses::Http(hosts)
    } else {
        ConsulAddresses::Https(hosts)
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
