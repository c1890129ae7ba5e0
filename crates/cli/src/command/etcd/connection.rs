//! From what was typed to the servers.

use std::env;
use std::time::Duration;

use quorate::target::Target;
use quorate_etcd::v3::raw::{self, proto::etcdserverpb::MemberListRequest};
use quorate_etcd::v3::{Client, Secret, Timeouts, TlsOptions, Verify};

use crate::args::etcd::connection::ConnectionArgs;
use crate::command::etcd2::connection::{Said, find, of_target};
use crate::command::password;
use crate::config::Config;
use crate::failure::Failure;

/// Where etcdctl looks, if nothing is said.
const ENDPOINTS: &str = "ETCDCTL_ENDPOINTS";
const DEFAULT: &str = "127.0.0.1:2379";
/// What `--at` is where nobody says anything.
const NOWHERE: &str = "embedded:";
/// For how long a server is tried that can't be reached, and for how long a command, as etcdctl
/// does.
const DIAL: Duration = Duration::from_secs(2);
const COMMAND: Duration = Duration::from_secs(5);

/// The servers, and how they are asked.
#[derive(Debug)]
pub(super) struct Servers {
    /// As they were typed.
    pub(super) endpoints: Vec<String>,
    tls: TlsOptions,
    /// Whether TLS is spoken to those that do not say.
    is_tls: bool,
    user: Option<(String, Secret)>,
    sync_every: Option<Duration>,
    timeouts: Timeouts,
}

impl Servers {
    /// What the options, the URL and the environment say. Nothing is sent.
    pub(super) async fn of(config: &Config, args: &ConnectionArgs) -> Result<Self, Failure> {
        if config.token_file.is_some() {
            let why = "--token-file is for consul://: etcd knows users and passwords";
            return Err(Failure::usage(why).with_next("quorate etcd --user NAME …"));
        }
        let named = env::var(ENDPOINTS).ok().filter(|list| !list.is_empty());
        let said = said(config, args, named)?;
        let endpoints = match &said.srv {
            Some((domain, plain)) => find(domain, *plain).await?,
            None => said.addresses,
        };
        let (tls, is_tls) = tls(args, said.tls.unwrap_or_default());
        let user = match (&args.user, &args.password, &said.auth_file) {
            (Some(name), Some(password), _) => Some((name.clone(), Secret::new(password.as_str()))),
            (Some(user), None, _) => Some(password::of_user(user, None).await?),
            (None, _, Some(path)) => Some(password::of_file(path)?),
            (None, _, None) => None,
        };
        let overall = args.command_timeout.or(config.timeout).or(said.timeout);
        let overall = overall.unwrap_or(COMMAND);
        let dial = args.dial_timeout.unwrap_or(DIAL).min(overall);
        Ok(Self {
            timeouts: timeouts(overall, dial, endpoints.len()),
            endpoints,
            tls,
            is_tls,
            user,
            sync_every: said.sync_every,
        })
    }

    /// How long a command may take that ends by itself.
    pub(super) fn limit(&self) -> Duration {
        self.timeouts.overall.unwrap_or(COMMAND)
    }

    /// A client of all of them.
    pub(super) fn client(&self) -> Result<Client, Failure> {
        self.client_of(&self.endpoints, self.sync_every)
    }

    /// A client of one of them.
    pub(super) fn one(&self, endpoint: &str) -> Result<Client, Failure> {
        self.client_of(&[endpoint.to_owned()], None)
    }

    fn client_of(&self, endpoints: &[String], sync: Option<Duration>) -> Result<Client, Failure> {
        let addresses = endpoints.iter().map(|endpoint| self.address(endpoint));
        let mut builder = Client::builder()
            .addresses(addresses)
            .tls(self.tls.clone())
            .timeouts(self.timeouts);
        if let Some((name, password)) = &self.user {
            builder = builder.user(name.clone(), password.clone());
        }
        if let Some(every) = sync {
            builder = builder.sync_every(every);
        }
        Ok(builder.build()?)
    }

    fn address(&self, endpoint: &str) -> String {
        match endpoint.contains("://") || !self.is_tls {
            true => endpoint.to_owned(),
            false => format!("https://{endpoint}"),
        }
    }

    /// The servers that were named, or where clients reach all members of their cluster.
    pub(super) async fn each(&self, cluster: bool) -> Result<Vec<String>, Failure> {
        if !cluster {
            return Ok(self.endpoints.clone());
        }
        let request = MemberListRequest { linearizable: true };
        let list = self
            .client()?
            .raw()
            .send(&raw::MEMBER_LIST, &request)
            .await?;
        let members = list.members.into_iter();
        Ok(members.flat_map(|member| member.client_ur_ls).collect())
    }
}

/// What was said most clearly: the option, the URL of an etcd, the environment, nothing.
fn said(config: &Config, args: &ConnectionArgs, named: Option<String>) -> Result<Said, Failure> {
    let listed = |addresses| Said {
        addresses,
        ..Said::default()
    };
    let split = |list: String| list.split(',').map(str::to_owned).collect::<Vec<_>>();
    if !args.endpoints.is_empty() {
        return Ok(listed(args.endpoints.clone()));
    }
    if let Some(domain) = &args.discovery_srv {
        return Ok(Said {
            srv: Some((domain.clone(), args.insecure_discovery)),
            ..Said::default()
        });
    }
    if config.at.starts_with("etcd:") || config.at.starts_with("etcd+") {
        let Target::Etcd3(target) = Target::parse(&config.at)? else {
            return Err(nowhere(config));
        };
        let mut said = of_target(*target, named);
        said.addresses = said.addresses.into_iter().flat_map(split).collect();
        if said.addresses.is_empty() && said.srv.is_none() {
            said.addresses.push(DEFAULT.to_owned());
        }
        return Ok(said);
    }
    match named {
        Some(list) if !config.at_given => Ok(listed(split(list))),
        None if !config.at_given && config.at == NOWHERE => Ok(listed(vec![DEFAULT.to_owned()])),
        _ => Err(nowhere(config)),
    }
}

fn nowhere(config: &Config) -> Failure {
    Failure::usage(format!("{} is no etcd with the v3 API", config.target()))
        .with_next("quorate etcd --endpoints 127.0.0.1:2379 …")
}

/// One server that stands still leaves time for another.
fn timeouts(overall: Duration, dial: Duration, servers: usize) -> Timeouts {
    let attempt = match servers {
        0 | 1 => overall,
        _ => overall / 2,
    };
    Timeouts::default()
        .with_connect(dial)
        .with_reach(Some(dial))
        .with_attempt(attempt)
        .with_overall(Some(overall))
}

/// How TLS is spoken, and whether to servers that do not say.
fn tls(args: &ConnectionArgs, mut tls: TlsOptions) -> (TlsOptions, bool) {
    if let Some(path) = &args.cacert {
        tls = tls.with_ca_file(path);
    }
    if let (Some(cert), Some(key)) = (&args.cert, &args.key_file) {
        tls = tls.with_client_files(cert, key);
    }
    if args.insecure_skip_tls_verify {
        tls = tls.with_verify(Verify::None);
    }
    let said = args.cacert.is_some() || args.cert.is_some() || args.insecure_skip_tls_verify;
    (tls, said || !args.insecure_transport)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Cli;
    use clap::Parser as _;

    fn found(line: &str, named: Option<&str>) -> Option<Vec<String>> {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        let given = line.contains("--at");
        let crate::args::Command::Etcd(etcd) = cli.command else {
            panic!("{line}");
        };
        let config = Config::new(cli.global, given);
        let said = said(&config, &etcd.connection, named.map(str::to_owned)).ok()?;
        let domain = said.srv.map(|(domain, plain)| format!("{domain} {plain}"));
        Some(domain.map_or(said.addresses, |domain| vec![domain]))
    }

    fn list(texts: &[&str]) -> Option<Vec<String>> {
        Some(texts.iter().map(|text| (*text).to_owned()).collect())
    }

    #[test]
    fn what_was_said_most_clearly_counts() {
        let at = "quorate --at etcd://a:1,b/app?timeout=5s etcd get k";
        assert_eq!(found(at, Some("c")), list(&["http://a:1", "http://b:2379"]));
        let both = "quorate --at etcd://a etcd --endpoints d,e get k";
        assert_eq!(found(both, Some("c")), list(&["d", "e"]));
        assert_eq!(found("quorate etcd get k", Some("c,d")), list(&["c", "d"]));
        assert_eq!(found("quorate etcd get k", None), list(&[DEFAULT]));
        let tls = "quorate --at etcd+tls://a:1?ca=ca.pem etcd get k";
        assert_eq!(found(tls, None), list(&["https://a:1"]));
        let srv = "quorate --at etcd+srv://a.org etcd get k";
        assert_eq!(found(srv, None), list(&["a.org true"]));
        assert_eq!(
            found("quorate --at etcd: etcd get k", Some("c,d")),
            list(&["c", "d"])
        );
        let odd = "quorate --at etcd://a?color=red etcd get k";
        assert_eq!(found(odd, None), None, "there is no such option");
        let consul = "quorate --at consul://a etcd get k";
        assert_eq!(found(consul, Some("c")), None, "that is no etcd");
    }

    #[test]
    fn several_servers_share_the_time() {
        let of = |servers| timeouts(Duration::from_secs(6), DIAL, servers).attempt;
        assert_eq!(of(1), Duration::from_secs(6));
        assert_eq!(of(3), Duration::from_secs(3));
    }

    #[test]
    fn an_option_about_tls_speaks_it_to_servers_that_do_not_say() {
        let is_tls = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            let crate::args::Command::Etcd(etcd) = cli.command else {
                panic!("{line}");
            };
            tls(&etcd.connection, TlsOptions::default()).1
        };
        assert!(!is_tls("quorate etcd get k"));
        assert!(is_tls("quorate etcd --cacert ca.pem get k"));
        assert!(is_tls("quorate etcd --insecure-skip-tls-verify get k"));
        assert!(is_tls("quorate etcd --insecure-transport=false get k"));
    }
}
