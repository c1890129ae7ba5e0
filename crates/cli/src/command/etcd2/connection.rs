//! From what was typed to a client.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use quorate::target::{EtcdAddresses, EtcdTarget, Target};
use quorate_etcd::v2::discovery::{self, SystemResolver};
use quorate_etcd::v2::{Client, Timeouts, TlsOptions};

use crate::args::etcd2::connection::ConnectionArgs;
use crate::command::password;
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

/// What a URL or the options say of the servers; what is not said stays as the client has it.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) addresses: Vec<String>,
    /// The domain to find them by, and whether they may do without TLS.
    pub(crate) srv: Option<(String, bool)>,
    pub(crate) tls: Option<TlsOptions>,
    pub(crate) auth_file: Option<PathBuf>,
    pub(crate) sync_every: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
}

/// A client of the servers that were named. Nothing is sent unless `--sync` was given.
pub(super) async fn open(config: &Config, args: &ConnectionArgs) -> Result<Client, Failure> {
    if config.token_file.is_some() {
        let why = "--token-file is for consul://: etcd knows users and passwords";
        return Err(Failure::usage(why).with_next("quorate etcd2 --username NAME …"));
    }
    let named = env::var(ENDPOINTS).ok().filter(|list| !list.is_empty());
    let said = servers(config, args, named)?;
    let timeouts = timeouts(said.timeout.or(config.timeout), args.total_timeout);
    let mut builder = Client::builder().timeouts(timeouts);
    let addresses = match &said.srv {
        Some((domain, plain)) => find(domain, *plain).await?,
        None => said.addresses,
    };
    if !addresses.is_empty() {
        builder = builder.addresses(addresses);
    }
    if let Some(every) = said.sync_every {
        builder = builder.sync_every(every);
    }
    if let Some(tls) = tls(args, said.tls) {
        builder = builder.tls(tls);
    }
    let user = match (&args.username, &said.auth_file) {
        (Some(user), _) => Some(password::of_user(user, args.password_file.as_deref()).await?),
        (None, Some(path)) => Some(password::of_file(path)?),
        (None, None) => None,
    };
    if let Some((name, password)) = user {
        builder = builder.basic_auth(name, password);
    }
    let client = builder.build()?;
    if args.sync && !args.no_sync {
        client.sync().await?;
    }
    Ok(client)
}

/// The servers of a domain.
pub(crate) async fn find(domain: &str, plain: bool) -> Result<Vec<String>, Failure> {
    let resolver = SystemResolver::new()?;
    let found = discovery::addresses(&resolver, domain).await?;
    if plain || found.iter().all(|address| address.starts_with("https:")) {
        return Ok(found);
    }
    let why = format!(
        "DNS names servers of {domain} without TLS: {}",
        found.join(", ")
    );
    Err(Failure::usage(why).with_next("the same command with --insecure-discovery"))
}

/// What was said most clearly: the option, the URL of an etcd, the environment, nothing.
fn servers(config: &Config, args: &ConnectionArgs, named: Option<String>) -> Result<Said, Failure> {
    if let Some(list) = &args.endpoints {
        return Ok(listed(list.clone()));
    }
    if let Some(domain) = &args.discovery_srv {
        return Ok(Said {
            srv: Some((domain.clone(), args.insecure_discovery)),
            ..Said::default()
        });
    }
    if config.at.starts_with("etcd2") {
        let Target::Etcd2(target) = Target::parse(&config.at)? else {
            return Err(nowhere(config));
        };
        return Ok(of_target(*target, named));
    }
    match named {
        Some(list) if !config.at_given => Ok(listed(list)),
        None if !config.at_given && config.at == NOWHERE => Ok(Said::default()),
        _ => Err(nowhere(config)),
    }
}

fn nowhere(config: &Config) -> Failure {
    Failure::usage(format!("{} is no etcd with the v2 API", config.target()))
        .with_next("quorate etcd2 --endpoints http://127.0.0.1:2379 …")
}

fn listed(list: String) -> Said {
    Said {
        addresses: vec![list],
        ..Said::default()
    }
}

/// What the URL says. Its prefix is for the unified layer alone: here keys are whole.
pub(crate) fn of_target(target: EtcdTarget, named: Option<String>) -> Said {
    let with = |scheme: &str, hosts: Vec<String>| {
        let address = |host| format!("{scheme}://{host}");
        hosts.into_iter().map(address).collect()
    };
    let (addresses, srv) = match target.addresses {
        EtcdAddresses::Http(hosts) => (with("http", hosts), None),
        EtcdAddresses::Https(hosts) => (with("https", hosts), None),
        // As the unified layer takes them.
        EtcdAddresses::Srv(domain) => (Vec::new(), Some((domain, true))),
        _ => (named.into_iter().collect(), None),
    };
    Said {
        addresses,
        srv,
        tls: Some(target.tls.over(TlsOptions::default())),
        auth_file: target.auth_file,
        sync_every: target.sync,
        timeout: target.timeout,
    }
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

/// What the URL says of TLS, and what the options add to it or say otherwise.
fn tls(args: &ConnectionArgs, mut tls: Option<TlsOptions>) -> Option<TlsOptions> {
    if let Some(path) = &args.ca_file {
        tls = Some(tls.unwrap_or_default().with_ca_file(path));
    }
    if let (Some(cert), Some(key)) = (&args.cert_file, &args.key_file) {
        tls = Some(tls.unwrap_or_default().with_client_files(cert, key));
    }
    tls
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser as _;

    fn found(line: &str, named: Option<&str>) -> Option<Vec<String>> {
        let words = line.split(' ').map(str::to_owned);
        let cli = Cli::try_parse_from(words).unwrap();
        let given = line.contains("--at");
        let crate::args::Command::Etcd2(etcd2) = cli.command else {
            panic!("{line}");
        };
        let config = Config::new(cli.global, given);
        let said = servers(&config, &etcd2.connection, named.map(str::to_owned));
        let said = said.ok()?;
        let domain = said.srv.map(|(domain, plain)| format!("{domain} {plain}"));
        Some(domain.map_or(said.addresses, |domain| vec![domain]))
    }

    fn list(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn what_was_said_most_clearly_counts() {
        let at = "quorate --at etcd2://a:1,b:2/app?timeout=5s etcd2 ls";
        assert_eq!(found(at, Some("c")), list(&["http://a:1", "http://b:2"]));
        let both = "quorate --at etcd2://a etcd2 --endpoints d ls";
        assert_eq!(found(both, Some("c")), list(&["d"]));
        assert_eq!(found("quorate etcd2 ls --endpoints d", None), list(&["d"]));
        assert_eq!(found("quorate etcd2 ls", Some("c")), list(&["c"]));
        assert_eq!(found("quorate etcd2 ls", None), list(&[]));
        let tls = "quorate --at etcd2+tls://a:1 etcd2 ls";
        assert_eq!(found(tls, None), list(&["https://a:1"]));
        assert_eq!(
            found("quorate --at etcd2: etcd2 ls", Some("c")),
            list(&["c"])
        );
        let srv = "quorate --at etcd2+srv://a.org etcd2 ls";
        assert_eq!(found(srv, Some("c")), list(&["a.org true"]));
        let srv = "quorate --at etcd2://a etcd2 ls --discovery-srv a.org";
        assert_eq!(found(srv, Some("c")), list(&["a.org false"]));
        let consul = "quorate --at consul://a etcd2 ls";
        assert_eq!(found(consul, Some("c")), None, "that is no etcd");
        let odd = "quorate --at etcd2://a?color=red etcd2 ls";
        assert_eq!(found(odd, None), None, "there is no such option");
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
