//! Clients from PyPI: the scripts in `tests/foreign` have their cases.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use quorate_agent::{AclConfig, Agent, AgentConfig, Compat};
use quorate_testkit::cases;
use quorate_testkit::server::{
    ConsulOptions, ConsulServer, EtcdServer, EtcdVersion, Located, SerfServer,
};
use quorate_testkit::trial::{Case, Subject, Target};

use crate::command::Command;
use crate::etcd::Etcd;
use crate::etcd3::Etcd3;
use crate::serf::{Serf, Setup};
use crate::server::MASTER;

/// A script, and what is known of it.
pub(crate) struct Script {
    /// What it is called in the results.
    name: &'static str,
    /// Its file without `.py`.
    file: &'static str,
    /// What it is told besides its servers.
    arguments: &'static [&'static str],
    /// The packages that it needs: `tests/foreign/requirements/SET.txt`.
    set: &'static str,
    /// What it is a client of.
    store: Store,
    /// How many cases there are at least.
    least: usize,
    /// The cases that fail on the real server, and no others: what Consul 1.8.7 took away from these
    /// clients, and a fault of etcd that our agent mends.
    fails_on_real: &'static [&'static str],
}

/// The server that a script is for.
enum Store {
    /// Whose clients our agent is to serve.
    Consul(Compat),
    /// etcd with its v2 API.
    Etcd,
    /// etcd with its v3 API.
    Etcd3,
    /// Serf's RPC.
    Serf,
}

impl Script {
    /// One whose name is that of its file, and of which every case passes everywhere.
    const fn new(name: &'static str, set: &'static str, store: Store, least: usize) -> Self {
        Self {
            name,
            file: name,
            arguments: &[],
            set,
            store,
            least,
            fails_on_real: &[],
        }
    }

    const fn named(mut self, name: &'static str, arguments: &'static [&'static str]) -> Self {
        self.name = name;
        self.arguments = arguments;
        self
    }

    const fn failing_on_real(mut self, cases: &'static [&'static str]) -> Self {
        self.fails_on_real = cases;
        self
    }
}

/// All of them, those that take longest first.
pub(crate) const SCRIPTS: &[Script] = &[
    // It is for Python 2 alone, and read with what Python 3 calls otherwise replaced.
    Script::new("serf_python_client", "serf-python", Store::Serf, 20),
    Script::new("py_consul", "py-consul", CONSUL, 31),
    Script::new("python_consul2", "python-consul2", CONSUL, 34),
    Script::new("patroni_leader", "patroni", CONSUL, 8).named("patroni on consul", &["consul"]),
    Script::new("python_consul_era", "era", CONSUL_0_7, 36).failing_on_real(&[
        // These ask with GET.
        "a_session_ends_with_its_check",
        "a_service_of_the_agent_is_registered_checked_and_deregistered",
        "a_check_that_is_not_updated_in_time_is_critical",
        "a_check_of_a_port_and_of_a_page_runs_by_itself",
        "a_node_that_nobody_knows_is_forced_to_leave",
        // And these are answered otherwise.
        "a_check_may_have_a_ttl_and_an_interval",
        "the_agent_shows_the_consul_service",
        "a_forbidden_key_is_missing",
        "the_list_of_tokens_has_the_anonymous_one",
    ]),
    Script::new("consulate_era", "era", CONSUL_0_7, 12).failing_on_real(&[
        "a_session_shows_its_checks",
        "a_service_of_the_agent_is_checked",
        "a_check_is_registered_with_every_field",
        "a_node_that_nobody_knows_is_forced_to_leave",
        "the_list_of_tokens_has_the_anonymous_one",
    ]),
    Script::new("pyetcd_client", "pyetcd", Store::Etcd, 14)
        .failing_on_real(&["an_odd_key_loses_no_value_where_it_can_be_helped"]),
    Script::new("python_etcd_client", "python-etcd", Store::Etcd, 23),
    Script::new("patroni_leader", "patroni", Store::Etcd, 10)
        .named("patroni on etcd v2", &["etcd"]),
    Script::new("etcd3_client", "etcd3", Store::Etcd3, 19),
    Script::new("aetcd_client", "aetcd", Store::Etcd3, 16),
    Script::new("etcd3gw_client", "etcd3gw", Store::Etcd3, 12),
    Script::new("patroni_leader", "patroni", Store::Etcd3, 13)
        .named("patroni on etcd v3", &["etcd3"]),
    // etcd 3.5 describes nothing of itself.
    Script::new("grpc_services", "grpc", Store::Etcd3, 7).failing_on_real(&[
        "the_services_are_listed",
        "what_is_described_can_be_called",
        "each_file_is_described_with_what_it_needs",
        "several_questions_go_through_one_stream",
        "who_may_do_nothing_may_still_ask_how_it_is",
    ]),
    Script::new("serfclient_client", "serfclient", Store::Serf, 9),
];

const CONSUL: Store = Store::Consul(Compat::Current);
const CONSUL_0_7: Store = Store::Consul(Compat::V0_7);

/// Two servers that a script is pointed at: one without access rules and one with them.
pub(crate) struct Pair {
    script: &'static Script,
    plain: SocketAddr,
    ruled: SocketAddr,
    fails: &'static [&'static str],
    _servers: Box<dyn Send + Sync>,
}

impl Pair {
    async fn embedded(script: &'static Script, compat: Compat) -> anyhow::Result<Self> {
        let config = || {
            let address = "127.0.0.1:0".parse()?;
            let config = AgentConfig::memory().with_compat(compat);
            anyhow::Ok(config.with_consul_http(address))
        };
        let plain = Agent::start(config()?).await?;
        let acl = AclConfig::default().with_management_token(MASTER);
        let ruled = Agent::start(config()?.with_acl(acl)).await?;
        let addr = |agent: &Agent| agent.consul_http()[0].addr().context("no TCP listener");
        Ok(Self {
            script,
            plain: addr(&plain)?,
            ruled: addr(&ruled)?,
            fails: &[],
            _servers: Box::new((plain, ruled)),
        })
    }

    async fn real(script: &'static Script) -> anyhow::Result<Self> {
        let plain = ConsulServer::start(ConsulOptions::new()).await?;
        let options = ConsulOptions::new().with_acl_master(MASTER);
        let ruled = ConsulServer::start(options).await?;
        Ok(Self {
            script,
            plain: plain.addr(),
            ruled: ruled.addr(),
            fails: script.fails_on_real,
            _servers: Box::new((plain, ruled)),
        })
    }

    /// Two of our agents, or of real etcds.
    async fn etcd(script: &'static Script, version: Option<EtcdVersion>) -> anyhow::Result<Self> {
        let start = async || match version {
            Some(version) => Etcd::real(version).await,
            None => Etcd::embedded().await,
        };
        let (plain, ruled) = (start().await?, start().await?);
        let ruled = match script.store {
            Store::Etcd3 => Etcd3::of(ruled)?.guarded().await?.into_server(),
            _ => ruled.guarded().await?,
        };
        Ok(Self {
            script,
            plain: plain.addr(),
            ruled: ruled.addr(),
            fails: version.map_or(&[], |_| script.fails_on_real),
            _servers: Box::new((plain, ruled)),
        })
    }
}

/// Starts an agent of this name.
type Start<F> = fn(&'static str, Setup) -> F;

impl Pair {
    /// Two agents, the second with a token, that do not know each other.
    async fn serf<F>(script: &'static Script, start: Start<F>) -> anyhow::Result<Self>
    where
        F: Future<Output = anyhow::Result<Serf>>,
    {
        let setup = Setup {
            tags: &[("role", "plain")],
            ..Setup::default()
        };
        let plain = start("plain", setup).await?;
        let setup = Setup {
            token: Some(MASTER),
            ..Setup::default()
        };
        let ruled = start("ruled", setup).await?;
        Ok(Self {
            script,
            plain: plain.rpc()?,
            ruled: ruled.rpc()?,
            fails: &[],
            _servers: Box::new((plain, ruled)),
        })
    }
}

impl Script {
    pub(crate) fn targets(&'static self) -> Vec<Target<Pair>> {
        let (python, name) = (self.python(), self.name);
        let embedded = format!("{name} on embedded");
        let both = |server: Located| match (&python, server) {
            (Located::Found(_), Located::Missing(reason)) => Located::Missing(reason),
            _ => python.clone(),
        };
        if matches!(self.store, Store::Serf) {
            let real = format!("{name} on real serf 0.10.1");
            let located = both(SerfServer::locate());
            return vec![
                Target::real(embedded, python, move || {
                    Pair::serf(self, Serf::embedded_with)
                }),
                Target::real(real, located, move || Pair::serf(self, Serf::real_with)),
            ];
        }
        let Store::Consul(compat) = self.store else {
            let etcd = |version, number| {
                let name = format!("{name} on real etcd {number}");
                let located = both(EtcdServer::locate(version));
                Target::real(name, located, move || Pair::etcd(self, Some(version)))
            };
            let embedded = Target::real(embedded, python.clone(), move || Pair::etcd(self, None));
            let v3_5 = etcd(EtcdVersion::V3_5, "3.5.16");
            return match self.store {
                Store::Etcd3 => vec![embedded, v3_5],
                _ => vec![embedded, etcd(EtcdVersion::V3_4, "3.4.23"), v3_5],
            };
        };
        let real = format!("{name} on real consul 1.8.7");
        let located = both(ConsulServer::locate());
        vec![
            Target::real(embedded, python, move || Pair::embedded(self, compat)),
            Target::real(real, located, move || Pair::real(self)),
        ]
    }

    fn python(&self) -> Located {
        interpreter(self.set)
    }
}

/// The Python of the virtual environment that has these packages.
pub(crate) fn interpreter(set: &str) -> Located {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python: PathBuf = ["target", "foreign", set, "bin", "python"].iter().collect();
    let python = root.join(python);
    match python.exists() {
        true => Located::Found(python),
        false => Located::Missing(format!(
            "the packages of {set} are not installed: run scripts/foreign-clients"
        )),
    }
}

pub(crate) fn cases() -> Vec<Case<Pair>> {
    cases![Pair; every_case_goes_as_it_should].into()
}

async fn every_case_goes_as_it_should(pair: &Subject<Pair>) -> anyhow::Result<()> {
    let script = pair.script;
    let python = Result::from(script.python())?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    let file = folder.join(format!("{}.py", script.file));
    let arguments = [
        "-W",
        "ignore",
        "-B",
        &file.to_string_lossy(),
        &pair.plain.to_string(),
        &pair.ruled.to_string(),
        MASTER,
    ];
    let command = Command::new(&python).arguments(arguments);
    let done = command
        .arguments(script.arguments.iter().copied())
        .run()
        .await?;
    let said = || format!("{}\n{}", done.stdout, done.stderr);
    let named = |word: &str| -> BTreeSet<&str> {
        let lines = done.stdout.lines();
        lines.filter_map(|line| line.strip_prefix(word)).collect()
    };
    let (passed, failed) = (named("ok "), named("FAILED "));
    let expected: BTreeSet<_> = pair.fails.iter().copied().collect();
    let mut wrong = String::new();
    for name in failed.difference(&expected) {
        let _ = writeln!(wrong, "{name} fails");
    }
    for name in expected.intersection(&passed) {
        let _ = writeln!(wrong, "{name} passes, which it should not");
    }
    ensure!(wrong.is_empty(), "{wrong}\n{}", said());
    let count = passed.len() + failed.len();
    ensure!(count >= script.least, "only {count} cases\n{}", said());
    let last = format!("{} passed, {} failed", passed.len(), failed.len());
    ensure!(done.stdout.lines().last() == Some(&last), "{}", said());
    Ok(())
}
