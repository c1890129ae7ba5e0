//! A Consul client, as a URL and the environment say.

use std::env;

use quorate_consul::{Client, ClientBuilder, Timeouts};

use super::{ConsulOptions, error, from_client};
use crate::Result;
use crate::backend::Backend;
use crate::builder::Settings;
use crate::target::{ConsulAddresses, ConsulTarget};

/// The backend that `target` names. Nothing is sent.
pub(crate) fn open(target: &ConsulTarget, settings: &Settings) -> Result<Backend> {
    let url = target.to_string();
    let client = client(target, settings, |name| env::var(name).ok())
        .map_err(|error| error::from_native(error, format!("connect to `{url}`"), &url))?;
    let options = ConsulOptions::default().with_consistency(target.consistency);
    Ok(from_client(client, url, &options))
}

/// The URL goes before the builder, and both before the environment.
fn client(
    target: &ConsulTarget,
    settings: &Settings,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Client, quorate_consul::Error> {
    let lookup = |name: &str| match said(target, settings, name) {
        Said::Nothing if settings.environment => environment(name),
        Said::Nothing | Said::Unset => None,
        Said::Value(value) => Some(value),
    };
    let mut builder = ClientBuilder::from_vars(lookup)?;
    if let (None, Some(token)) = (&target.token_file, &settings.token) {
        builder = builder.token(token.clone());
    }
    if let Some(wait) = target.wait {
        builder = builder.default_wait(wait);
    }
    builder.timeouts(clocks(target, settings)).build()
}

/// Whoever names a time means it, also where no server can be reached.
fn clocks(target: &ConsulTarget, settings: &Settings) -> Timeouts {
    match target.timeout.or(settings.timeout) {
        Some(timeout) => super::timeouts(Some(timeout)),
        None => super::timeouts(None).with_reach(settings.reach),
    }
}

/// What URL and builder say of a setting.
enum Said {
    Nothing,
    Unset,
    Value(String),
}

fn said(target: &ConsulTarget, settings: &Settings, name: &str) -> Said {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let value = match name {
        "CONSUL_HTTP_ADDR" => addresses(&target.addresses),
        // The scheme of the URL has said that already.
        "CONSUL_HTTP_SSL" if target.addresses != ConsulAddresses::Environment => {
            return Said::Unset;
        }
        "CONSUL_HTTP_TOKEN_FILE" => path(&target.token_file).or_else(|| path(&settings.token_file)),
        "CONSUL_DATACENTER" => target.datacenter.clone(),
        "CONSUL_CACERT" => path(&target.tls.ca_file),
        "CONSUL_CAPATH" => path(&target.tls.ca_dir),
        "CONSUL_CLIENT_CERT" => path(&target.tls.cert_file),
        "CONSUL_CLIENT_KEY" => path(&target.tls.key_file),
        "CONSUL_TLS_SERVER_NAME" => target.tls.server_name.clone(),
        "CONSUL_HTTP_SSL_VERIFY" => target.tls.insecure.then(|| "false".to_owned()),
        _ => None,
    };
    value.map_or(Said::Nothing, Said::Value)
}

fn addresses(addresses: &ConsulAddresses) -> Option<String> {
    let listed = |scheme: &str, hosts: &[String]| {
        hosts
            .iter()
            .map(|host| format!("{scheme}://{host}"))
            .collect::<Vec<_>>()
            .join(",")
    };
    match addresses {
        ConsulAddresses::Environment => None,
        ConsulAddresses::Http(hosts) => Some(listed("http", hosts)),
        ConsulAddresses::Https(hosts) => Some(listed("https", hosts)),
        ConsulAddresses::Unix(path) => Some(format!("unix://{}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Builder;
    use crate::target::Target;

    fn shown(builder: &Builder, variables: &[(&str, &str)]) -> String {
        let Target::Consul(target) = Target::parse(&builder.url).unwrap() else {
            panic!("{}", builder.url)
        };
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        format!("{:?}", client(&target, &builder.settings, find).unwrap())
    }

    #[test]
    fn the_url_says_where_and_the_environment_the_rest() {
        let variables = [
            ("CONSUL_HTTP_ADDR", "elsewhere:1"),
            ("CONSUL_HTTP_SSL", "true"),
            ("CONSUL_DATACENTER", "dc9"),
        ];
        let text = shown(&Builder::new("consul://a,b:2"), &variables);
        assert!(
            text.contains("http://a:8500") && text.contains("http://b:2"),
            "{text}"
        );
        assert!(
            text.contains("dc9") && !text.contains("elsewhere"),
            "{text}"
        );
        let text = shown(&Builder::new("consul://a?dc=dc2"), &variables);
        assert!(text.contains("dc2") && !text.contains("dc9"), "{text}");
        let text = shown(&Builder::new("consul:"), &variables);
        assert!(text.contains("https://elsewhere:1"), "{text}");
        let text = shown(
            &Builder::new("consul://a").without_environment(),
            &variables,
        );
        assert!(!text.contains("dc9"), "{text}");
    }

    #[test]
    fn a_token_comes_from_the_url_then_the_builder_then_the_environment() {
        let variables = [("CONSUL_HTTP_TOKEN_FILE", "/env")];
        let text = shown(&Builder::new("consul://a"), &variables);
        assert!(text.contains("/env"), "{text}");
        let text = shown(
            &Builder::new("consul://a").token_file("/builder"),
            &variables,
        );
        assert!(
            text.contains("/builder") && !text.contains("/env"),
            "{text}"
        );
        let builder = Builder::new("consul://a?token-file=/url").token_file("/builder");
        let text = shown(&builder.token("hunter2"), &variables);
        assert!(
            text.contains("/url") && !text.contains("/builder"),
            "{text}"
        );
        let text = shown(&Builder::new("consul://a").token("hunter2"), &variables);
        assert!(
            !text.contains("/env") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn a_unix_socket_is_an_address_too() {
        let text = shown(&Builder::new("consul+unix:///run/c.sock"), &[]);
        assert!(text.contains("unix:///run/c.sock"), "{text}");
    }

    #[test]
    fn a_builder_does_not_print_its_token() {
        let builder = Builder::new("consul://a").token("hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
    }

    #[test]
    fn the_reach_counts_unless_a_time_is_named() {
        let seconds = std::time::Duration::from_secs;
        let clocks = |builder: Builder| {
            let Target::Consul(target) = Target::parse(&builder.url).unwrap() else {
                panic!("{}", builder.url)
            };
            let clocks = clocks(&target, &builder.settings);
            (clocks.overall, clocks.reach)
        };
        let at = |url: &str| Builder::new(url).reach(seconds(2));
        assert_eq!(
            clocks(Builder::new("consul://a")),
            (Some(seconds(15)), None)
        );
        assert_eq!(
            clocks(at("consul://a")),
            (Some(seconds(15)), Some(seconds(2)))
        );
        let named = (Some(seconds(9)), None);
        assert_eq!(clocks(at("consul://a").timeout(seconds(9))), named);
        assert_eq!(clocks(at("consul://a?timeout=9s")), named);
    }
}
