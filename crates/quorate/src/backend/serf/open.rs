//! A Serf client, as a URL and the environment say.

use std::path::Path;
use std::{env, fs};

use quorate_net::secret::Secret;
use quorate_serf::{Client, ClientBuilder, Hosts, Timeouts};

use super::{error, from_client};
use crate::backend::Backend;
use crate::builder::Settings;
use crate::target::{SerfAddresses, SerfTarget};
use crate::{Error, Result};

/// The backend that `target` names. No agent is asked.
pub(crate) fn open(target: &SerfTarget, settings: &Settings) -> Result<Backend> {
    let url = target.to_string();
    let builder = builder(target, settings, |name| env::var(name).ok())?;
    let client: Result<Client, _> = builder.build();
    let operation = || format!("connect to `{target}`");
    let client = client.map_err(|error| error::from_native(error, operation(), &url))?;
    Ok(from_client(client, url))
}

fn builder(
    target: &SerfTarget,
    settings: &Settings,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder> {
    let operation = || format!("connect to `{target}`");
    if settings.basic_auth.is_some() {
        let detail = "Serf has no names and passwords: it takes a token, from `token-file`, \
                      SERF_RPC_AUTH or the builder";
        return Err(Error::unsupported(operation(), detail));
    }
    let said = |name| settings.environment.then(|| environment(name)).flatten();
    let list = match &target.addresses {
        SerfAddresses::Tcp(hosts) => hosts.join(","),
        SerfAddresses::Environment => said("SERF_RPC_ADDR").unwrap_or_default(),
    };
    let hosts: Result<Hosts, _> = list.parse();
    let hosts = hosts.map_err(|error| Error::invalid(operation(), error.to_string()))?;
    let mut builder = Client::builder()
        .hosts(hosts)
        .timeouts(clocks(target, settings));
    let file = |path: &Path| {
        let read = fs::read_to_string(path);
        let text = read.map_err(|error| {
            let detail = format!("token-file {}: {error}", path.display());
            Error::invalid(operation(), detail)
        })?;
        Ok::<_, Error>(Secret::from(text.lines().next().unwrap_or_default()))
    };
    let token = match (&target.token_file, &settings.token, &settings.token_file) {
        (Some(path), _, _) | (None, None, Some(path)) => Some(file(path)?),
        (None, Some(token), _) => Some(token.clone()),
        (None, None, None) => said("SERF_RPC_AUTH").map(Secret::from),
    };
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        builder = builder.auth_key(token);
    }
    Ok(builder)
}

/// Whoever names a time means it, also where no agent can be reached.
fn clocks(target: &SerfTarget, settings: &Settings) -> Timeouts {
    let timeouts = ClientBuilder::default_timeouts();
    match target.timeout.or(settings.timeout) {
        Some(timeout) => timeouts.with_overall(Some(timeout)),
        None => timeouts.with_reach(settings.reach),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use crate::target::Target;
    use crate::{Builder, ErrorKind};

    fn built(builder: &Builder, variables: &[(&str, &str)]) -> Result<String> {
        let Target::Serf(target) = Target::parse(&builder.url).unwrap() else {
            panic!("{}", builder.url);
        };
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let native = super::builder(&target, &builder.settings, environment)?;
        let client = native.build().unwrap();
        let hosts: Vec<String> = client.hosts().map(|host| format!("{host:?}")).collect();
        Ok(hosts.join(" "))
    }

    #[test]
    fn the_url_says_where_and_the_environment_the_rest() {
        let variables = [
            ("SERF_RPC_ADDR", "elsewhere:1"),
            ("SERF_RPC_AUTH", "hunter2"),
        ];
        let shown = built(&Builder::new("serf://a,b:2"), &variables).unwrap();
        assert!(shown.contains("a:7373") && shown.contains("b:2"), "{shown}");
        assert!(
            shown.contains("Some(Secret") && !shown.contains("hunter2"),
            "{shown}"
        );
        let shown = built(&Builder::new("serf:"), &variables).unwrap();
        assert!(shown.contains("elsewhere:1"), "{shown}");
        let alone = Builder::new("serf:").without_environment();
        let shown = built(&alone, &variables).unwrap();
        assert!(
            shown.contains("127.0.0.1:7373") && shown.contains("None"),
            "{shown}"
        );
    }

    #[test]
    fn a_token_comes_from_a_file_or_the_builder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "s3cret\n").unwrap();
        let url = format!("serf://a?token-file={}", path.display());
        assert!(
            built(&Builder::new(&url), &[])
                .unwrap()
                .contains("Some(Secret")
        );
        assert!(
            built(&Builder::new("serf://a").token("t"), &[])
                .unwrap()
                .contains("Some(Secret")
        );
        let error = built(&Builder::new("serf://a").token_file("/nowhere"), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let error = built(&Builder::new("serf://a").basic_auth("n", "p"), &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
}
