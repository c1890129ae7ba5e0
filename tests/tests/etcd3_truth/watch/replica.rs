//! A copy of keys, made from a watch.

use std::collections::BTreeMap;
use std::fmt;

use anyhow::{Context as _, bail, ensure};
use bytes::Bytes;
use quorate_etcd::v3::{Change, Event, EventKind, KeyRange, KeyValue, Kv, Watch, WatchOptions};
use tokio::sync::watch::Receiver;

use super::log::{Changed, Log};

/// Keys with all that is known of them.
pub(super) type Keys = BTreeMap<Bytes, KeyValue>;

/// What a watch told, how often.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) events: u64,
    pub(super) relisted: u64,
    pub(super) interrupted: u64,
    progress: u64,
    errors: u64,
    compared: u64,
    /// Copies whose watch began before the server knew what it was to tell.
    hasty: u64,
}

impl Counts {
    pub(super) fn add(&mut self, more: &Self) {
        self.events += more.events;
        self.relisted += more.relisted;
        self.interrupted += more.interrupted;
        self.progress += more.progress;
        self.errors += more.errors;
        self.compared += more.compared;
        self.hasty += more.hasty;
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} comparisons, {} events, {} interruptions, {} lists after compaction, {} progress, \
             {} errors in between, {} watches that began in haste",
            self.compared,
            self.events,
            self.interrupted,
            self.relisted,
            self.progress,
            self.errors,
            self.hasty
        )
    }
}

/// A copy, and the watch that it is made from.
pub(super) struct Replica {
    pub(super) name: &'static str,
    pub(super) range: KeyRange,
    pub(super) keys: Keys,
    /// All that happened up to here is in the copy.
    pub(super) revision: i64,
    pub(super) counts: Counts,
    watch: Watch,
    previous: bool,
    /// Whether it was listed, or begun with a list, and is a copy since.
    complete: bool,
    /// Whether it is not read before all is written.
    late: bool,
    /// What was told in this round, by revision.
    told: BTreeMap<i64, Changed>,
    /// What happened up to here may not have been told, because it was listed.
    listed: i64,
    /// Where the last round ended.
    compared: i64,
    /// The highest revision that an event lacked what was before.
    lacking: i64,
    /// Whether the server may begin to tell of a watch before it has noted what that asked for.
    forgiving: bool,
    /// Whether an event has told what was before since the watch was begun or taken up again.
    settled: bool,
    /// As `lacking`, of events before that.
    early: i64,
}

impl Replica {
    pub(super) fn follow(
        kv: &Kv,
        name: &'static str,
        range: KeyRange,
        options: WatchOptions,
    ) -> Self {
        Self {
            name,
            previous: options.previous,
            watch: kv.watch_with(range.clone(), options),
            range,
            keys: Keys::new(),
            revision: 0,
            counts: Counts::default(),
            complete: false,
            late: false,
            told: BTreeMap::new(),
            listed: 0,
            compared: 0,
            lacking: 0,
            forgiving: false,
            settled: false,
            early: 0,
        }
    }

    /// A real etcd takes note that a watch asked for what was before after it has begun it: what
    /// happens in between is told without.
    pub(super) fn forgiving(mut self, forgiving: bool) -> Self {
        self.forgiving = forgiving;
        self
    }

    pub(super) fn read_late(mut self) -> Self {
        self.late = true;
        self
    }

    /// The keys as they were at the revision before the first that the watch tells.
    pub(super) fn begin_with(&mut self, keys: Keys, revision: i64) {
        (self.keys, self.revision, self.complete) = (keys, revision, true);
        self.listed = revision;
        self.compared = revision;
    }

    /// Follows until the copy is at the target, which is told when all is written.
    pub(super) async fn read_until(
        &mut self,
        target: &mut Receiver<Option<i64>>,
    ) -> anyhow::Result<()> {
        if self.late {
            target.wait_for(Option::is_some).await?;
        }
        loop {
            let end = *target.borrow_and_update();
            if self.complete && end.is_some_and(|end| self.revision >= end) {
                return Ok(());
            }
            tokio::select! {
                changed = target.changed(), if end.is_none() => changed?,
                next = self.watch.next() => match next {
                    Ok(change) => self.take(change).with_context(|| self.name)?,
                    Err(_) => self.counts.errors += 1,
                },
            }
        }
    }

    fn take(&mut self, change: Change) -> anyhow::Result<()> {
        match change {
            Change::Listed {
                revision,
                kvs,
                compacted,
            } => self.take_list(revision, kvs, compacted),
            Change::Live { from } => {
                ensure!(
                    !self.complete || from <= self.revision + 1,
                    "live from {from} and told up to {}: a gap",
                    self.revision
                );
                self.settled = false;
                Ok(())
            }
            Change::Events {
                revision, events, ..
            } => self.take_events(revision, &events),
            Change::Progress { revision } => {
                ensure!(revision >= self.revision, "progress back to {revision}");
                self.counts.progress += 1;
                self.revision = revision;
                Ok(())
            }
            Change::Interrupted { .. } => {
                self.counts.interrupted += 1;
                Ok(())
            }
            other => bail!("unexpected: {other:?}"),
        }
    }

    fn take_list(
        &mut self,
        revision: i64,
        kvs: Vec<KeyValue>,
        compacted: Option<i64>,
    ) -> anyhow::Result<()> {
        ensure!(
            compacted.is_some() || !self.complete,
            "listed again, and nothing was compacted"
        );
        ensure!(
            revision >= self.revision,
            "listed at {revision}, and told up to {}",
            self.revision
        );
        self.counts.relisted += u64::from(compacted.is_some());
        self.keys = kvs.into_iter().map(|kv| (kv.key.clone(), kv)).collect();
        (self.revision, self.listed, self.complete) = (revision, revision, true);
        Ok(())
    }

    fn take_events(&mut self, revision: i64, events: &[Event]) -> anyhow::Result<()> {
        ensure!(self.complete, "events before the list");
        let last = events.last().map(Event::revision);
        ensure!(
            last == Some(revision),
            "{revision} is not the last of {events:?}"
        );
        let mut at = self.revision;
        for event in events {
            let now = event.revision();
            ensure!(
                now > self.revision,
                "revision {now} after {} was complete: split, repeated or late: {event:?}",
                self.revision
            );
            ensure!(now >= at, "{now} after {at}: out of order");
            at = now;
            let gone = event.kind == EventKind::Deleted;
            let changed = self.told.entry(now).or_default();
            let both = [gone, !gone].map(|gone| (event.kv.key.clone(), gone));
            ensure!(
                !both.iter().any(|it| changed.contains(it)),
                "twice at {now}: {event:?}"
            );
            changed.insert((event.kv.key.clone(), gone));
            self.apply(event)?;
        }
        self.counts.events += u64::try_from(events.len())?;
        self.revision = revision;
        Ok(())
    }

    /// Changes the copy; the event has to fit to what it changes.
    fn apply(&mut self, event: &Event) -> anyhow::Result<()> {
        let kv = &event.kv;
        ensure!(self.range.contains(&kv.key), "not of the range: {event:?}");
        let before = self.keys.get(&kv.key);
        if self.previous && event.previous.is_none() && before.is_some() {
            let early = self.forgiving && !self.settled;
            let lacking = if early {
                &mut self.early
            } else {
                &mut self.lacking
            };
            *lacking = (*lacking).max(kv.mod_revision);
        } else if self.previous {
            ensure!(
                event.previous.as_ref() == before,
                "{event:?} after {before:?}"
            );
            self.settled |= event.previous.is_some();
        }
        let fits = match (event.kind, before) {
            (EventKind::Created, None) => kv.version == 1 && kv.create_revision == kv.mod_revision,
            (EventKind::Changed, Some(before)) => {
                kv.version == before.version + 1 && kv.create_revision == before.create_revision
            }
            (EventKind::Deleted, Some(_)) => true,
            _ => false,
        };
        ensure!(fits, "{event:?} after {before:?}");
        if event.kind == EventKind::Deleted {
            self.keys.remove(&kv.key);
        } else {
            self.keys.insert(kv.key.clone(), kv.clone());
        }
        Ok(())
    }

    /// What was told of each revision is what the server acknowledged to those who wrote.
    pub(super) fn compare_with(&mut self, log: &Log) -> anyhow::Result<()> {
        for (revision, changed) in log.between(self.compared + 1, self.revision) {
            let of_range = changed
                .into_iter()
                .filter(|(key, _)| self.range.contains(key));
            let expected: Changed = of_range.collect();
            let told = self.told.get(&revision);
            if told.is_none() && (revision <= self.listed || expected.is_empty()) {
                continue;
            }
            ensure!(
                told == Some(&expected),
                "{}: revision {revision} changed {expected:?}, and told was {told:?}",
                self.name
            );
        }
        // What was before is forgotten with the revision before.
        ensure!(
            self.lacking <= log.compacted(),
            "{}: the event at {} lacks what was before, and {} is compacted",
            self.name,
            self.lacking,
            log.compacted()
        );
        self.counts.hasty += u64::from(self.early > log.compacted());
        self.early = 0;
        self.told.clear();
        self.compared = self.revision;
        self.counts.compared += 1;
        Ok(())
    }
}
