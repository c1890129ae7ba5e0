//! 10,000 random changes of configurations that are read all the time, some of them invalid, while
//! the connection is cut, delayed and refused: no reader ever sees a value that is invalid or torn,
//! or an older one after a newer one, and all end on the last valid one.
//!
//! `QUORATE_CONFIG_CHANGES` sets how many changes (default 10,000, on etcd fewer),
//! `QUORATE_CONFIG_SEED` repeats the choices.

#![allow(clippy::print_stdout, reason = "what was seen is printed")]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use quorate::config::{Config, ConfigEvent, Store};
use quorate::{Coordinator, Operation, Transaction, prelude::*};
use quorate_agent::{Agent, AgentConfig};
use quorate_conformance::random::Random;
use quorate_testkit::proxy::{Direction, Proxy};
use quorate_testkit::server::{ConsulOptions, ConsulServer, EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Subject, Suite, Target};
use quorate_testkit::{cases, eventually};
use serde::Deserialize;

/// How many configurations there are.
const CONFIGS: u64 = 20;
/// How many of them one transaction changes.
const TOGETHER: usize = 4;
/// What is written last where there are no transactions.
const MARKER: &str = "rev";
/// How long all changes may take: minutes where others keep the machine busy.
const BACK: Duration = Duration::from_secs(280);
const TIME_LIMIT: Duration = Duration::from_secs(400);
/// How long the reader rests after it has read all of them.
const PACE: Duration = Duration::from_micros(50);

/// Every change writes the same number to three places.
#[derive(Debug, Deserialize)]
struct Settings {
    #[serde(rename = "FIRST")]
    first: Part,
    #[serde(rename = "SECOND")]
    second: Part,
    stamp: u64,
    level: u8,
    #[serde(default)]
    extra: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Part {
    stamp: u64,
}

impl Settings {
    /// What is not checked by the validation, because it can't happen.
    fn is_whole(&self) -> bool {
        let extra = self.extra.is_none_or(|extra| extra == self.stamp);
        self.first.stamp == self.stamp && self.second.stamp == self.stamp && extra
    }

    fn is_valid(&self) -> Result<(), String> {
        match self.level {
            0..=100 => Ok(()),
            level => Err(format!("level {level} is more than 100")),
        }
    }
}

struct Server {
    scheme: &'static str,
    addr: SocketAddr,
    _runs: Runs,
}

enum Runs {
    Ours(#[allow(dead_code, reason = "it runs while it is there")] Agent),
    Consul(#[allow(dead_code, reason = "it runs while it is there")] Box<ConsulServer>),
    Etcd(#[allow(dead_code, reason = "it runs while it is there")] Box<EtcdServer>),
}

impl Server {
    async fn ours(scheme: &'static str) -> anyhow::Result<Self> {
        let config = AgentConfig::memory()
            .with_consul_http("127.0.0.1:0".parse()?)
            .with_etcd("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let bound = if scheme == "consul" {
            agent.consul_http()[0].addr()
        } else {
            agent.etcd()[0].addr()
        };
        Ok(Self {
            scheme,
            addr: bound.context("a port")?,
            _runs: Runs::Ours(agent),
        })
    }

    async fn consul() -> anyhow::Result<Self> {
        let server = ConsulServer::start(ConsulOptions::new()).await?;
        Ok(Self {
            scheme: "consul",
            addr: server.addr(),
            _runs: Runs::Consul(Box::new(server)),
        })
    }

    async fn etcd(scheme: &'static str) -> anyhow::Result<Self> {
        let server = if scheme == "etcd" {
            EtcdServer::start_without_v2(EtcdVersion::V3_5).await?
        } else {
            EtcdServer::start(EtcdVersion::V3_5).await?
        };
        Ok(Self {
            scheme,
            addr: server.addr(),
            _runs: Runs::Etcd(Box::new(server)),
        })
    }

    fn url(&self, addr: SocketAddr) -> String {
        format!("{}://{addr}", self.scheme)
    }

    /// How many changes are made unless somebody says.
    fn changes(&self) -> u64 {
        match self.scheme {
            "consul" => 10_000,
            "etcd" => 2_000,
            // One key after the other.
            _ => 600,
        }
    }
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Adds a change of the configuration at `path`; every sixth or so is invalid.
fn change(
    transaction: Transaction,
    path: &str,
    stamp: u64,
    last: bool,
    random: &mut Random,
) -> quorate::Result<Transaction> {
    let level = match random.below(12) {
        0 if !last => "much".to_owned(),
        1 if !last => "101".to_owned(),
        _ => random.below(101).to_string(),
    };
    let stamp = stamp.to_string();
    let change = transaction
        .put(&format!("{path}/FIRST/stamp"), stamp.clone())?
        .put(&format!("{path}/level"), level)?
        .put(&format!("{path}/stamp"), stamp.clone())?
        .put(&format!("{path}/SECOND/stamp"), stamp.clone())?;
    let extra = format!("{path}/extra");
    if random.below(2) == 0 {
        change.put(&extra, stamp)
    } else {
        change.delete(&extra)
    }
}

/// Makes the changes of some configurations, one of each at a time; the last ones are valid.
async fn write(
    coordinator: &Coordinator,
    paths: &[String],
    changes: u64,
    seed: u64,
) -> anyhow::Result<()> {
    let mut random = Random::new(seed);
    for stamp in 2..=changes {
        let mut all = Transaction::new();
        for path in paths {
            all = change(all, path, stamp, stamp == changes, &mut random)?;
        }
        make(coordinator, all, paths, stamp).await?;
    }
    Ok(())
}

/// Makes the changes together, or one after the other and the marker of each configuration last.
async fn make(
    coordinator: &Coordinator,
    all: Transaction,
    paths: &[String],
    stamp: u64,
) -> anyhow::Result<()> {
    let kv = coordinator.kv();
    if coordinator.capabilities().transactions {
        let outcome = kv.transact(all).await?;
        ensure!(outcome.is_committed(), "{outcome:?}");
        return Ok(());
    }
    for operation in all.operations() {
        match operation {
            Operation::Put(key, value) => drop(kv.put(key.as_str(), value.clone()).await?),
            Operation::Delete(key) => kv.delete(key.as_str()).await?,
            other => anyhow::bail!("{other:?}"),
        }
    }
    for path in paths {
        kv.put(&format!("{path}/{MARKER}"), stamp.to_string())
            .await?;
    }
    Ok(())
}

/// Reads all configurations again and again.
fn read(configs: &[Config<Settings>], stop: &AtomicBool, reads: &AtomicU64) {
    let mut newest = vec![0; configs.len()];
    while !stop.load(Ordering::Relaxed) {
        for (config, newest) in configs.iter().zip(&mut newest) {
            let now = config.get();
            assert!(now.is_whole(), "torn: {:?}", *now);
            assert!(now.is_valid().is_ok(), "invalid: {:?}", *now);
            assert!(now.stamp >= *newest, "{} after {newest}", now.stamp);
            *newest = now.stamp;
        }
        reads.fetch_add(1, Ordering::Relaxed);
        // As fast as it could, it would take the writers' processor.
        std::thread::park_timeout(PACE);
    }
}

#[derive(Debug, Default)]
struct Seen {
    taken: u64,
    refused: u64,
}

/// Follows the changes to the last one.
async fn follow(config: Config<Settings>, last: u64) -> anyhow::Result<Seen> {
    let mut changes = config.changes();
    let mut seen = Seen::default();
    while config.get().stamp < last {
        match changes.next().await.context("an end")? {
            ConfigEvent::Changed { old, new, changes } => {
                ensure!(new.is_whole() && new.is_valid().is_ok(), "{new:?}");
                ensure!(
                    new.version() > old.version() && new.stamp > old.stamp,
                    "{old:?} {new:?}"
                );
                let stamp = changes.iter().find(|change| change.path == "stamp");
                let stamp = stamp.and_then(|change| change.new.as_ref()?.text());
                ensure!(stamp == Some(&*new.stamp.to_string()), "{changes:?}");
                seen.taken += 1;
            }
            ConfigEvent::Refused(refusal) => {
                // Also what was refused was seen whole.
                let parameters = refusal.parameters.as_ref().context("parameters")?;
                let stamp = |path| parameters.get(path).map(|one| &one.value);
                ensure!(stamp("FIRST/stamp") == stamp("stamp"), "{parameters:?}");
                ensure!(stamp("SECOND/stamp") == stamp("stamp"), "{parameters:?}");
                let message = refusal.error.to_string();
                ensure!(
                    message.contains("level") || message.contains("refused"),
                    "{message}"
                );
                seen.refused += 1;
            }
            other => anyhow::bail!("{other:?}"),
        }
    }
    Ok(seen)
}

/// Breaks connections until it is dropped.
async fn rage(proxy: &Proxy, random: &mut Random, faults: &AtomicU64) {
    loop {
        tokio::time::sleep(Duration::from_millis(30 + random.below(400))).await;
        faults.fetch_add(1, Ordering::Relaxed);
        match random.below(6) {
            0 => {
                proxy.refuse().await;
                proxy.cut().await;
                tokio::time::sleep(Duration::from_millis(random.below(150))).await;
            }
            1 => {
                proxy.cut_after(Direction::ToClient, random.below(600));
                tokio::time::sleep(Duration::from_millis(random.below(150))).await;
            }
            2 => {
                proxy.delay(Direction::ToClient, Duration::from_millis(20));
                tokio::time::sleep(Duration::from_millis(random.below(150))).await;
            }
            3 => proxy.half_close(Direction::ToClient),
            _ => drop(proxy.cut().await),
        }
        proxy.restore().await;
    }
}

async fn open(url: &str, path: &str) -> anyhow::Result<(Coordinator, Config<Settings>)> {
    let coordinator = quorate::connect(url).await?;
    let store = Store::subtree(&coordinator, path)?;
    let store = match coordinator.capabilities().transactions {
        true => store,
        false => store.with_marker(MARKER),
    };
    let config = Config::builder()
        .store(store)
        .validate(Settings::is_valid)
        .load()
        .await?;
    Ok((coordinator, config))
}

async fn readers_see_whole_and_valid_values_only(server: &Subject<Server>) -> anyhow::Result<()> {
    let changes = setting("QUORATE_CONFIG_CHANGES").unwrap_or_else(|| server.changes());
    let each = changes / CONFIGS;
    let seed = setting("QUORATE_CONFIG_SEED").unwrap_or_else(Random::any_seed);
    let mut random = Random::new(seed);
    let started = Instant::now();
    let proxy = Proxy::start(server.addr).await?;
    let direct = quorate::connect(&server.url(server.addr)).await?;
    let path = |number: u64| server.key(&format!("config-{number}"));
    let (mut coordinators, mut configs) = (Vec::new(), Vec::new());
    for number in 0..CONFIGS {
        let first = change(Transaction::new(), &path(number), 1, true, &mut random)?;
        make(&direct, first, &[path(number)], 1).await?;
        let (coordinator, config) = open(&server.url(proxy.addr()), &path(number)).await?;
        coordinators.push(coordinator);
        configs.push(config);
    }

    let (stop, reads) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let reader = {
        let (configs, stop, reads) = (configs.clone(), stop.clone(), reads.clone());
        std::thread::spawn(move || read(&configs, &stop, &reads))
    };
    let faults = AtomicU64::new(0);
    let paths: Vec<String> = (0..CONFIGS).map(path).collect();
    let groups: Vec<_> = paths
        .chunks(TOGETHER)
        .map(|paths| (paths, random.number()))
        .collect();
    let writes = groups
        .iter()
        .map(|(paths, seed)| write(&direct, paths, each, *seed));
    let follows = configs.iter().map(|config| follow(config.clone(), each));
    let all = async {
        let writing = async {
            tokio::select! {
                written = try_join_all(writes) => written,
                () = rage(&proxy, &mut random, &faults) => Ok(Vec::new()),
            }
            .context("write")?;
            proxy.restore().await;
            anyhow::Ok(started.elapsed())
        };
        tokio::try_join!(writing, try_join_all(follows))
    };
    let ended = tokio::time::timeout(BACK, all).await;
    stop.store(true, Ordering::Relaxed);
    let reader = reader.join();
    let (writing, seen) = ended.with_context(|| format!("not in time (seed {seed})"))??;
    ensure!(reader.is_ok(), "a reader has failed (seed {seed})");
    for (config, coordinator) in configs.iter().zip(&coordinators) {
        ensure!(config.get().stamp == each, "{:?}", config.status());
        // What was refused before the last change does not stand any more.
        eventually(BACK, "the status is well", || {
            std::future::ready(config.status().is_current().then_some(()))
        })
        .await?;
        coordinator.close().await?;
    }
    direct.close().await?;
    let total = |of: fn(&Seen) -> u64| seen.iter().map(of).sum::<u64>();
    let (taken, refused) = (total(|seen| seen.taken), total(|seen| seen.refused));
    println!(
        "{changes} changes in {writing:.1?}, {faults} faults: {taken} values taken, {refused} \
         refused, read {reads} times (seed {seed})",
        changes = each * CONFIGS,
        faults = faults.load(Ordering::Relaxed),
        reads = reads.load(Ordering::Relaxed) * CONFIGS,
    );
    ensure!(taken >= 30 && refused >= 3, "nothing was shown");
    Ok(())
}

fn main() -> ExitCode {
    let consul = Target::real("real consul 1.8.7", ConsulServer::locate(), Server::consul);
    let ours = |name, scheme| Target::new(name, move || Server::ours(scheme));
    let etcd = |name, scheme| {
        let located = EtcdServer::locate(EtcdVersion::V3_5);
        Target::real(name, located, move || Server::etcd(scheme))
    };
    Suite::new()
        .with_target(ours("agent", "consul"))
        .with_target(consul)
        .with_target(ours("agent as etcd", "etcd2"))
        .with_target(etcd("real etcd 3.5.16", "etcd2"))
        .with_target(ours("agent as etcd v3", "etcd"))
        .with_target(etcd("v3 of real etcd 3.5.16", "etcd"))
        .with_cases(cases![Server; readers_see_whole_and_valid_values_only])
        .with_time_limit(TIME_LIMIT)
        .run()
}
