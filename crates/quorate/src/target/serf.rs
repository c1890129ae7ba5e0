//! `serf://…`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::host::host_ports;
use super::query::Query;
use super::refuse;
use crate::Result;

/// Where Serf's agents are, and how they are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SerfTarget {
    /// Where they are.
    pub addresses: SerfAddresses,
    /// `token-file`: a file with the token (`AuthKey`), read when the backend is opened.
    pub token_file: Option<PathBuf>,
    /// `timeout`: how long a call may take with all of its attempts.
    pub timeout: Option<Duration>,
}

/// Where Serf's agents listen for RPC.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SerfAddresses {
    /// Where `SERF_RPC_ADDR` says, else `127.0.0.1:7373`.
    Environment,
    /// `host:port`, in the order in which they are tried.
    Tcp(Vec<String>),
}

const PORT: u16 = 7373;

impl SerfTarget {
    pub(super) fn parse(url: &str, rest: &str, mut query: Query) -> Result<Self> {
        let target = Self {
            addresses: addresses(url, rest)?,
            token_file: query.take_path(url, "token-file")?,
            timeout: query.take_duration(url, "timeout")?,
        };
        query.finish(url, &["token-file", "timeout"])?;
        Ok(target)
    }
}

fn addresses(url: &str, rest: &str) -> Result<SerfAddresses> {
    let Some(authority) = rest.strip_prefix("//") else {
        return match rest {
            "" => Ok(SerfAddresses::Environment),
            _ => Err(refuse(url, "write `serf://…`")),
        };
    };
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if authority.is_empty() {
        return Ok(SerfAddresses::Environment);
    }
    if authority.contains('@') {
        let detail = "it has a user name or password, which Serf does not know; use \
                      `token-file=PATH` or SERF_RPC_AUTH";
        return Err(refuse(url, detail));
    }
    if authority.contains('/') {
        return Err(refuse(url, "it has a path, and Serf has no keys"));
    }
    host_ports(url, authority, PORT).map(SerfAddresses::Tcp)
}

impl fmt::Display for SerfTarget {
    /// The URL again, without its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.addresses {
            SerfAddresses::Environment => f.write_str("serf:"),
            SerfAddresses::Tcp(hosts) => write!(f, "serf://{}", hosts.join(",")),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::ErrorKind;
    use crate::target::Target;

    fn serf(url: &str) -> SerfTarget {
        match Target::parse(url).unwrap() {
            Target::Serf(target) => *target,
            other => panic!("{url}: {other:?}"),
        }
    }

    #[test]
    fn an_agent_is_where_the_url_or_the_environment_says() {
        for (url, shown) in [
            ("serf:", "serf:"),
            ("serf://", "serf:"),
            ("serf://a,[::1]:2/", "serf://a:7373,[::1]:2"),
            ("serf://a?timeout=3s", "serf://a:7373"),
        ] {
            assert_eq!(serf(url).to_string(), shown);
        }
        let target = serf("serf://a?timeout=3s&token-file=/t");
        assert_eq!(target.timeout, Some(Duration::from_secs(3)));
        assert_eq!(target.token_file, Some(PathBuf::from("/t")));
    }

    #[test]
    fn what_is_wrong_is_named_without_secrets() {
        for (url, part) in [
            ("serf:a", "write `serf://…`"),
            ("serf://a/b", "has a path"),
            ("serf://me:hunter2@a", "SERF_RPC_AUTH"),
            ("serf://a?AuthKey=hunter2", "SERF_RPC_AUTH"),
            ("serf://a?token=hunter2", "token-file"),
            ("serf://a?dc=x", "known are token-file, timeout"),
            ("serf://a:0", "between 1 and 65535"),
        ] {
            let error = Target::parse(url).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}");
            let text = error.to_string();
            assert!(
                text.contains(part) && !text.contains("hunter2"),
                "{url}: {text}"
            );
        }
    }
}
