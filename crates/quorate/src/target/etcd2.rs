//! `etcd2://…`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::consul::{consistency, host_port, insecure};
use super::query::{self, Query};
use super::refuse;
use crate::{Consistency, Prefix, Result};

/// Where etcd with its v2 API is, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Etcd2Target {
    /// Where it is.
    pub addresses: Etcd2Addresses,
    /// The directory of the keys: the path of the URL.
    pub prefix: Prefix,
    /// `consistency`: how fresh reads are unless a call says otherwise.
    pub consistency: Consistency,
    /// `wait`: how long one poll of a watch waits.
    pub wait: Option<Duration>,
    /// `timeout`: how long a call may take with all of its attempts.
    pub timeout: Option<Duration>,
    /// `sync`: how often the members are looked up, to use their addresses too.
    pub sync: Option<Duration>,
    /// `auth-file`: a file with `name:password`.
    pub auth_file: Option<PathBuf>,
    /// `ca`: a file with the certificates that certify the servers.
    pub ca_file: Option<PathBuf>,
    /// `ca-dir`: a directory with such files.
    pub ca_dir: Option<PathBuf>,
    /// `cert`: the client's certificate.
    pub cert_file: Option<PathBuf>,
    /// `key`: the key of the client's certificate.
    pub key_file: Option<PathBuf>,
    /// `server-name`: the name that the servers' certificates must have.
    pub server_name: Option<String>,
    /// `verify=false`: the servers' certificates are not checked.
    pub insecure: bool,
}

/// Where the members of an etcd cluster listen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Etcd2Addresses {
    /// Where `ETCDCTL_ENDPOINTS` and its family say.
    Environment,
    /// `host:port`, in the order in which they are tried, over HTTP.
    Http(Vec<String>),
    /// `host:port`, in the order in which they are tried, over HTTPS.
    Https(Vec<String>),
    /// Where the DNS SRV records of this domain say: looked up once, when it is opened.
    Srv(String),
}

const OPTIONS: [&str; 12] = [
    "consistency",
    "stale",
    "wait",
    "timeout",
    "sync",
    "auth-file",
    "ca",
    "ca-dir",
    "cert",
    "key",
    "server-name",
    "verify",
];
const TLS_OPTIONS: [&str; 6] = ["ca", "ca-dir", "cert", "key", "server-name", "verify"];
const PORT: u16 = 2379;

impl Etcd2Target {
    pub(super) fn parse(url: &str, scheme: &str, rest: &str, mut query: Query) -> Result<Self> {
        let (addresses, prefix) = place(url, scheme, rest)?;
        let plain = matches!(addresses, Etcd2Addresses::Http(_));
        if plain && let Some(name) = TLS_OPTIONS.iter().find(|name| query.has(name)) {
            let detail = format!("option `{name}` needs TLS: write `etcd2+tls://`");
            return Err(refuse(url, &detail));
        }
        let path = |value: Option<String>| value.map(PathBuf::from);
        let target = Self {
            addresses,
            prefix,
            consistency: consistency(url, &mut query)?,
            wait: query.take_duration(url, "wait")?,
            timeout: query.take_duration(url, "timeout")?,
            sync: query.take_duration(url, "sync")?,
            auth_file: path(query.take_text(url, "auth-file")?),
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

/// Where the servers are, and where the keys are on them.
fn place(url: &str, scheme: &str, rest: &str) -> Result<(Etcd2Addresses, Prefix)> {
    let Some(rest) = rest.strip_prefix("//") else {
        return match (scheme, rest) {
            ("etcd2", "") => Ok((Etcd2Addresses::Environment, Prefix::all())),
            _ => Err(refuse(url, &format!("write `{scheme}://…`"))),
        };
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        let detail = "it has a user name or password, which do not belong in a URL; use \
                      `auth-file=PATH` or ETCDCTL_USERNAME";
        return Err(refuse(url, detail));
    }
    let prefix = Prefix::new(query::decode(url, path)?);
    let prefix = prefix.map_err(|error| refuse(url, &error.to_string()))?;
    if scheme == "etcd2" && authority.is_empty() {
        return Ok((Etcd2Addresses::Environment, prefix));
    }
    if scheme == "etcd2+srv" {
        let is_domain = !authority.is_empty() && !authority.contains([':', ',', ' ']);
        if !is_domain {
            return Err(refuse(url, &format!("{authority:?} is no domain")));
        }
        return Ok((Etcd2Addresses::Srv(authority.to_owned()), prefix));
    }
    let hosts: Result<_> = authority
        .split(',')
        .map(|host| host_port(url, host, PORT))
        .collect();
    let addresses = match scheme {
        "etcd2" => Etcd2Addresses::Http(hosts?),
        _ => Etcd2Addresses::Https(hosts?),
    };
    Ok((addresses, prefix))
}

impl fmt::Display for Etcd2Target {
    /// The URL again, without its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.prefix.as_str().trim_end_matches('/');
        let hosts = match &self.addresses {
            Etcd2Addresses::Environment if path.is_empty() => return f.write_str("etcd2:"),
            Etcd2Addresses::Environment => {
                f.write_str("etcd2://")?;
                String::new()
            }
            Etcd2Addresses::Http(hosts) => {
                f.write_str("etcd2://")?;
                hosts.join(",")
            }
            Etcd2Addresses::Https(hosts) => {
                f.write_str("etcd2+tls://")?;
                hosts.join(",")
            }
            Etcd2Addresses::Srv(domain) => {
                f.write_str("etcd2+srv://")?;
                domain.clone()
            }
        };
        f.write_str(&hosts)?;
        if path.is_empty() {
            return Ok(());
        }
        write!(f, "/{}", encoded(path))
    }
}

/// A path as it stands in a URL.
fn encoded(path: &str) -> impl fmt::Display {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const SET: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');
    utf8_percent_encode(path, SET).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;
    use crate::target::Target;

    fn etcd2(url: &str) -> Etcd2Target {
        match Target::parse(url).unwrap() {
            Target::Etcd2(target) => *target,
            other => panic!("{url}: {other:?}"),
        }
    }

    fn invalid(url: &str, part: &str) {
        let error = Target::parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}: {error}");
        assert!(error.to_string().contains(part), "{url}: {error}");
    }

    #[test]
    fn it_has_hosts_and_a_directory() {
        let target = etcd2("etcd2://a,b:2,[::1]/apps/x");
        let hosts = ["a:2379", "b:2", "[::1]:2379"].map(str::to_owned);
        assert_eq!(target.addresses, Etcd2Addresses::Http(hosts.into()));
        assert_eq!(target.prefix.as_str(), "apps/x/");
        let target = etcd2("etcd2+tls://a/");
        assert_eq!(
            target.addresses,
            Etcd2Addresses::Https(vec!["a:2379".to_owned()])
        );
        assert_eq!(target.prefix, Prefix::all());
        let target = etcd2("etcd2+srv://example.com/apps");
        assert_eq!(target.addresses, Etcd2Addresses::Srv("example.com".into()));
        for url in ["etcd2:", "etcd2://", "etcd2:///x", "etcd2:?stale"] {
            assert_eq!(etcd2(url).addresses, Etcd2Addresses::Environment, "{url}");
        }
    }

    #[test]
    fn every_option_is_understood() {
        let target = etcd2(
            "etcd2+tls://a?consistency=stale&wait=30s&timeout=5s&sync=1m&auth-file=/a&ca=/ca\
             &ca-dir=/cas&cert=/c&key=/k&server-name=s&verify=false",
        );
        let path = |text: &str| Some(PathBuf::from(text));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(target.consistency, Consistency::Stale);
        assert_eq!(
            (target.wait, target.timeout, target.sync),
            (seconds(30), seconds(5), seconds(60))
        );
        assert_eq!((target.ca_file, target.ca_dir), (path("/ca"), path("/cas")));
        assert_eq!(target.auth_file, path("/a"));
        assert_eq!(
            (target.cert_file, target.key_file),
            (path("/c"), path("/k"))
        );
        assert_eq!(target.server_name.as_deref(), Some("s"));
        assert!(target.insecure);
    }

    #[test]
    fn what_is_wrong_is_named() {
        invalid("etcd2:a:2379", "write `etcd2://…`");
        invalid("etcd2+tls://", "has no host");
        invalid("etcd2+srv://", "is no domain");
        invalid("etcd2+srv://a:2379", "is no domain");
        invalid("etcd2://a//b", "'/'");
        invalid("etcd2://a?dc=x", "unknown option `dc`");
        invalid("etcd2://a?ca=/c", "needs TLS: write `etcd2+tls://`");
        invalid("etcd2+tls://a?cert=/c", "belong together");
        invalid("etcd2://ann:hunter2@a", "ETCDCTL_USERNAME");
        invalid("etcd2://a?password=hunter2", "auth-file");
    }

    #[test]
    fn it_is_shown_without_its_options_and_can_be_read_again() {
        for (url, shown) in [
            ("etcd2:", "etcd2:"),
            ("etcd2:///a%20b", "etcd2:///a%20b"),
            ("etcd2://a,b:1?stale", "etcd2://a:2379,b:1"),
            ("etcd2+srv://example.com", "etcd2+srv://example.com"),
            ("etcd2+tls://a/p%25/x/", "etcd2+tls://a:2379/p%25/x"),
        ] {
            assert_eq!(etcd2(url).to_string(), shown);
            assert_eq!(etcd2(shown).to_string(), shown);
        }
    }
}
