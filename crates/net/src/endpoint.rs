//! Where a server is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

pub use crate::endpoint_set::{EndpointId, EndpointSet, MAX_ENDPOINTS};

/// The address of one server, and whether to speak TLS to it.
///
/// | text | means |
/// |---|---|
/// | `http://host:port`, `tcp://host:port`, `host:port` | TCP; port 80 when a URL has none |
/// | `https://host:port` | TLS over TCP; port 443 when the URL has none |
/// | `unix:///path/to/socket` | a unix socket |
/// | `memory:` | whatever the client's own [`Dial`](crate::transport::Dial) connects to |
///
/// IPv6 addresses stand in brackets. Cloning shares the text.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Endpoint {
    address: Arc<Address>,
    tls: bool,
    text: Arc<str>,
}

/// The kinds of address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A host, by name or by IP address (without brackets), and a port.
    Tcp {
        /// The name or IP address.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a unix socket.
    Unix(PathBuf),
    /// A connection that a [`Dial`](crate::transport::Dial) makes in this process.
    Memory,
}

impl Endpoint {
    /// Reads an address in one of the forms above.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] naming what is wrong. Credentials and paths in a URL are refused rather
    /// than ignored.
    pub fn parse(text: &str) -> Result<Self, EndpointError> {
        Self::parse_with(text, None)
    }

    /// The same, with a port for `host` and `scheme://host` that name none.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_or(text: &str, default_port: u16) -> Result<Self, EndpointError> {
        Self::parse_with(text, Some(default_port))
    }

    fn parse_with(text: &str, default_port: Option<u16>) -> Result<Self, EndpointError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(EndpointError::Empty);
        }
        if text == "memory:" {
            return Ok(Self::memory());
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return parse_unix(text, path.strip_prefix("//").unwrap_or(path));
        }
        let (tls, scheme_port, authority) = match text.split_once("://") {
            None => (false, None, text),
            Some(("http" | "tcp", rest)) => (false, Some(80), rest),
            Some(("https", rest)) => (true, Some(443), rest),
            Some((scheme, _)) => {
                return Err(EndpointError::Scheme {
                    scheme: scheme.into(),
                });
            }
        };
        let (host, port) = parse_authority(text, authority)?;
        let port = port.or(default_port).or(scheme_port);
        let port = port.ok_or_else(|| EndpointError::NoPort { text: text.into() })?;
        Ok(Self::tcp(host, port).with_tls(tls))
    }

    /// A server at `host` (a name or an IP address without brackets) and `port`, without TLS.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::new(
            Address::Tcp {
                host: host.into(),
                port,
            },
            false,
        )
    }

    /// A server behind the unix socket at `path`.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self::new(Address::Unix(path.into()), false)
    }

    /// A server that only a [`Dial`](crate::transport::Dial) can reach.
    pub fn memory() -> Self {
        Self::new(Address::Memory, false)
    }

    /// Speaks TLS to this server, or does not. Only TCP addresses can have TLS; others stay as
    /// they are.
    #[must_use]
    pub fn with_tls(self, tls: bool) -> Self {
        let tls = tls && matches!(*self.address, Address::Tcp { .. });
        if tls == self.tls {
            self
        } else {
            Self::new((*self.address).clone(), tls)
        }
    }

    /// Is written as `host:port`, as it stands in messages of a protocol whose addresses have no scheme.
    /// Other addresses than TCP without TLS stay as they are. Written otherwise, it is another endpoint.
    #[must_use]
    pub fn without_scheme(mut self) -> Self {
        if let Some(bare) = self.text.strip_prefix("http://") {
            self.text = bare.into();
        }
        self
    }

    fn new(address: Address, tls: bool) -> Self {
        let text = match &address {
            Address::Tcp { host, port } => {
                let scheme = if tls { "https" } else { "http" };
                format!("{scheme}://{}:{port}", Bracketed(host))
            }
            Address::Unix(path) => format!("unix://{}", path.display()),
            Address::Memory => "memory:".into(),
        };
        Self {
            address: Arc::new(address),
            tls,
            text: text.into(),
        }
    }

    /// Where it is.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether TLS is spoken.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The canonical text, which [`parse`](Self::parse) reads back as the same address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path of the unix socket, if it is one.
    pub fn unix_path(&self) -> Option<&Path> {
        match &*self.address {
            Address::Unix(path) => Some(path),
            Address::Tcp { .. } | Address::Memory => None,
        }
    }

    /// The value of the `Host` header. A default port is left out, as browsers and Go do; servers
    /// without a host name are called `localhost`, because Go refuses a path there.
    pub(crate) fn host_header(&self) -> String {
        match &*self.address {
            Address::Tcp { host, port } => match (self.tls, port) {
                (false, 80) | (true, 443) => Bracketed(host).to_string(),
                _ => format!("{}:{port}", Bracketed(host)),
            },
            Address::Unix(_) | Address::Memory => "localhost".into(),
        }
    }
}

/// A host as it stands in a URL: IPv6 addresses in brackets.
struct Bracketed<'a>(&'a str);

impl fmt::Display for Bracketed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.contains(':') {
            write!(f, "[{}]", self.0)
        } else {
            f.write_str(self.0)
        }
    }
}

fn parse_unix(text: &str, path: &str) -> Result<Endpoint, EndpointError> {
    if path.is_empty() || path == "/" {
        return Err(EndpointError::NoHost { text: text.into() });
    }
    Ok(Endpoint::unix(path))
}

/// Splits `host[:port][/]`.
fn parse_authority<'a>(
    text: &str,
    authority: &'a str,
) -> Result<(&'a str, Option<u16>), EndpointError> {
    if authority.contains('@') {
        return Err(EndpointError::Credentials);
    }
    let authority = authority.strip_suffix('/').unwrap_or(authority);
    if authority.contains(['/', '?', '#']) {
        return Err(EndpointError::Path { text: text.into() });
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').ok_or_else(|| EndpointError::Host {
            host: authority.into(),
        })?,
        None => match authority.find(':') {
            Some(at) => authority.split_at(at),
            None => (authority, ""),
        },
    };
    if host.is_empty() {
        return Err(EndpointError::NoHost { text: text.into() });
    }
    check_host(host, authority.starts_with('['))?;
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, None)),
        Some(digits) => parse_port(digits).map(|port| (host, Some(port))),
        None => Err(EndpointError::Host {
            host: authority.into(),
        }),
    }
}

fn check_host(host: &str, bracketed: bool) -> Result<(), EndpointError> {
    let fine = if bracketed {
        host.parse::<std::net::Ipv6Addr>().is_ok()
    } else {
        host.bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    };
    if fine {
        Ok(())
    } else {
        Err(EndpointError::Host { host: host.into() })
    }
}

fn parse_port(digits: &str) -> Result<u16, EndpointError> {
    match digits.parse() {
        Ok(port) if port > 0 && !digits.starts_with('+') => Ok(port),
        _ => Err(EndpointError::Port {
            port: digits.into(),
        }),
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        Self::parse(text)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.text)
    }
}

/// Why a text is not the address of a server, or a list not a set of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointError {
    /// There is no text, or no server in the list.
    #[error("the server address is empty")]
    Empty,
    /// The scheme is not one that can be spoken.
    #[error(
        "unknown scheme `{scheme}` in a server address (known: http, https, tcp, unix, memory)"
    )]
    Scheme {
        /// What stood before `://`.
        scheme: String,
    },
    /// No host before the port, or no path of a socket.
    #[error("no host or socket path in the server address `{text}`")]
    NoHost {
        /// The address.
        text: String,
    },
    /// The host has a character that no host name has, or a bracket is missing.
    #[error("`{host}` is not a host name or an IP address (IPv6 goes in brackets)")]
    Host {
        /// What stands where the host belongs.
        host: String,
    },
    /// The port is missing and there is no default.
    #[error("no port in the server address `{text}`")]
    NoPort {
        /// The address.
        text: String,
    },
    /// The port is not a number from 1 to 65535.
    #[error("the port `{port}` is not a number from 1 to 65535")]
    Port {
        /// What stands after the colon.
        port: String,
    },
    /// A path, query or fragment follows the host. Requests bring their own.
    #[error("the server address `{text}` must end after the port")]
    Path {
        /// The address.
        text: String,
    },
    /// User and password stand in the address. The text is not repeated here.
    #[error("a server address must not hold a user or password; set them as options")]
    Credentials,
    /// More servers than a set can hold.
    #[error("{count} servers are more than the {MAX_ENDPOINTS} that a set can hold")]
    TooMany {
        /// How many there are.
        count: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(input: &str) -> String {
        Endpoint::parse(input).unwrap().to_string()
    }

    #[test]
    fn reads_every_documented_form() {
        for (input, canonical, host) in [
            ("10.0.0.1:8500", "http://10.0.0.1:8500", "10.0.0.1:8500"),
            ("http://consul", "http://consul:80", "consul"),
            ("tcp://consul:8500/", "http://consul:8500", "consul:8500"),
            ("https://consul", "https://consul:443", "consul"),
            ("https://[::1]:8501", "https://[::1]:8501", "[::1]:8501"),
            (
                "unix:///run/consul.sock",
                "unix:///run/consul.sock",
                "localhost",
            ),
            (
                "unix:/run/consul.sock",
                "unix:///run/consul.sock",
                "localhost",
            ),
            (" memory: ", "memory:", "localhost"),
        ] {
            let endpoint = Endpoint::parse(input).unwrap();
            assert_eq!(endpoint.as_str(), canonical);
            assert_eq!(endpoint.host_header(), host);
            assert_eq!(endpoint, text(input).parse().unwrap());
        }
    }

    #[test]
    fn is_written_without_a_scheme_if_asked_for() {
        let bare = |input| Endpoint::parse(input).unwrap().without_scheme();
        assert_eq!(bare("http://[::1]:7373").as_str(), "[::1]:7373");
        assert_eq!(bare("[::1]:7373"), bare("tcp://[::1]:7373"));
        for kept in ["https://serf:7373", "unix:///run/serf.sock", "memory:"] {
            assert_eq!(bare(kept).as_str(), kept);
        }
    }

    #[test]
    fn takes_the_default_port_only_when_none_is_given() {
        let or = |input| Endpoint::parse_or(input, 8500).unwrap().to_string();
        assert_eq!(or("consul"), "http://consul:8500");
        assert_eq!(or("https://consul"), "https://consul:8500");
        assert_eq!(or("consul:1"), "http://consul:1");
    }

    #[test]
    fn says_what_is_wrong() {
        use EndpointError as E;
        for (input, error) in [
            ("", E::Empty),
            (
                "ftp://a:1",
                E::Scheme {
                    scheme: "ftp".into(),
                },
            ),
            (
                "host",
                E::NoPort {
                    text: "host".into(),
                },
            ),
            (
                ":8500",
                E::NoHost {
                    text: ":8500".into(),
                },
            ),
            (
                "unix://",
                E::NoHost {
                    text: "unix://".into(),
                },
            ),
            ("a:0", E::Port { port: "0".into() }),
            (
                "a:65536",
                E::Port {
                    port: "65536".into(),
                },
            ),
            ("a:+80", E::Port { port: "+80".into() }),
            ("::1", E::NoHost { text: "::1".into() }),
            (
                "[::1:80",
                E::Host {
                    host: "[::1:80".into(),
                },
            ),
            (
                "[::1]80",
                E::Host {
                    host: "[::1]80".into(),
                },
            ),
            ("a b:1", E::Host { host: "a b".into() }),
            (
                "http://a:1/v1",
                E::Path {
                    text: "http://a:1/v1".into(),
                },
            ),
        ] {
            assert_eq!(Endpoint::parse(input).unwrap_err(), error, "{input}");
        }
    }

    #[test]
    fn does_not_repeat_a_password() {
        let error = Endpoint::parse("http://user:hunter2@a:1").unwrap_err();
        assert_eq!(error, EndpointError::Credentials);
        assert!(!error.to_string().contains("hunter2"));
    }

    #[test]
    fn tls_is_only_for_tcp() {
        assert_eq!(Endpoint::tcp("a", 1).with_tls(true).as_str(), "https://a:1");
        assert!(!Endpoint::unix("/s").with_tls(true).is_tls());
    }
}
