//! Where agents are, and the token of each.

use std::fmt;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use quorate_net::endpoint::Endpoint;
use quorate_net::secret::Secret;

/// The port on which agents listen unless told otherwise.
const DEFAULT_PORT: u16 = 7373;

/// An agent's address, with its token if it wants one.
#[derive(Clone)]
pub struct Host {
    pub(crate) endpoint: Endpoint,
    pub(crate) auth_key: Option<Secret>,
}

/// Text that is no address of an agent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{host:?}: {why}")]
pub struct InvalidHost {
    /// The text up to its options, which may hold a secret.
    pub host: String,
    /// What is wrong with it.
    pub why: String,
}

impl Host {
    /// An agent at a host name or address. An IPv6 address may have brackets.
    #[must_use]
    pub fn new(host: &str, port: u16) -> Self {
        Self {
            endpoint: Endpoint::tcp(host, port).without_scheme(),
            auth_key: None,
        }
    }

    /// Sets the token. Agents without one refuse connections that show one.
    #[must_use]
    pub fn with_auth_key(mut self, key: impl Into<Secret>) -> Self {
        self.auth_key = Some(key.into());
        self
    }
}

/// Where it is, without the token: `127.0.0.1:7373`.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.endpoint.as_str())
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host")
            .field("address", &self.endpoint.as_str())
            .field("auth_key", &self.auth_key)
            .finish()
    }
}

/// `host:port`, `host`, `serf://host:port`, `unix:///path`, each with `?AuthKey=…` behind it if the
/// agent wants a token. The token may be percent-encoded. Without a port it is 7373, without anything
/// `127.0.0.1:7373`.
impl FromStr for Host {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        let text = text.trim();
        let (address, options) = text.split_once('?').unwrap_or((text, ""));
        let wrong = |why: String| InvalidHost {
            host: address.to_owned(),
            why,
        };
        let bare = address.strip_prefix("serf://").unwrap_or(address);
        let bare = bare.strip_suffix('/').unwrap_or(bare);
        let endpoint = match bare {
            "" => Ok(Endpoint::tcp("127.0.0.1", DEFAULT_PORT)),
            bare if bare.contains("://") && !bare.starts_with("unix://") => {
                return Err(wrong(
                    "only serf:// and unix:// addresses are known".to_owned(),
                ));
            }
            bare => match bare.strip_prefix(':') {
                Some(port) => Endpoint::parse_or(&format!("127.0.0.1:{port}"), DEFAULT_PORT),
                None => Endpoint::parse_or(bare, DEFAULT_PORT),
            },
        };
        let endpoint = endpoint.map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            endpoint: endpoint.without_scheme(),
            auth_key: auth_key(options).map_err(wrong)?,
        })
    }
}

fn auth_key(options: &str) -> Result<Option<Secret>, String> {
    let mut key = None;
    for option in options.split('&').filter(|option| !option.is_empty()) {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        if name != "AuthKey" {
            return Err(format!(
                "the option {name:?} is not known; there is AuthKey"
            ));
        }
        let value = percent_decode_str(value).decode_utf8();
        let value = value.map_err(|_| "AuthKey is no UTF-8".to_owned())?;
        key = Some(Secret::from(value.into_owned()));
    }
    Ok(key)
}

/// Agents in the order in which they are tried, with commas between them:
/// `10.0.0.1:7373,serf://10.0.0.2?AuthKey=secret`.
#[derive(Clone, Debug)]
pub struct Hosts(Vec<Host>);

impl Hosts {
    /// These agents. Of the same address given twice, the first one counts; without any it is
    /// `127.0.0.1:7373`.
    #[must_use]
    pub fn new(hosts: impl IntoIterator<Item = Host>) -> Self {
        let mut unique: Vec<Host> = Vec::new();
        for host in hosts {
            if !unique.iter().any(|known| known.endpoint == host.endpoint) {
                unique.push(host);
            }
        }
        if unique.is_empty() {
            unique.push(Host::new("127.0.0.1", DEFAULT_PORT));
        }
        Self(unique)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Host> {
        self.0.iter()
    }

    /// Sets the token of every agent that has none.
    #[must_use]
    pub fn with_auth_key(mut self, key: impl Into<Secret>) -> Self {
        let key = key.into();
        for host in &mut self.0 {
            host.auth_key.get_or_insert_with(|| key.clone());
        }
        self
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self::new([])
    }
}

impl From<Host> for Hosts {
    fn from(host: Host) -> Self {
        Self::new([host])
    }
}

impl FromStr for Hosts {
    type Err = InvalidHost;

    fn from_str(list: &str) -> Result<Self, InvalidHost> {
        let hosts: Result<Vec<Host>, InvalidHost> = list.split(',').map(str::parse).collect();
        hosts.map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    fn read(list: &str) -> Vec<String> {
        list.parse::<Hosts>()
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    #[test]
    fn hosts_come_in_every_form() {
        assert_eq!(read(""), ["127.0.0.1:7373"]);
        assert_eq!(read("serf"), ["serf:7373"]);
        assert_eq!(read(":8000"), ["127.0.0.1:8000"]);
        assert_eq!(
            read("a:1, serf://b:2/,serf://[::1]:3,[::1]"),
            ["a:1", "b:2", "[::1]:3", "[::1]:7373"]
        );
        assert_eq!(read("unix:///run/serf.sock"), ["unix:///run/serf.sock"]);
        assert_eq!(read("a:1,serf://a:1"), ["a:1"]);
    }

    #[test]
    fn each_host_may_have_a_token_of_its_own() {
        let hosts: Hosts = "a?AuthKey=one%20%26%20two,serf://b:2?AuthKey=three,c"
            .parse()
            .unwrap();
        let hosts = hosts.with_auth_key("four");
        let keys: Vec<&str> = hosts
            .iter()
            .map(|host| host.auth_key.as_ref().unwrap().expose())
            .collect();
        assert_eq!(keys, ["one & two", "three", "four"]);
        let printed = format!("{hosts:?}");
        assert!(
            !printed.contains("one") && !printed.contains("three"),
            "{printed}"
        );
    }

    #[test]
    fn what_is_wrong_is_told_without_the_token() {
        for wrong in [
            "ftp://a",
            "a?Key=secret",
            "a:70000?AuthKey=secret",
            "a b?AuthKey=secret",
        ] {
            let error = wrong.parse::<Hosts>().unwrap_err();
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
