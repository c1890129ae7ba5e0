//! A copy that is made from a watch is what the server has, at its revision.

mod log;
mod replica;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_conformance::random::Random;
use quorate_etcd::v3::{Client, KeyRange, Kv, RangeOptions, WatchOptions};
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::server::Kind;
use crate::world::World;
use log::Log;
use replica::{Counts, Replica};
use writer::Writer;

/// The way of the writers, which is not disturbed, and that of the watches.
const STRAIGHT: usize = 0;
const DISTURBED: usize = 1;
const WRITERS: u64 = 3;
/// Where the keys are that all copies have.
const COMMON: &str = "w/k1";
/// How long a copy may take to be where the server is, once nothing disturbs it.
const SOON: Duration = Duration::from_secs(50);

pub(crate) fn cases() -> Vec<Case<Kind>> {
    cases![Kind; a_copy_made_from_a_watch_is_exact].to_vec()
}

async fn a_copy_made_from_a_watch_is_exact(kind: &Subject<Kind>) -> anyhow::Result<()> {
    let rounds = crate::setting("QUORATE_WATCH_ROUNDS").unwrap_or(16);
    let (random, seed) = crate::chance();
    let mut truth = Truth::open(**kind, random).await?;
    for round in 0..rounds {
        let outcome = truth.round(round).await;
        outcome.with_context(|| format!("round {round}, seed {seed}, {}", truth.line()))?;
    }
    println!(
        "{:?}, watch: {rounds} rounds, {} (seed {seed})",
        **kind,
        truth.line()
    );
    let counts = truth.counts();
    ensure!(
        counts.events > rounds && counts.interrupted > rounds / 4 && counts.relisted > 0,
        "too little happened to show anything: {counts:?}"
    );
    Ok(())
}

/// A server, writers, and copies of what they write.
struct Truth {
    world: World,
    random: Random,
    straight: Client,
    log: Arc<Log>,
    writers: Vec<Writer>,
    replicas: Vec<Replica>,
    /// What was done, how often.
    faults: BTreeMap<&'static str, u64>,
    /// What copies saw that are gone.
    past: Counts,
    watching: Client,
}

impl Truth {
    async fn open(kind: Kind, mut random: Random) -> anyhow::Result<Self> {
        let world = World::open(kind, 2).await?;
        let straight = world.patient_client(STRAIGHT)?;
        let watching = world.client(DISTURBED)?;
        let other = world.client(DISTURBED)?;
        let log = Arc::new(Log::default());
        let writers = (0..WRITERS).map(|number| {
            let (kv, leases) = (straight.kv(), straight.leases());
            Writer::new(number, kv, leases, random.number(), Arc::clone(&log))
        });
        let writers: Vec<_> = writers.collect();
        let listed = WatchOptions::new().with_list();
        let follow = |client: &Client, name, range: &KeyRange, options: &WatchOptions| {
            Replica::follow(&client.kv(), name, range.clone(), options.clone())
                .forgiving(matches!(kind, Kind::Etcd(_)))
        };
        let replicas = vec![
            follow(&watching, "everything", &KeyRange::all(), &listed),
            follow(
                &watching,
                "a part",
                &KeyRange::prefix(COMMON),
                &listed.clone().with_previous(),
            ),
            follow(&watching, "read late", &KeyRange::prefix("w/"), &listed).read_late(),
            follow(
                &other,
                "of another client",
                &KeyRange::prefix("w/"),
                &listed.with_previous(),
            ),
        ];
        Ok(Self {
            writers,
            world,
            random,
            straight,
            log,
            replicas,
            faults: BTreeMap::new(),
            past: Counts::default(),
            watching,
        })
    }

    /// Writes and faults at the same time; then silence, in which every copy has to become exact.
    async fn round(&mut self, round: u64) -> anyhow::Result<()> {
        let from_the_past = self.start_in_the_past().await?;
        self.replicas.push(from_the_past);
        let (target, reached) = watch::channel(None);
        let mut reading = JoinSet::new();
        for mut replica in self.replicas.drain(..) {
            let mut target = reached.clone();
            reading.spawn(async move {
                let outcome = replica.read_until(&mut target).await;
                (replica, outcome)
            });
        }
        self.write(round).await?;
        let end = self.mark(round).await?;
        target.send_replace(Some(end));
        let all = tokio::time::timeout(SOON, reading.join_all()).await;
        for (mut replica, outcome) in all.context("a copy does not get there")? {
            outcome.and_then(|()| replica.compare_with(&self.log))?;
            self.compare(&replica).await?;
            self.replicas.push(replica);
        }
        self.replicas.sort_by_key(|replica| replica.name);
        self.forget_the_past();
        self.log.forget();
        Ok(())
    }

    /// A copy that begins with what was, and lives for one round.
    async fn start_in_the_past(&mut self) -> anyhow::Result<Replica> {
        let kv = self.straight.kv();
        let now = kv.range(&KeyRange::key("w"), &RangeOptions::new()).await?;
        let back = i64::try_from(self.random.below(80))?;
        let revision = (now.header.revision - back).max(1);
        let range = KeyRange::prefix("w/");
        let base = state_at(&kv, &range, revision).await.ok();
        // If that is forgotten, its watch has to say so and to list.
        let from = revision + i64::from(base.is_some());
        let options = WatchOptions::new().from(from);
        let mut replica = Replica::follow(&self.watching.kv(), "from the past", range, options);
        if let Some(keys) = base {
            replica.begin_with(keys, revision);
        }
        Ok(replica)
    }

    fn forget_the_past(&mut self) {
        let past = |replica: &mut Replica| replica.name == "from the past";
        for replica in self.replicas.extract_if(.., past) {
            self.past.add(&replica.counts);
        }
    }

    async fn write(&mut self, round: u64) -> anyhow::Result<()> {
        let mut writing = JoinSet::new();
        let bulk = round % 8 == 3;
        for mut writer in self.writers.drain(..) {
            writing.spawn(async move {
                let outcome = writer.burst(bulk).await;
                (writer, outcome)
            });
        }
        for _ in 0..1 + self.random.below(3) {
            let what = if self.random.below(16) == 0 || round == 5 {
                self.world.restart(&mut self.random).await?;
                "kills"
            } else {
                self.world.disturb(DISTURBED, &mut self.random).await
            };
            *self.faults.entry(what).or_default() += 1;
        }
        if round % 10 == 7 {
            self.forget_behind_their_backs().await?;
        }
        for (writer, outcome) in writing.join_all().await {
            outcome?;
            self.writers.push(writer);
        }
        Ok(())
    }

    /// What happens while no watch is connected is compacted before one is again.
    async fn forget_behind_their_backs(&mut self) -> anyhow::Result<()> {
        let proxy = self.world.proxy(DISTURBED);
        proxy.refuse().await;
        proxy.cut().await;
        let kv = self.straight.kv();
        for number in 0..3 {
            self.log
                .put(&kv, &format!("{COMMON}{number}"), "unseen")
                .await?;
        }
        let last = self.log.put(&kv, COMMON, "unseen").await?;
        self.log.compact(&kv, last).await?;
        proxy.restore().await;
        *self.faults.entry("compactions while away").or_default() += 1;
        Ok(())
    }

    /// The last write of a round.
    async fn mark(&self, round: u64) -> anyhow::Result<i64> {
        let kv = self.straight.kv();
        let key = format!("{COMMON}-mark");
        let value = round.to_string();
        let put = || self.log.put(&kv, &key, &value);
        Ok(eventually_ok(SOON, "the last write of the round", put).await?)
    }

    /// The copy against the server at the same revision.
    async fn compare(&self, replica: &Replica) -> anyhow::Result<()> {
        let kv = self.straight.kv();
        let truth = state_at(&kv, &replica.range, replica.revision).await?;
        if truth == replica.keys {
            return Ok(());
        }
        let differs = |key: &&bytes::Bytes| truth.get(*key) != replica.keys.get(*key);
        let keys = truth.keys().chain(replica.keys.keys());
        let key = keys.into_iter().find(differs).context("nothing differs")?;
        bail!(
            "{} at revision {}: {key:?} is {:?}, and the copy has {:?}",
            replica.name,
            replica.revision,
            truth.get(key),
            replica.keys.get(key)
        )
    }

    fn counts(&self) -> Counts {
        let mut counts = self.past.clone();
        let each = self.replicas.iter().map(|replica| &replica.counts);
        each.for_each(|more| counts.add(more));
        counts
    }

    fn line(&self) -> String {
        let faults = self
            .faults
            .iter()
            .map(|(what, count)| format!("{count} {what}"));
        let (counts, log) = (self.counts(), &self.log);
        format!(
            "{counts}; {}; {}",
            log.line(),
            faults.collect::<Vec<_>>().join(", ")
        )
    }
}

/// The keys of a range as they are on the server at a revision.
async fn state_at(kv: &Kv, range: &KeyRange, revision: i64) -> anyhow::Result<replica::Keys> {
    let options = RangeOptions::new().with_revision(revision);
    let mut pages = kv.pages(range.clone(), options);
    let mut keys = replica::Keys::new();
    while let Some(page) = pages.next().await? {
        keys.extend(page.into_iter().map(|kv| (kv.key.clone(), kv)));
    }
    Ok(keys)
}
