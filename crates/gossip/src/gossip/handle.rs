//! The handle of a member that runs.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use quorate_net::task::TaskGroup;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::Instant;

use super::bind::Bound;
use super::driver::{Command, Driver, Ended};
use super::mailbox::{EventStream, QueryStream};
use super::{Config, files, stream};
use crate::codec::{Envelope, Key};
use crate::coordinate::Coordinate;
use crate::engine::{Engine, EngineConfig, OpId, Outcome, Stats};
use crate::error::Error;
use crate::event::QueryEvent;
use crate::rng::Rng;
use crate::serf::{KeyChange, KeyReport, Member, QuerySpec};

/// How long tasks get to end by themselves.
const GRACE: Duration = Duration::from_secs(2);

/// Why a member stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// It was asked to.
    Shutdown,
    /// Most members know somebody else by its name.
    NameLost,
}

/// A member that runs. Clones are the same member; when the last one is dropped it stops, and the
/// others take it for failed.
#[derive(Clone, Debug)]
pub struct Gossip {
    commands: mpsc::Sender<Command>,
    ending: watch::Receiver<Option<Ending>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    name: String,
    address: SocketAddr,
    event_buffer: usize,
    /// Dropping the last one ends all tasks.
    group: TaskGroup,
}

impl Gossip {
    /// Starts a member. It knows nobody until it [joins](Self::join) or is joined, or by its
    /// snapshot or seeds.
    ///
    /// # Errors
    ///
    /// [`Error`] for what is not allowed, sockets and files.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time and I/O.
    pub async fn start(mut config: Config) -> Result<Self, Error> {
        config.keyring = files::keyring(&config).await?;
        config.check()?;
        files::tags(&mut config).await?;
        let snapshot = files::snapshot(&config).await?;
        let bound = Bound::new(&config).await?;
        let engine = engine(&config, snapshot, bound.address)?;
        let group = TaskGroup::new();
        let (commands, command_queue) = mpsc::channel(64);
        let (arrived, arrived_queue) = mpsc::channel(64);
        let (ended, ending) = watch::channel(None);
        let limit = config.profile.stream_timeout;
        let listener = stream::listen(bound.tcp, group.spawner(), arrived.clone(), limit);
        group.spawn(listener);
        let driver = Driver {
            engine,
            epoch: Instant::now(),
            udp: bound.udp,
            spawner: group.spawner(),
            arrived,
            answers: stream::Budget::new(),
            files: keep_files(&config, &group),
            ending: ended,
            listeners: Vec::new(),
            waiting: HashMap::new(),
            queries: HashMap::new(),
            next_op: 0,
        };
        group.spawn(driver.run(command_queue, arrived_queue));
        let shared = Arc::new(Shared {
            name: config.name,
            address: bound.address,
            event_buffer: config.event_buffer,
            group,
        });
        let gossip = Self {
            commands,
            ending,
            shared,
        };
        if !config.seeds.is_empty() {
            gossip.keep_seeds(config.seeds, config.seed_interval, config.replay);
        }
        Ok(gossip)
    }

    /// The name of this member.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Where others reach this member.
    pub fn address(&self) -> SocketAddr {
        self.shared.address
    }

    /// All members that are listed, this one and those that failed or left included, by name.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        self.ask(|driver| driver.engine.members().cloned().collect())
            .await
    }

    /// What happens from now on: members that join, leave, fail, change or are forgotten, user
    /// events, queries.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn events(&self) -> Result<EventStream, Error> {
        let (sender, events) = EventStream::new(self.shared.event_buffer);
        self.ask(|driver| driver.listeners.push(sender)).await?;
        Ok(events)
    }

    /// All members and what happens after that: nothing is missing or doubled between the two.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn members_and_events(&self) -> Result<(Vec<Member>, EventStream), Error> {
        let (sender, events) = EventStream::new(self.shared.event_buffer);
        let members = self.ask(|driver| {
            driver.listeners.push(sender);
            driver.engine.members().cloned().collect()
        });
        Ok((members.await?, events))
    }

    /// Sends an event to all members, this one included. Gives its time on the events' clock.
    /// With `coalesce`, members that coalesce deliver only the latest of several with this name.
    ///
    /// # Errors
    ///
    /// [`Failure::EventTooLarge`](crate::engine::Failure::EventTooLarge), [`Failure::Leaving`](crate::engine::Failure::Leaving), [`Error::Closed`].
    pub async fn user_event(
        &self,
        name: impl Into<String>,
        payload: impl Into<Bytes>,
        coalesce: bool,
    ) -> Result<u64, Error> {
        let (name, payload) = (name.into(), payload.into());
        let sent = self.ask(move |driver| {
            let now = driver.now();
            driver.engine.user_event(now, &name, payload, coalesce)
        });
        Ok(sent.await??)
    }

    /// Asks all members, or those that the filters of `spec` name.
    ///
    /// # Errors
    ///
    /// [`Failure`](crate::engine::Failure) for what is too large or no filter, [`Error::Closed`].
    pub async fn query(&self, spec: QuerySpec) -> Result<QueryStream, Error> {
        let (sender, answers) = QueryStream::new(self.shared.event_buffer);
        let asked = self.ask(move |driver| {
            let (now, op) = (driver.now(), driver.new_op());
            driver.queries.insert(op, sender);
            let asked = driver.engine.query(now, op, &spec);
            if asked.is_err() {
                driver.queries.remove(&op);
            }
            asked
        });
        asked.await??;
        Ok(answers)
    }

    /// Answers a query, once.
    ///
    /// # Errors
    ///
    /// [`Failure::ResponseTooLarge`](crate::engine::Failure::ResponseTooLarge); [`Failure::NoSuchQuery`](crate::engine::Failure::NoSuchQuery) when it was answered or its time is
    /// over; [`Error::Closed`].
    pub async fn respond(
        &self,
        query: &QueryEvent,
        payload: impl Into<Bytes>,
    ) -> Result<(), Error> {
        let (key, payload) = (query.key, payload.into());
        let sent = self.ask(move |driver| {
            let now = driver.now();
            driver.engine.respond(now, key, payload)
        });
        Ok(sent.await??)
    }

    /// Changes what this member says about itself: all its tags. Returns when that has been
    /// gossiped.
    ///
    /// # Errors
    ///
    /// [`Failure::TagsTooLarge`](crate::engine::Failure::TagsTooLarge); [`Failure::BroadcastTimeout`](crate::engine::Failure::BroadcastTimeout) after 5 s, then it may still spread;
    /// [`Error::Closed`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops waiting; the tags are changed.
    pub async fn set_tags(&self, tags: BTreeMap<String, String>) -> Result<(), Error> {
        let done = self.operation(move |driver, op| driver.set_tags(op, tags));
        done.await.map(|_| ())
    }

    /// Changes some tags: those of `delete` go, then those of `set` are set, the others stay.
    /// Returns when that has been gossiped.
    ///
    /// # Errors
    ///
    /// As [`set_tags`](Self::set_tags).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops waiting; the tags are changed.
    pub async fn change_tags(
        &self,
        set: BTreeMap<String, String>,
        delete: Vec<String>,
    ) -> Result<(), Error> {
        let done = self.operation(move |driver, op| {
            let mut tags = driver.engine.tags().clone();
            tags.retain(|name, _| !delete.contains(name));
            tags.extend(set);
            driver.set_tags(op, tags);
        });
        done.await.map(|_| ())
    }

    /// What this member says about itself.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn tags(&self) -> Result<BTreeMap<String, String>, Error> {
        self.ask(|driver| driver.engine.tags().clone()).await
    }

    /// Says goodbye: the others take this member for one that left. Returns when that has spread;
    /// [`shutdown`](Self::shutdown) comes next. Takes at most 11 s.
    ///
    /// # Errors
    ///
    /// [`Failure::Leaving`](crate::engine::Failure::Leaving) the second time, [`Error::Closed`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops waiting; the member still leaves.
    pub async fn leave(&self) -> Result<(), Error> {
        let done = self.operation(|driver, op| {
            let now = driver.now();
            driver.engine.leave(now, op);
        });
        done.await.map(|_| ())
    }

    /// Has everybody take a failed member for one that left; with `prune`, forget it. Returns when
    /// that has been gossiped. A member that takes part is not moved by it.
    ///
    /// # Errors
    ///
    /// [`Failure::BroadcastTimeout`](crate::engine::Failure::BroadcastTimeout) after 5 s, then it may still spread; [`Error::Closed`].
    pub async fn force_leave(&self, node: impl Into<String>, prune: bool) -> Result<(), Error> {
        let node = node.into();
        let done = self.operation(move |driver, op| {
            let now = driver.now();
            driver.engine.force_leave(now, op, &node, prune);
        });
        done.await.map(|_| ())
    }

    /// Has every member decrypt with this key as well.
    ///
    /// # Errors
    ///
    /// [`Failure::Keys`](crate::engine::Failure::Keys) when some did not, or did not answer in time; [`Error::Closed`].
    pub async fn install_key(&self, key: Key) -> Result<KeyReport, Error> {
        self.keys(KeyChange::Install(key)).await
    }

    /// Has every member encrypt with this key, which must be installed.
    ///
    /// # Errors
    ///
    /// As [`install_key`](Self::install_key).
    pub async fn use_key(&self, key: Key) -> Result<KeyReport, Error> {
        self.keys(KeyChange::Use(key)).await
    }

    /// Has every member forget this key, which must not be the one that encrypts.
    ///
    /// # Errors
    ///
    /// As [`install_key`](Self::install_key).
    pub async fn remove_key(&self, key: Key) -> Result<KeyReport, Error> {
        self.keys(KeyChange::Remove(key)).await
    }

    /// Asks every member for its keys.
    ///
    /// # Errors
    ///
    /// As [`install_key`](Self::install_key).
    pub async fn list_keys(&self) -> Result<KeyReport, Error> {
        self.keys(KeyChange::List).await
    }

    async fn keys(&self, change: KeyChange) -> Result<KeyReport, Error> {
        let done = self.operation(move |driver, op| {
            let now = driver.now();
            driver.engine.keys(now, op, &change);
        });
        match done.await? {
            Outcome::Keys(report) => Ok(report),
            Outcome::Done | Outcome::Joined { .. } => Ok(KeyReport::default()),
        }
    }

    /// Where this member is in the network; `None` when coordinates are switched off.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn coordinate(&self) -> Result<Option<Coordinate>, Error> {
        self.ask(|driver| driver.engine.coordinate().cloned()).await
    }

    /// Where a member was when it last answered this one; `None` if it never did.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn coordinate_of(
        &self,
        name: impl Into<String>,
    ) -> Result<Option<Coordinate>, Error> {
        let name = name.into();
        self.ask(move |driver| driver.engine.coordinate_of(&name).cloned())
            .await
    }

    /// How this member is doing.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`].
    pub async fn stats(&self) -> Result<Stats, Error> {
        self.ask(|driver| driver.engine.stats()).await
    }

    /// Stops at once, without saying goodbye: the others take this member for failed, unless it
    /// [left](Self::leave) before. Returns when all its tasks have ended and its files are written.
    pub async fn shutdown(&self) {
        self.shared.group.shutdown(GRACE).await;
    }

    /// Resolves when this member has stopped, with the reason.
    pub async fn ended(&self) -> Ending {
        let mut ending = self.ending.clone();
        match ending.wait_for(Option::is_some).await {
            Ok(ended) => ended.unwrap_or(Ending::Shutdown),
            Err(_) => Ending::Shutdown,
        }
    }

    /// Has the driver do something, and gives what comes of it.
    async fn ask<T, F>(&self, work: F) -> Result<T, Error>
    where
        F: FnOnce(&mut Driver) -> T + Send + 'static,
        T: Send + 'static,
    {
        let (done, result) = oneshot::channel();
        let command: Command = Box::new(move |driver| {
            // Who asked may have stopped waiting.
            let _ = done.send(work(driver));
        });
        self.commands
            .send(command)
            .await
            .map_err(|_| Error::Closed)?;
        result.await.map_err(|_| Error::Closed)
    }

    /// Starts something that takes time, and waits for its end.
    pub(super) async fn operation<F>(&self, start: F) -> Result<Outcome, Error>
    where
        F: FnOnce(&mut Driver, OpId) + Send + 'static,
    {
        let (done, result) = oneshot::channel::<Ended>();
        self.ask(move |driver| {
            let op = driver.new_op();
            driver.waiting.insert(op, done);
            start(driver, op);
        })
        .await?;
        let ended = result.await.map_err(|_| Error::Closed)?;
        Ok(ended?)
    }

    fn keep_seeds(&self, seeds: Vec<String>, every: Duration, replay: bool) {
        let member = WeakGossip {
            commands: self.commands.clone(),
            ending: self.ending.clone(),
            shared: Arc::downgrade(&self.shared),
        };
        let mut stop = self.shared.group.cancelled();
        self.shared.group.spawn(async move {
            tokio::select! {
                () = super::join::keep_joined(member, seeds, every, replay) => {}
                () = &mut stop => {}
            }
        });
    }
}

/// A handle that does not keep the member running.
pub(super) struct WeakGossip {
    commands: mpsc::Sender<Command>,
    ending: watch::Receiver<Option<Ending>>,
    shared: Weak<Shared>,
}

impl WeakGossip {
    pub(super) fn upgrade(&self) -> Option<Gossip> {
        Some(Gossip {
            commands: self.commands.clone(),
            ending: self.ending.clone(),
            shared: self.shared.upgrade()?,
        })
    }
}

fn engine(
    config: &Config,
    snapshot: Option<crate::serf::Snapshot>,
    address: SocketAddr,
) -> Result<Engine, Error> {
    let mut engine = EngineConfig::new(config.name.clone(), address);
    engine.tags.clone_from(&config.tags);
    engine.profile = config.profile.clone();
    engine.limits = config.limits.clone();
    engine.coalesce_members = config.coalesce_members;
    engine.coalesce_users = config.coalesce_users;
    engine.coordinates = config.coordinates;
    engine.resolve_conflicts = config.resolve_conflicts;
    engine.snapshot = snapshot;
    let envelope = Envelope {
        label: config.label.clone(),
        keyring: config.keyring.clone(),
        compression: config.compression,
        encrypt_outgoing: config.encrypt_outgoing,
        verify_incoming: config.verify_incoming,
        cipher_version: 1,
    };
    let mut seed = [0; 8];
    // Only the order of probes and the like depends on it.
    let _ = getrandom::fill(&mut seed);
    let rng = Rng::seeded(u64::from_be_bytes(seed));
    Ok(Engine::new(engine, envelope, rng, Duration::ZERO)?)
}

fn keep_files(config: &Config, group: &TaskGroup) -> Option<mpsc::UnboundedSender<files::Write>> {
    let paths = files::Paths::of(config)?;
    let (writes, queue) = mpsc::unbounded_channel();
    group.spawn(files::keep(paths, queue));
    Some(writes)
}
