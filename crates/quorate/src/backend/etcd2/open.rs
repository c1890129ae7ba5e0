//! An etcd client, as a URL and the environment say.

use std::{env, fs};

use quorate_etcd::v2::{ClientBuilder, Timeouts, TlsOptions, Verify};

use super::{Etcd2Options, error, from_client};
use crate::backend::Backend;
use crate::builder::Settings;
use crate::target::{Etcd2Addresses, Etcd2Target};
use crate::{Error, Result};

/// Where the environment says the servers are, and the domain in which they are to be found.
const ADDRESSES: [&str; 3] = ["ETCDCTL_ENDPOINTS", "ETCDCTL_ENDPOINT", "ETCDCTL_PEERS"];
const DOMAIN: &str = "ETCDCTL_DISCOVERY_SRV";

/// Servers hold a call for 7 s while there is no leader.
const ATTEMPT: std::time::Duration = std::time::Duration::from_secs(10);

/// The backend that `target` names. No server is asked but those of the names in DNS.
pub(crate) async fn open(target: &Etcd2Target, settings: &Settings) -> Result<Backend> {
    let environment = |name: &str| env::var(name).ok();
    let domain = domain(target, settings, environment);
    let mut builder = client(target, settings, environment)?;
    if let Some(domain) = domain {
        let found = builder.discover(&domain).await;
        builder = found.map_err(|error| failed(error, target))?;
    }
    let client = builder.build().map_err(|error| failed(error, target))?;
    let options = Etcd2Options {
        prefix: target.prefix.clone(),
        consistency: target.consistency,
        poll: target.wait,
    };
    Ok(from_client(client, target.to_string(), &options))
}

fn failed(error: quorate_etcd::v2::Error, target: &Etcd2Target) -> Error {
    let url = target.to_string();
    error::from_native(error, format!("connect to `{url}`"), &url)
}

/// The domain whose servers are to be looked up.
fn domain(
    target: &Etcd2Target,
    settings: &Settings,
    environment: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let set = |name: &&str| environment(name).is_some_and(|value| !value.is_empty());
    match &target.addresses {
        Etcd2Addresses::Srv(domain) => Some(domain.clone()),
        Etcd2Addresses::Environment if settings.environment && !ADDRESSES.iter().any(set) => {
            environment(DOMAIN).filter(|domain| !domain.is_empty())
        }
        _ => None,
    }
}

/// The URL goes before the builder, and both before the environment.
fn client(
    target: &Etcd2Target,
    settings: &Settings,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder> {
    let operation = || format!("connect to `{target}`");
    if settings.token.is_some() || settings.token_file.is_some() {
        let detail = "etcd v2 has no tokens: it takes a name and a password, from `auth-file`, \
                      ETCDCTL_USERNAME or the builder";
        return Err(Error::unsupported(operation(), detail));
    }
    let srv = matches!(target.addresses, Etcd2Addresses::Srv(_));
    let lookup = |name: &str| match said(target, name) {
        // Looked up by whoever calls this.
        None if name == DOMAIN || (srv && ADDRESSES.contains(&name)) => None,
        None if settings.environment => environment(name),
        said => said,
    };
    let builder = ClientBuilder::from_vars(lookup);
    let mut builder = builder.map_err(|error| failed(error, target))?;
    builder = builder.change_tls(|tls| tls_of(target, tls));
    match (&target.auth_file, &settings.basic_auth) {
        (Some(path), _) => {
            let (name, password) = credentials(path).map_err(|detail| {
                let detail = format!("auth-file {}: {detail}", path.display());
                Error::invalid(operation(), detail)
            })?;
            builder = builder.basic_auth(name, password);
        }
        (None, Some((name, password))) => {
            builder = builder.basic_auth(name.clone(), password.clone());
        }
        (None, None) => {}
    }
    if let Some(every) = target.sync {
        builder = builder.sync_every(every);
    }
    Ok(builder.timeouts(clocks(target, settings)))
}

/// Whoever names a time means it, also where no server can be reached.
fn clocks(target: &Etcd2Target, settings: &Settings) -> Timeouts {
    let timeouts = Timeouts::default().with_attempt(ATTEMPT);
    match target.timeout.or(settings.timeout) {
        Some(timeout) => timeouts.with_overall(Some(timeout)),
        None => timeouts.with_reach(settings.reach),
    }
}

/// What the URL says, in the words of the environment.
fn said(target: &Etcd2Target, name: &str) -> Option<String> {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let listed = |scheme: &str, hosts: &[String]| {
        let urls = hosts.iter().map(|host| format!("{scheme}://{host}"));
        urls.collect::<Vec<_>>().join(",")
    };
    match name {
        "ETCDCTL_ENDPOINTS" => match &target.addresses {
            Etcd2Addresses::Environment | Etcd2Addresses::Srv(_) => None,
            Etcd2Addresses::Http(hosts) => Some(listed("http", hosts)),
            Etcd2Addresses::Https(hosts) => Some(listed("https", hosts)),
        },
        "ETCDCTL_CA_FILE" => path(&target.ca_file),
        "ETCDCTL_CERT_FILE" => path(&target.cert_file),
        "ETCDCTL_KEY_FILE" => path(&target.key_file),
        _ => None,
    }
}

/// What of TLS the environment has no words for.
fn tls_of(target: &Etcd2Target, mut tls: TlsOptions) -> TlsOptions {
    if let Some(directory) = &target.ca_dir {
        tls = tls.with_ca_dir(directory);
    }
    if let Some(name) = &target.server_name {
        tls = tls.with_server_name(name);
    }
    if target.insecure {
        tls = tls.with_verify(Verify::None);
    }
    tls
}

/// A file with `name:password` on its first line.
fn credentials(path: &std::path::Path) -> Result<(String, String), String> {
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let line = text.lines().next().unwrap_or_default();
    match line.split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), password.to_owned())),
        _ => Err("its first line is not `name:password`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;
    use crate::{Builder, ErrorKind};
    use quorate_etcd::v2::Client;

    fn target(builder: &Builder) -> Etcd2Target {
        match Target::parse(&builder.url).unwrap() {
            Target::Etcd2(target) => *target,
            other => panic!("{other:?}"),
        }
    }

    fn variable(variables: &[(&str, &str)], name: &str) -> Option<String> {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    }

    fn made(builder: &Builder, variables: &[(&str, &str)]) -> Result<Client> {
        let environment = |name: &str| variable(variables, name);
        let made = client(&target(builder), &builder.settings, environment)?;
        Ok(made.build()?)
    }

    #[test]
    fn a_domain_comes_from_the_url_or_the_environment() {
        let domain = |builder: Builder, variables: &[(&str, &str)]| {
            let environment = |name: &str| variable(variables, name);
            assert!(made(&builder, variables).is_ok(), "{}", builder.url);
            domain(&target(&builder), &builder.settings, environment)
        };
        let said = [(DOMAIN, "example.com")];
        let found = domain(Builder::new("etcd2+srv://a.b"), &said);
        assert_eq!(found.as_deref(), Some("a.b"));
        let found = domain(Builder::new("etcd2:"), &said);
        assert_eq!(found.as_deref(), Some("example.com"));
        assert_eq!(domain(Builder::new("etcd2://a"), &said), None);
        let alone = Builder::new("etcd2:").without_environment();
        assert_eq!(domain(alone, &said), None);
        let both = [(DOMAIN, "example.com"), ("ETCDCTL_PEERS", "http://a:1")];
        assert_eq!(domain(Builder::new("etcd2:"), &both), None);
    }

    #[test]
    fn the_url_says_where_and_the_environment_the_rest() {
        let variables = [
            ("ETCDCTL_ENDPOINTS", "http://elsewhere:1"),
            ("ETCDCTL_USERNAME", "ann:hunter2"),
        ];
        let client = made(&Builder::new("etcd2://a,b:2"), &variables).unwrap();
        assert_eq!(client.addresses(), ["http://a:2379", "http://b:2"]);
        let shown = format!("{client:?}");
        assert!(
            shown.contains("named: true") && !shown.contains("hunter2"),
            "{shown}"
        );
        let client = made(&Builder::new("etcd2:"), &variables).unwrap();
        assert_eq!(client.addresses(), ["http://elsewhere:1"]);
        let alone = Builder::new("etcd2+tls://a").without_environment();
        let client = made(&alone, &variables).unwrap();
        assert_eq!(client.addresses(), ["https://a:2379"]);
        assert!(format!("{client:?}").contains("named: false"));
    }

    #[test]
    fn a_name_and_password_come_from_a_file_or_the_builder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth");
        fs::write(&path, "ann:pass:word\n").unwrap();
        assert_eq!(
            credentials(&path).unwrap(),
            ("ann".to_owned(), "pass:word".to_owned())
        );
        let url = format!("etcd2://a?auth-file={}", path.display());
        assert!(format!("{:?}", made(&Builder::new(&url), &[]).unwrap()).contains("named: true"));
        fs::write(&path, "no colon").unwrap();
        let error = made(&Builder::new(&url), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(!error.to_string().contains("no colon"), "{error}");
        let builder = Builder::new("etcd2://a").basic_auth("ann", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        assert!(format!("{:?}", made(&builder, &[]).unwrap()).contains("named: true"));
    }

    #[test]
    fn a_token_is_refused_and_not_ignored() {
        let error = made(&Builder::new("etcd2://a").token("t"), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains("auth-file"), "{error}");
    }
}
