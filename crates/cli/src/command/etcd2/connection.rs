//! From what was typed to a client.

use std::env;
use std::time::Duration;

use quorate_etcd::v2::{Client, ClientBuilder, Timeouts, TlsOptions};

use super::password;
use crate::args::etcd2::connection::ConnectionArgs;
use crate::config::Config;
use crate::failure::Failure;

/// Where etcdctl looks, if nothing is said.
const ENDPOINTS: &str = "ETCDCTL_ENDPOINTS";
/// For how long a server is tried that can't be reached: somebody waits at the shell.
const REACH: Duration = Duration::from_secs(2);
/// Servers hold a call for about 7 s while they have no leader, and then say so.
const ATTEMPT: Duration = Duration::from_secs(10);
/// What `--at` is where nobody says anything.
const NOWHERE: &str = "embedded:";

/// Which servers were named.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Servers {
    /// Addresses as the client takes them.
    Listed(String),
    /// Nothing was said.
    Default,
}

/// A client of the servers that were named. Nothing is sent unless `--sync` was given.
pub(super) async fn open(config: &Config, args: &ConnectionArgs) -> Result<Client, Failure> {
    if config.token_file.is_some() {
        let why = "--token-file is for consul://: etcd knows users and passwords";
        return Err(Failure::usage(why).with_next("quorate etcd2 --username NAME …"));
    }
    let named = env::var(ENDPOINTS).ok().filter(|list| !list.is_empty());
    let mut builder = Client::builder();
    if let Servers::Listed(list) = servers(config, args, named)? {
        builder = builder.address(&list);
    }
    let client = build(config, args, builder).await?;
    if args.sync && !args.no_sync {
        client.sync().await?;
    }
    Ok(client)
}

async fn build(
    config: &Config,
    args: &ConnectionArgs,
    builder: ClientBuilder,
) -> Result<Client, Failure> {
    let mut builder = builder.timeouts(timeouts(config.timeout, args.total_timeout));
    if let Some(tls) = tls(args) {
        builder = builder.tls(tls);
    }
    if let Some(user) = &args.username {
        let (name, password) = password::of_user(user, args.password_file.as_deref()).await?;
        builder = builder.basic_auth(name, password);
    }
    Ok(builder.build()?)
}

fn servers(
    config: &Config,
    args: &ConnectionArgs,
    named: Option<String>,
) -> Result<Servers, Failure> {
    if let Some(list) = &args.endpoints {
        return Ok(Servers::Listed(list.clone()));
    }
    if let Some(list) = listed(&config.at) {
        return Ok(Servers::Listed(list));
    }
    match named {
        Some(list) if !config.at_given => Ok(Servers::Listed(list)),
        None if !config.at_given && config.at == NOWHERE => Ok(Servers::Default),
        _ => Err(
            Failure::usage(format!("{} is no etcd with the v2 API", config.target()))
                .with_next("quorate etcd2 --endpoints http://127.0.0.1:2379 …"),
        ),
    }
}

/// The addresses in a URL of an etcd.
fn listed(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let prefix = match scheme {
        "etcd2" => "http",
        "etcd2+tls" => "https",
        _ => return None,
    };
    let hosts = rest.split(['/', '?']).next().unwrap_or_default();
    let hosts = hosts.split(',').map(|host| format!("{prefix}://{host}"));
    Some(hosts.collect::<Vec<_>>().join(","))
}

fn timeouts(timeout: Option<Duration>, total: Option<Duration>) -> Timeouts {
    let timeouts = Timeouts::default()
        .with_attempt(timeout.unwrap_or(ATTEMPT))
        .with_reach(Some(REACH));
    match total.or(timeout) {
        Some(overall) => timeouts.with_overall(Some(overall)),
        None => timeouts,
    }
}

fn tls(args: &ConnectionArgs) -> Option<TlsOptions> {
    let mut tls = None;
    if let Some(path) = &args.ca_file {
        tls = Some(TlsOptions::default().with_ca_file(path));
    }
    if let (Some(cert), Some(key)) = (&args.cert_file, &args.key_file) {
        tls = Some(tls.unwrap_or_default().with_client_files(cert, key));
    }
    tls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Output};
    use crate::view::Screen;
    use clap::Parser as _;

    fn found(line: &str, named: Option<&str>) -> Option<Servers> {
        let words = line.split(' ').map(str::to_owned);
        let cli = Cli::try_parse_from(words).unwrap();
        let given = line.contains("--at");
        let crate::args::Command::Etcd2(etcd2) = cli.command else {
            panic!("{line}");
        };
        let config = Config {
            screen: Screen::new(Output::Text),
            ..Config::new(cli.global, given)
        };
        servers(&config, &etcd2.connection, named.map(str::to_owned)).ok()
    }

    fn list(text: &str) -> Option<Servers> {
        Some(Servers::Listed(text.into()))
    }

    #[test]
    fn what_was_said_most_clearly_counts() {
        let at = "quorate --at etcd2://a:1,b:2/app?x=y etcd2 ls";
        assert_eq!(found(at, Some("c")), list("http://a:1,http://b:2"));
        let both = "quorate --at etcd2://a etcd2 --endpoints d ls";
        assert_eq!(found(both, Some("c")), list("d"));
        assert_eq!(found("quorate etcd2 ls --endpoints d", None), list("d"));
        assert_eq!(found("quorate etcd2 ls", Some("c")), list("c"));
        let tls = "quorate --at etcd2+tls://a etcd2 ls";
        assert_eq!(found(tls, None), list("https://a"));
        let consul = "quorate --at consul://a etcd2 ls";
        assert_eq!(found(consul, Some("c")), None, "that is no etcd");
    }

    #[test]
    fn the_time_for_all_attempts_is_that_of_one_unless_it_is_given() {
        let of = |timeout: Option<u64>, total: Option<u64>| {
            let found = timeouts(
                timeout.map(Duration::from_secs),
                total.map(Duration::from_secs),
            );
            (found.attempt.as_secs(), found.overall.unwrap().as_secs())
        };
        assert_eq!(of(None, None), (10, 15));
        assert_eq!(of(Some(3), None), (3, 3));
        assert_eq!(of(Some(3), Some(9)), (3, 9));
    }
}
