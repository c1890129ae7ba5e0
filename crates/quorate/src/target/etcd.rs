//! `etcd://…` and `etcd2://…`.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::host::host_ports;
use super::query::{self, Query};
use super::refuse;
use super::tls::{self, TlsTarget};
use crate::{Consistency, Prefix, Result};

/// Where an etcd is, and how it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EtcdTarget {
    /// Which of its APIs.
    pub api: EtcdApi,
    /// Where it is.
    pub addresses: EtcdAddresses,
    /// What all keys are beneath: the path of the URL.
    pub prefix: Prefix,
    /// Of v3: keys begin with a slash on etcd, as in `etcd://HOST//PATH`. On v2 all do.
    pub rooted: bool,
    /// `consistency`: how fresh reads are unless a call says otherwise.
    pub consistency: Consistency,
    /// `wait`, of v2: how long one poll of a watch waits.
    pub wait: Option<Duration>,
    /// `timeout`: how long a call may take with all of its attempts.
    pub timeout: Option<Duration>,
    /// `sync`: how often the members are looked up, to use their addresses too.
    pub sync: Option<Duration>,
    /// `auth-file`: a file with `name:password`.
    pub auth_file: Option<PathBuf>,
    /// Whom to trust and who to be.
    pub tls: TlsTarget,
}

/// An API of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EtcdApi {
    /// HTTP and JSON, up to etcd 3.5: `etcd2:`.
    V2,
    /// gRPC: `etcd:`.
    V3,
}

impl EtcdApi {
    /// The scheme of its URLs.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::V2 => "etcd2",
            Self::V3 => "etcd",
        }
    }
}

/// Where the members of an etcd cluster listen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EtcdAddresses {
    /// Where `ETCDCTL_ENDPOINTS` and its family say.
    Environment,
    /// `host:port`, in the order in which they are tried, without TLS.
    Http(Vec<String>),
    /// `host:port`, in the order in which they are tried, with TLS.
    Https(Vec<String>),
    /// Where the DNS SRV records of this domain say. Of v2 they are looked up once, when it is
    /// opened; of v3 before the first call, every 60 s after that, and when no server was reached.
    Srv(String),
}

const OPTIONS: [&str; 5] = ["consistency", "stale", "timeout", "sync", "auth-file"];
const PORT: u16 = 2379;

impl EtcdTarget {
    pub(super) fn parse(url: &str, scheme: &str, rest: &str, mut query: Query) -> Result<Self> {
        let api = match scheme.split('+').next() {
            Some("etcd2") => EtcdApi::V2,
            _ => EtcdApi::V3,
        };
        let Place {
            addresses,
            prefix,
            rooted,
        } = place(url, api, scheme, rest)?;
        let with_tls = format!("{}+tls", api.scheme());
        let plain = matches!(addresses, EtcdAddresses::Http(_)).then_some(with_tls.as_str());
        let wait = match api {
            EtcdApi::V2 => query.take_duration(url, "wait")?,
            EtcdApi::V3 => None,
        };
        let target = Self {
            api,
            addresses,
            prefix,
            rooted,
            consistency: query.take_consistency(url)?,
            wait,
            timeout: query.take_duration(url, "timeout")?,
            sync: query.take_duration(url, "sync")?,
            auth_file: query.take_path(url, "auth-file")?,
            tls: TlsTarget::take(url, &mut query, plain)?,
        };
        let own = (api == EtcdApi::V2).then_some("wait");
        let known = OPTIONS.into_iter().chain(own).chain(tls::OPTIONS);
        query.finish(url, &known.collect::<Vec<_>>())?;
        Ok(target)
    }
}

/// Where the servers are, and where the keys are on them.
struct Place {
    addresses: EtcdAddresses,
    prefix: Prefix,
    rooted: bool,
}

fn place(url: &str, api: EtcdApi, scheme: &str, rest: &str) -> Result<Place> {
    let bare = scheme == api.scheme();
    let Some(rest) = rest.strip_prefix("//") else {
        return match rest {
            "" if bare => Ok(Place {
                addresses: EtcdAddresses::Environment,
                prefix: Prefix::all(),
                rooted: false,
            }),
            _ => Err(refuse(url, &format!("write `{scheme}://…`"))),
        };
    };
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    if authority.contains('@') {
        let detail = "it has a user name or password, which do not belong in a URL; use \
                      `auth-file=PATH` or ETCDCTL_USER";
        return Err(refuse(url, detail));
    }
    let rooted = api == EtcdApi::V3 && path.starts_with('/');
    let path = if rooted { &path[1..] } else { path };
    let prefix = Prefix::new(query::decode(url, path)?);
    Ok(Place {
        addresses: addresses(url, bare, scheme, authority)?,
        prefix: prefix.map_err(|error| refuse(url, &error.to_string()))?,
        rooted,
    })
}

fn addresses(url: &str, bare: bool, scheme: &str, authority: &str) -> Result<EtcdAddresses> {
    if bare && authority.is_empty() {
        return Ok(EtcdAddresses::Environment);
    }
    if scheme.ends_with("+srv") {
        let is_domain = !authority.is_empty() && !authority.contains([':', ',', ' ']);
        if !is_domain {
            return Err(refuse(url, &format!("{authority:?} is no domain")));
        }
        return Ok(EtcdAddresses::Srv(authority.to_owned()));
    }
    let hosts = host_ports(url, authority, PORT)?;
    Ok(if bare {
        EtcdAddresses::Http(hosts)
    } else {
        EtcdAddresses::Https(hosts)
    })
}

impl fmt::Display for EtcdTarget {
    /// The URL again, without its options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, path) = (self.api.scheme(), self.prefix.as_str());
        let path = path.trim_end_matches('/');
        let (kind, hosts) = match &self.addresses {
            EtcdAddresses::Environment if path.is_empty() && !self.rooted => {
                return write!(f, "{scheme}:");
            }
            EtcdAddresses::Environment => ("", String::new()),
            EtcdAddresses::Http(hosts) => ("", hosts.join(",")),
            EtcdAddresses::Https(hosts) => ("+tls", hosts.join(",")),
            EtcdAddresses::Srv(domain) => ("+srv", domain.clone()),
        };
        write!(f, "{scheme}{kind}://{hosts}")?;
        match (self.rooted, path) {
            (true, path) => write!(f, "//{}", encoded(path)),
            (false, "") => Ok(()),
            (false, path) => write!(f, "/{}", encoded(path)),
        }
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

    fn etcd(url: &str) -> EtcdTarget {
        match Target::parse(url).unwrap() {
            Target::Etcd2(target) if target.api == EtcdApi::V2 => *target,
            Target::Etcd3(target) if target.api == EtcdApi::V3 => *target,
            other => panic!("{url}: {other:?}"),
        }
    }

    fn invalid(url: &str, part: &str) {
        let error = Target::parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{url}: {error}");
        assert!(error.to_string().contains(part), "{url}: {error}");
    }

    /// The same of both APIs.
    fn both(url: &str) -> [String; 2] {
        ["etcd", "etcd2"].map(|scheme| url.replace("etcd", scheme))
    }

    #[test]
    fn it_has_hosts_and_a_place_for_the_keys() {
        for url in both("etcd://a,b:2,[::1]/apps/x") {
            let target = etcd(&url);
            let hosts = ["a:2379", "b:2", "[::1]:2379"].map(str::to_owned);
            assert_eq!(target.addresses, EtcdAddresses::Http(hosts.into()));
            assert_eq!(target.prefix.as_str(), "apps/x/");
        }
        for url in both("etcd+tls://a/") {
            let target = etcd(&url);
            let hosts = vec!["a:2379".to_owned()];
            assert_eq!(target.addresses, EtcdAddresses::Https(hosts));
            assert_eq!(target.prefix, Prefix::all());
        }
        for url in both("etcd+srv://example.com/apps") {
            let domain = EtcdAddresses::Srv("example.com".into());
            assert_eq!(etcd(&url).addresses, domain);
        }
        for url in ["etcd:", "etcd://", "etcd:///x", "etcd:?stale"] {
            for url in both(url) {
                assert_eq!(etcd(&url).addresses, EtcdAddresses::Environment, "{url}");
            }
        }
    }

    #[test]
    fn keys_of_v3_may_begin_with_a_slash() {
        let target = etcd("etcd://a//registry/pods");
        assert!(target.rooted && target.prefix.as_str() == "registry/pods/");
        assert!(etcd("etcd://a//").rooted && !etcd("etcd://a/").rooted);
        invalid("etcd://a///b", "'/'");
        invalid("etcd2://a//b", "'/'");
    }

    #[test]
    fn every_option_is_understood() {
        let path = |text: &str| Some(PathBuf::from(text));
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        for url in both(
            "etcd+tls://a?consistency=stale&timeout=5s&sync=1m&auth-file=/a&ca=/ca\
             &ca-dir=/cas&cert=/c&key=/k&server-name=s&verify=false",
        ) {
            let target = etcd(&url);
            assert_eq!(target.consistency, Consistency::Stale);
            assert_eq!((target.timeout, target.sync), (seconds(5), seconds(60)));
            assert_eq!(target.auth_file, path("/a"));
            let tls = target.tls;
            assert_eq!((&tls.ca_file, &tls.ca_dir), (&path("/ca"), &path("/cas")));
            assert_eq!((&tls.cert_file, &tls.key_file), (&path("/c"), &path("/k")));
            assert_eq!(tls.server_name.as_deref(), Some("s"));
            assert!(tls.insecure);
        }
        assert_eq!(etcd("etcd2://a?wait=30s").wait, seconds(30));
        invalid("etcd://a?wait=30s", "unknown option `wait`");
    }

    #[test]
    fn what_is_wrong_is_named() {
        invalid("etcd2:a:2379", "write `etcd2://…`");
        invalid("etcd:a:2379", "write `etcd://…`");
        invalid("etcd2+tls:", "write `etcd2+tls://…`");
        for url in both("etcd+tls://") {
            invalid(&url, "has no host");
        }
        for url in both("etcd+srv://")
            .into_iter()
            .chain(both("etcd+srv://a:2379"))
        {
            invalid(&url, "is no domain");
        }
        invalid("etcd2://a?ca=/c", "needs TLS: write `etcd2+tls://`");
        invalid("etcd://a?ca=/c", "needs TLS: write `etcd+tls://`");
        for url in both("etcd://a?dc=x") {
            invalid(&url, "unknown option `dc`; known are consistency, stale");
        }
        for url in both("etcd+tls://a?cert=/c") {
            invalid(&url, "belong together");
        }
        for url in both("etcd://ann:hunter2@a") {
            invalid(&url, "ETCDCTL_USER");
        }
        for url in both("etcd://a?password=hunter2") {
            invalid(&url, "auth-file");
        }
    }

    #[test]
    fn it_is_shown_without_its_options_and_can_be_read_again() {
        for (url, shown) in [
            ("etcd:", "etcd:"),
            ("etcd:///a%20b", "etcd:///a%20b"),
            ("etcd://a,b:1?stale", "etcd://a:2379,b:1"),
            ("etcd+srv://example.com", "etcd+srv://example.com"),
            ("etcd+tls://a/p%25/x/", "etcd+tls://a:2379/p%25/x"),
        ] {
            for (url, shown) in both(url).into_iter().zip(both(shown)) {
                assert_eq!(etcd(&url).to_string(), shown);
                assert_eq!(etcd(&shown).to_string(), shown);
            }
        }
        for shown in ["etcd://a:2379//", "etcd:////x", "etcd+tls://a:1//x/y"] {
            assert_eq!(etcd(shown).to_string(), shown);
        }
    }
}
