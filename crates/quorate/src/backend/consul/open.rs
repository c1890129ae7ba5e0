//! A Consul client, as a URL and the environment say.

use std::env;

use quorate_consul::{Client, ClientBuilder};

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
    if let Some(timeout) = target.timeout.or(settings.timeout) {
        builder = builder.timeouts(super::timeouts(timeout));
    }
    builder.build()
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
        "CONSUL_CACERT" => path(&target.ca_file),
        "CONSUL_CAPATH" => path(&target.ca_dir),
        "CONSUL_CLIENT_CERT" => path(&target.cert_file),
        "CONSUL_CLIENT_KEY" => path(&target.key_file),
        "CONSUL_TLS_SERVER_NAME" => target.server_name.clone(),
        "CONSUL_HTTP_SSL_VERIFY" => target.insecure.then(|| "false".to_owned()),
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
