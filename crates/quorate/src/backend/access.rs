//! How an etcd is reached and who we are there: as URL, builder and environment say, in this order.

use std::fs;
use std::path::Path;
use std::time::Duration;

use quorate_etcd::Environment;
use quorate_etcd::v2::discovery::{self, SystemResolver};
use quorate_net::deadline::Timeouts;
use quorate_net::secret::Secret;
use quorate_net::tls::TlsOptions;

use super::etcd2::error::from_native;
use crate::builder::Settings;
use crate::target::{EtcdAddresses, EtcdTarget};
use crate::{Error, ErrorKind, Result};

/// What a client of either API is built with.
#[derive(Debug)]
pub(super) struct Access {
    /// Where the servers are; the client's default if it is empty.
    pub(super) addresses: Vec<String>,
    /// The domain in which they are to be looked up.
    pub(super) domain: Option<String>,
    pub(super) user: Option<(String, Secret)>,
    pub(super) tls: TlsOptions,
    pub(super) timeouts: Timeouts,
    pub(super) sync: Option<Duration>,
}

impl Access {
    /// As it is said, with `timeouts` where nobody says anything.
    pub(super) fn new(
        target: &EtcdTarget,
        settings: &Settings,
        timeouts: Timeouts,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        let operation = || format!("connect to `{target}`");
        if settings.token.is_some() || settings.token_file.is_some() {
            let detail = "etcd has no tokens: it takes a name and a password, from `auth-file`, \
                          ETCDCTL_USER or the builder";
            return Err(Error::unsupported(operation(), detail));
        }
        let lookup = |name: &str| match said(target, name) {
            None if settings.environment => environment(name),
            said => said,
        };
        let found = Environment::from_vars(lookup);
        let found = found.map_err(|error| Error::invalid(operation(), error.to_string()))?;
        let (addresses, domain) = match &target.addresses {
            EtcdAddresses::Http(hosts) => (listed("http", hosts), None),
            EtcdAddresses::Https(hosts) => (listed("https", hosts), None),
            EtcdAddresses::Srv(domain) => (Vec::new(), Some(domain.clone())),
            EtcdAddresses::Environment => (found.addresses, found.domain),
        };
        let user = match (&target.auth_file, &settings.basic_auth) {
            (Some(path), _) => Some(credentials(path).map_err(|detail| {
                let detail = format!("auth-file {}: {detail}", path.display());
                Error::invalid(operation(), detail)
            })?),
            (None, Some(user)) => Some(user.clone()),
            (None, None) => found.user,
        };
        Ok(Self {
            addresses,
            domain,
            user,
            tls: target.tls.over(found.tls),
            timeouts: clocks(target, settings, timeouts),
            sync: target.sync,
        })
    }

    /// Looks the servers up, if it is said where: in DNS, now and not again.
    pub(super) async fn discover(&mut self, target: &EtcdTarget) -> Result<()> {
        let Some(domain) = &self.domain else {
            return Ok(());
        };
        let (url, operation) = (target.to_string(), format!("connect to `{target}`"));
        let resolver = SystemResolver::new().map_err(|error| {
            let detail = "the name servers of this system can't be read";
            let error =
                Error::new(ErrorKind::Unavailable, operation.as_str(), detail).with_source(error);
            error.with_target(url.as_str())
        })?;
        let found = discovery::addresses(&resolver, domain).await;
        self.addresses = found.map_err(|error| from_native(error, operation, &url))?;
        Ok(())
    }
}

/// Whoever names a time means it, also where no server can be reached.
fn clocks(target: &EtcdTarget, settings: &Settings, timeouts: Timeouts) -> Timeouts {
    match target.timeout.or(settings.timeout) {
        Some(timeout) => timeouts.with_overall(Some(timeout)),
        None => timeouts.with_reach(settings.reach),
    }
}

fn listed(scheme: &str, hosts: &[String]) -> Vec<String> {
    let urls = hosts.iter().map(|host| format!("{scheme}://{host}"));
    urls.collect()
}

/// What the URL says of what the environment might say otherwise.
fn said(target: &EtcdTarget, name: &str) -> Option<String> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    match name {
        "ETCDCTL_CA_FILE" => path(&target.tls.ca_file),
        "ETCDCTL_CERT_FILE" => path(&target.tls.cert_file),
        "ETCDCTL_KEY_FILE" => path(&target.tls.key_file),
        _ => None,
    }
}

/// A file with `name:password` on its first line.
fn credentials(path: &Path) -> Result<(String, Secret), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let line = text.lines().next().unwrap_or_default();
    match line.split_once(':') {
        Some((name, password)) if !name.is_empty() => {
            Ok((name.to_owned(), Secret::from(password.to_owned())))
        }
        _ => Err("its first line is not `name:password`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Builder;
    use crate::target::Target;

    fn access(builder: &Builder, variables: &[(&str, &str)]) -> Result<Access> {
        let target = match Target::parse(&builder.url).unwrap() {
            Target::Etcd2(target) | Target::Etcd3(target) => *target,
            other => panic!("{other:?}"),
        };
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Access::new(&target, &builder.settings, Timeouts::default(), environment)
    }

    fn user(access: &Access) -> Option<(&str, &str)> {
        let user = access.user.as_ref();
        user.map(|(name, password)| (name.as_str(), password.expose()))
    }

    #[test]
    fn a_domain_comes_from_the_url_or_the_environment() {
        let domain = |builder: Builder, variables: &[(&str, &str)]| {
            access(&builder, variables).unwrap().domain
        };
        let said = [("ETCDCTL_DISCOVERY_SRV", "example.com")];
        let found = domain(Builder::new("etcd2+srv://a.b"), &said);
        assert_eq!(found.as_deref(), Some("a.b"));
        let found = domain(Builder::new("etcd:"), &said);
        assert_eq!(found.as_deref(), Some("example.com"));
        assert_eq!(domain(Builder::new("etcd://a"), &said), None);
        let alone = Builder::new("etcd2:").without_environment();
        assert_eq!(domain(alone, &said), None);
        let both = [said[0], ("ETCDCTL_PEERS", "http://a:1")];
        assert_eq!(domain(Builder::new("etcd2:"), &both), None);
    }

    #[test]
    fn the_url_says_where_and_the_environment_the_rest() {
        let variables = [
            ("ETCDCTL_ENDPOINTS", "http://elsewhere:1"),
            ("ETCDCTL_USER", "ann:hunter2"),
            ("ETCDCTL_CACERT", "/ca"),
        ];
        let found = access(&Builder::new("etcd://a,b:2"), &variables).unwrap();
        assert_eq!(found.addresses, ["http://a:2379", "http://b:2"]);
        assert_eq!(user(&found), Some(("ann", "hunter2")));
        assert!(!format!("{found:?}").contains("hunter2"));
        let found = access(&Builder::new("etcd:"), &variables).unwrap();
        assert_eq!(found.addresses, ["http://elsewhere:1"]);
        assert_eq!(found.tls.ca_file.as_deref(), Some(Path::new("/ca")));
        let alone = Builder::new("etcd+tls://a?ca=/mine").without_environment();
        let found = access(&alone, &variables).unwrap();
        assert_eq!(found.addresses, ["https://a:2379"]);
        assert_eq!(found.tls.ca_file.as_deref(), Some(Path::new("/mine")));
        assert_eq!(user(&found), None);
    }

    #[test]
    fn a_certificate_of_the_url_stands_for_half_of_one_in_the_environment() {
        let half = [("ETCDCTL_CERT_FILE", "/c")];
        let error = access(&Builder::new("etcd+tls://a"), &half).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let whole = Builder::new("etcd+tls://a?cert=/mine&key=/k");
        let found = access(&whole, &half).unwrap();
        let cert = found.tls.client_cert_file.as_deref();
        assert_eq!(cert, Some(Path::new("/mine")));
    }

    #[test]
    fn a_name_and_password_come_from_a_file_or_the_builder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth");
        fs::write(&path, "ann:pass:word\n").unwrap();
        let url = format!("etcd://a?auth-file={}", path.display());
        let both = Builder::new(&url).basic_auth("bob", "x");
        let found = access(&both, &[]).unwrap();
        assert_eq!(user(&found), Some(("ann", "pass:word")));
        fs::write(&path, "no colon").unwrap();
        let error = access(&Builder::new(&url), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(!error.to_string().contains("no colon"), "{error}");
        let builder = Builder::new("etcd2://a").basic_auth("ann", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        let found = access(&builder, &[("ETCDCTL_USER", "bob:x")]).unwrap();
        assert_eq!(user(&found), Some(("ann", "hunter2")));
    }

    #[test]
    fn times_of_the_url_go_before_those_of_the_builder() {
        let seconds = Duration::from_secs;
        let clocks = |builder: Builder| {
            let timeouts = access(&builder, &[]).unwrap().timeouts;
            (timeouts.overall, timeouts.reach)
        };
        let at = |url: &str| Builder::new(url).reach(seconds(2));
        assert_eq!(clocks(at("etcd://a")).1, Some(seconds(2)));
        let named = (Some(seconds(9)), None);
        assert_eq!(clocks(at("etcd://a").timeout(seconds(9))), named);
        let both = at("etcd://a?timeout=9s").timeout(seconds(3));
        assert_eq!(clocks(both), named);
    }

    #[test]
    fn a_token_is_refused_and_not_ignored() {
        let error = access(&Builder::new("etcd://a").token("t"), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("auth-file"), "{error}");
    }
}
