//! A server that is killed under writers loses nothing that it acknowledged.

mod access;
mod lease;
mod model;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_conformance::random::Random;
use quorate_etcd::v3::{Client, ErrorKind, KeyRange, RangeOptions};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::server::Kind;
use crate::world::World;
use access::AccessWriter;
use model::Model;
use writer::Writer;

const WRITERS: usize = 6;
/// The way of those who write until the server is dead, and of those who look afterwards.
const WRITING: usize = 0;
const LOOKING: usize = 1;

pub(crate) fn cases() -> Vec<Case<Kind>> {
    let cases = cases![Kind;
        nothing_acknowledged_is_lost_by_sigkill,
        lease::a_restart_gives_leases_their_whole_time_again,
        lease::a_lease_that_nobody_keeps_ends_after_a_restart_too,
        access::access_control_survives_a_sigkill,
    ];
    cases.to_vec()
}

async fn nothing_acknowledged_is_lost_by_sigkill(kind: &Subject<Kind>) -> anyhow::Result<()> {
    let usual = if matches!(**kind, Kind::AgentEtcd) {
        8
    } else {
        3
    };
    let rounds = crate::setting("QUORATE_CRASH_ROUNDS").unwrap_or(usual);
    let (mut random, seed) = crate::chance();
    let world = World::open(**kind, 2).await?;
    let client = world.patient_client(LOOKING)?;
    let writers = (0..WRITERS).map(|number| Writer::new(number, random.number()));
    let mut crash = Crash {
        writers: writers.collect(),
        access: Some(AccessWriter::new(random.number())),
        client,
        world,
        random,
        highest: 1,
        compacted: 0,
        remembered: None,
        told: Arc::default(),
    };
    for round in 0..rounds {
        let outcome = crash.round().await;
        outcome.with_context(|| format!("kill {round}, seed {seed}"))?;
    }
    let acknowledged = crash.acknowledged();
    println!(
        "{:?}, durable: {rounds} kills, {acknowledged} acknowledged writes, compacted to {} of {} \
         (seed {seed})",
        **kind, crash.compacted, crash.highest
    );
    Ok(())
}

/// A server, those who write, and what must be there after a kill.
struct Crash {
    world: World,
    client: Client,
    random: Random,
    writers: Vec<Writer>,
    access: Option<AccessWriter>,
    /// The highest revision that was told.
    highest: i64,
    compacted: i64,
    /// What one writer's keys were at a revision.
    remembered: Option<(i64, KeyRange, Model)>,
    /// How many writes of keys were acknowledged.
    told: Arc<AtomicU64>,
}

impl Crash {
    /// Writes until the server is killed; starts it again and looks.
    async fn round(&mut self) -> anyhow::Result<()> {
        let dying = Arc::new(self.hasty()?);
        let mut writing = JoinSet::new();
        for mut writer in self.writers.drain(..) {
            let (client, told) = (Arc::clone(&dying), Arc::clone(&self.told));
            writing.spawn(async move {
                let outcome = writer.run(&client, &told).await;
                (writer, outcome)
            });
        }
        let mut access = self.access.take().context("no writer of users")?;
        let client = Arc::clone(&dying);
        let mut changing = JoinSet::new();
        changing.spawn(async move {
            let outcome = access.run(&client).await;
            (access, outcome)
        });
        // By their number, so that a slow machine shows as much as a fast one.
        let enough = self.told.load(Relaxed) + 30 + self.random.below(150);
        let mut ended = Vec::new();
        // A machine that stands still ends them all, as hasty as they are: then that is all for now.
        while self.told.load(Relaxed) < enough && ended.len() < WRITERS {
            while let Some(outcome) = writing.try_join_next() {
                ended.push(outcome?);
            }
            sleep(Duration::from_millis(1)).await;
        }
        // Those who write end with the server: they do not reach the new one.
        self.world.proxy(WRITING).refuse().await;
        self.world.restart(&mut self.random).await?;
        ended.extend(writing.join_all().await);
        for (writer, outcome) in ended {
            outcome?;
            self.highest = self.highest.max(writer.highest);
            self.writers.push(writer);
        }
        self.writers.sort_by_key(|writer| writer.number);
        for (access, outcome) in changing.join_all().await {
            outcome?;
            self.access = Some(access);
        }
        self.world.proxy(WRITING).restore().await;
        self.look().await
    }

    /// A client that ends with the server: a writer that waits for it shows nothing.
    fn hasty(&self) -> anyhow::Result<Client> {
        let timeouts =
            quorate_etcd::v3::Timeouts::default().with_overall(Some(Duration::from_secs(1)));
        let builder = Client::builder().address(&self.world.proxy(WRITING).url());
        Ok(builder.timeouts(timeouts).build()?)
    }

    async fn look(&mut self) -> anyhow::Result<()> {
        self.revisions_grow().await?;
        self.history_is_there().await?;
        for writer in &mut self.writers {
            writer.verify(&self.client).await?;
        }
        let access = self.access.as_mut().context("no writer of users")?;
        access.verify(&self.client).await?;
        self.compact().await
    }

    async fn revisions_grow(&mut self) -> anyhow::Result<()> {
        let kv = self.client.kv();
        let now = kv
            .range(&KeyRange::key("probe"), &RangeOptions::new())
            .await?;
        let now = now.header.revision;
        ensure!(
            now >= self.highest,
            "the revision went from {} to {now}",
            self.highest
        );
        let next = kv.put("probe", now.to_string()).await?.header.revision;
        ensure!(next == now + 1, "the revision after {now} is {next}");
        self.highest = next;
        Ok(())
    }

    /// What was is what it was, and what was forgotten stays forgotten.
    async fn history_is_there(&self) -> anyhow::Result<()> {
        let kv = self.client.kv();
        if self.compacted > 1 {
            let options = RangeOptions::new().with_revision(self.compacted - 1);
            let found = kv.range(&KeyRange::key("probe"), &options).await;
            let kind = found.as_ref().err().map(quorate_etcd::v3::Error::kind);
            ensure!(
                kind == Some(ErrorKind::Compacted),
                "compacted to {}: {found:?}",
                self.compacted
            );
        }
        if let Some((revision, range, model)) = &self.remembered {
            let found = Model::read(&self.client, range, Some(*revision)).await?;
            ensure!(
                found == *model,
                "at revision {revision}: {found:?}, and was {model:?}"
            );
        }
        Ok(())
    }

    /// Forgets about half of what is new, and remembers what is now.
    async fn compact(&mut self) -> anyhow::Result<()> {
        let new = u64::try_from(self.highest - self.compacted).unwrap_or(1);
        let ahead = i64::try_from(self.random.below(new.max(1)))?;
        if ahead > 0 {
            self.client
                .kv()
                .compact(self.compacted + ahead, false)
                .await?;
            self.compacted += ahead;
        }
        let writer = self.random.pick(&self.writers);
        let range = writer.range();
        let model = Model::read(&self.client, &range, Some(self.highest)).await?;
        self.remembered = Some((self.highest, range, model));
        Ok(())
    }

    fn acknowledged(&self) -> u64 {
        let access = self.access.as_ref().map_or(0, |access| access.acknowledged);
        self.told.load(Relaxed) + access
    }
}
