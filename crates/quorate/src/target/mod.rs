//! URLs: which backend, where, and how.

mod consul;
mod data_dir;
mod etcd;
mod host;
mod query;
mod serf;
mod tls;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Error, Result};

pub use consul::{ConsulAddresses, ConsulTarget};
pub use data_dir::user_data_dir;
pub use etcd::{EtcdAddresses, EtcdApi, EtcdTarget};
pub use serf::{SerfAddresses, SerfTarget};
pub use tls::TlsTarget;

/// A backend's URL, taken apart.
///
/// | URL | backend |
/// |---|---|
/// | `embedded:` | the agent in this process, on the user's data directory: `$QUORATE_DATA`, else `$XDG_DATA_HOME/quorate`, else `$HOME/.local/share/quorate` |
/// | `embedded:DIR` | the same on `DIR` |
/// | `memory:` | an agent of its own in memory, gone when it is closed |
/// | `consul://HOST[:PORT][,HOST…]` | a Consul agent over HTTP; port 8500 by default; the next host when one fails |
/// | `consul+tls://HOST[:PORT][,HOST…]` | the same over HTTPS; port 8501 by default |
/// | `consul+unix:///PATH` | the same over a unix socket |
/// | `consul:` | whatever `CONSUL_HTTP_ADDR` and its family say |
/// | `etcd://HOST[:PORT][,HOST…][/PATH]` | etcd's v3 API; port 2379 by default; the next host when one fails; the keys are beneath PATH, behind a slash with `//PATH` |
/// | `etcd+tls://HOST[:PORT][,HOST…][/PATH]` | the same over TLS |
/// | `etcd+srv://DOMAIN[/PATH]` | the servers that the DNS SRV records `_etcd-client-ssl._tcp.DOMAIN` or `_etcd-client._tcp.DOMAIN` name |
/// | `etcd:` | whatever `ETCDCTL_ENDPOINTS` and its family say |
/// | `etcd2://HOST[:PORT][,HOST…][/PATH]` | etcd's v2 API over HTTP; port 2379 by default; the next host when one fails; the keys are beneath PATH |
/// | `etcd2+tls://…`, `etcd2+srv://…`, `etcd2:` | as with `etcd` |
/// | `serf://HOST[:PORT][,HOST…]` | the RPC of a Serf agent; port 7373 by default; the next host when one fails |
/// | `serf:` | whatever `SERF_RPC_ADDR` says, else `127.0.0.1:7373` |
///
/// Options of these URLs, as query parameters:
///
/// | option | means |
/// |---|---|
/// | `dc=NAME` | Consul: the datacenter that is asked, the agent's own by default |
/// | `token-file=PATH` | Consul: a file with the ACL token, read again when it changes. Serf: one with the token of its RPC, read once |
/// | `auth-file=PATH` | etcd: a file with `name:password` |
/// | `sync=DURATION` | etcd: how often the members are looked up, to use their addresses too; never by default |
/// | `consistency=default\|strong\|stale` | how fresh reads are; `stale` alone is short for the last. On etcd the first two ask a quorum |
/// | `wait=DURATION` | how long one poll of a watch waits: `30s`, `5m`; at most 10 minutes on Consul; v3 of etcd polls nothing |
/// | `timeout=DURATION` | how long a call may take with all of its attempts: `15s` by default |
/// | `ca=PATH`, `ca-dir=PATH` | what certifies the server: the system's roots by default |
/// | `cert=PATH`, `key=PATH` | the client's certificate and its key |
/// | `server-name=NAME` | the name that the server's certificate must have |
/// | `verify=false` | do not check the server's certificate; for tests only |
///
/// Secrets never stand in a URL, because URLs end up in process lists and logs. etcd's name and
/// password come from `auth-file`, `ETCDCTL_USER` and `ETCDCTL_PASSWORD`, or from
/// [`Builder::basic_auth`](crate::Builder::basic_auth). Consul's ACL token comes from `CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_TOKEN_FILE` or `token-file`, or from
/// [`Builder::token`](crate::Builder::token); name and password from `CONSUL_HTTP_AUTH`. The token of
/// Serf's RPC comes from `SERF_RPC_AUTH`, `token-file` or the builder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target {
    /// The agent in this process, on a data directory; `None` is the user's own.
    Embedded(Option<PathBuf>),
    /// The agent in this process, in memory.
    Memory,
    /// A Consul agent.
    Consul(Box<ConsulTarget>),
    /// etcd with its v2 API.
    Etcd2(Box<EtcdTarget>),
    /// etcd with its v3 API.
    Etcd3(Box<EtcdTarget>),
    /// The RPC of a Serf agent.
    Serf(Box<SerfTarget>),
}

/// The schemes of this build, for messages.
const KNOWN: &str = "embedded:, memory:, consul://, consul+tls://, consul+unix://, etcd://, etcd+tls://, etcd+srv://, etcd2://, etcd2+tls://, etcd2+srv://, serf://";

impl Target {
    /// Takes `url` apart. Nothing is opened or asked.
    ///
    /// # Errors
    /// `Unsupported` for a scheme that is not in this build; `InvalidArgument` for anything else
    /// that is wrong, with the part that is.
    pub fn parse(url: &str) -> Result<Self> {
        let Some((scheme, rest)) = url.split_once(':') else {
            let detail = format!("it has no scheme; known are {KNOWN}");
            return Err(refuse(url, &detail));
        };
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let query = query::Query::parse(url, query)?;
        match scheme {
            "embedded" => {
                let dir = data_dir::parse(url, rest)?;
                query.finish(url, &[])?;
                Ok(Self::Embedded(dir))
            }
            "memory" => {
                query.finish(url, &[])?;
                match rest {
                    "" | "//" => Ok(Self::Memory),
                    _ => Err(refuse(url, "`memory:` takes nothing behind it")),
                }
            }
            "consul" | "consul+tls" | "consul+unix" => {
                let target = ConsulTarget::parse(url, scheme, rest, query)?;
                Ok(Self::Consul(Box::new(target)))
            }
            "etcd2" | "etcd2+tls" | "etcd2+srv" => {
                let target = EtcdTarget::parse(url, scheme, rest, query)?;
                Ok(Self::Etcd2(Box::new(target)))
            }
            "etcd" | "etcd+tls" | "etcd+srv" => {
                let target = EtcdTarget::parse(url, scheme, rest, query)?;
                Ok(Self::Etcd3(Box::new(target)))
            }
            "serf" => {
                let target = SerfTarget::parse(url, rest, query)?;
                Ok(Self::Serf(Box::new(target)))
            }
            _ => Err(unknown(url, scheme)),
        }
    }
}

fn unknown(url: &str, scheme: &str) -> Error {
    let hint = match scheme {
        "http" | "https" | "unix" => {
            let instead = match scheme {
                "http" => "consul://",
                "https" => "consul+tls://",
                _ => "consul+unix://",
            };
            format!("`{scheme}:` does not say which server answers; for Consul write `{instead}…`")
        }
        _ => format!("unknown scheme `{scheme}:`; known are {KNOWN}"),
    };
    Error::unsupported(operation(url), hint)
}

/// An `InvalidArgument` that names the URL without what may be secret in it.
fn refuse(url: &str, detail: &str) -> Error {
    Error::invalid(operation(url), detail)
}

fn operation(url: &str) -> String {
    format!("parse URL `{}`", redact(url))
}

/// The URL without its query and without what stands before an `@`: someone may have put a
/// secret there, and errors are printed.
fn redact(url: &str) -> String {
    let (base, query) = url
        .split_once('?')
        .map_or((url, ""), |(base, _)| (base, "?…"));
    let base = match base.split_once("//") {
        Some((scheme, rest)) => match rest.rsplit_once('@') {
            Some((_, host)) => format!("{scheme}//…@{host}"),
            None => base.to_owned(),
        },
        None => base.to_owned(),
    };
    base + query
}

impl FromStr for Target {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self> {
        Self::parse(url)
    }
}

impl fmt::Display for Target {
    /// The URL again, without its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Embedded(None) => f.write_str("embedded:"),
            Self::Embedded(Some(dir)) => write!(f, "embedded:{}", dir.display()),
            Self::Memory => f.write_str("memory:"),
            Self::Consul(target) => target.fmt(f),
            Self::Etcd2(target) | Self::Etcd3(target) => target.fmt(f),
            Self::Serf(target) => target.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
