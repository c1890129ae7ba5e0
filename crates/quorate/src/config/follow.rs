//! What keeps a configuration up to date: one task, which ends with the last handle.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot, watch};

use super::changes::Published;
use super::checks::Checks;
use super::current::Slot;
use super::stack::Stack;
use super::status::StoreStatus;
use super::{ConfigError, ConfigSnapshot, Parameter, Parameters, Refusal};

/// After this many times the quiet time a change is taken, quiet or not.
const PATIENCE: u32 = 20;

/// What the handles see.
#[derive(Debug)]
pub(super) struct Shared<T> {
    pub(super) slot: Slot<T>,
    pub(super) published: watch::Sender<Published<T>>,
    pub(super) state: Mutex<State>,
}

/// What is known of the following itself.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) stores: Vec<StoreStatus>,
    /// Why what the layers say is not the current value.
    pub(super) refused: Option<Arc<Refusal>>,
    pub(super) refusals: u64,
    pub(super) is_closed: bool,
}

/// What handles ask the task for.
#[derive(Debug)]
pub(super) enum Command {
    /// Read files and the environment anew, and take what that gives.
    Reload(oneshot::Sender<Result<(), Arc<Refusal>>>),
    /// Say whether all would be well if a store held these parameters.
    Check {
        store: usize,
        parameters: BTreeMap<String, Parameter>,
        answer: oneshot::Sender<Result<(), ConfigError>>,
    },
}

/// The task.
#[derive(Debug)]
pub(super) struct Follower<T> {
    pub(super) stack: Stack,
    pub(super) checks: Checks<T>,
    pub(super) shared: Arc<Shared<T>>,
    pub(super) commands: mpsc::Receiver<Command>,
    /// How long it has to be quiet before a change is taken.
    pub(super) quiet: Duration,
    pub(super) sequence: u64,
}

impl<T> Shared<T> {
    pub(super) fn new(first: ConfigSnapshot<T>, refusal: Option<Arc<Refusal>>) -> Self {
        let slot = Slot::new(first);
        let published = Published {
            snapshot: slot.load_full(),
            sequence: 1,
            refusal: refusal.clone(),
            ended: false,
        };
        let state = State {
            refusals: refusal.iter().map(|_| 1).sum(),
            refused: refusal,
            ..State::default()
        };
        Self {
            slot,
            published: watch::channel(published).0,
            state: Mutex::new(state),
        }
    }

    pub(super) fn with_state<R>(&self, look: impl FnOnce(&mut State) -> R) -> R {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Follower<T> {
    /// Follows until nobody has a handle any more.
    pub(super) async fn run(mut self) {
        let mut changed: Option<(Instant, Instant)> = None;
        self.tell_status();
        loop {
            let due =
                changed.map(|(first, last)| (last + self.quiet).min(first + self.quiet * PATIENCE));
            tokio::select! {
                biased;
                command = self.commands.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => return,
                },
                news = self.stack.next(), if !self.stack.is_ended() => {
                    if news.data && self.quiet.is_zero() {
                        self.taken();
                    } else if news.data {
                        let now = Instant::now();
                        changed = Some((changed.map_or(now, |(first, _)| first), now));
                    }
                    self.tell_status();
                }
                () = at(due) => {
                    changed = None;
                    self.taken();
                }
            }
        }
    }

    async fn obey(&mut self, command: Command) {
        match command {
            Command::Reload(answer) => {
                let done = match self.stack.reload().await {
                    Ok(()) => self.take(),
                    Err(error) => Err(self.refuse(error, None)),
                };
                // Who asked may have stopped waiting.
                drop(answer.send(done));
            }
            Command::Check {
                store,
                parameters,
                answer,
            } => {
                let current = self.shared.slot.load_full();
                let checked = self.stack.compose_with(Some((store, parameters)));
                let checked = checked
                    .and_then(|all| self.checks.value(&all, Some(current.value())).map(drop));
                drop(answer.send(checked));
            }
        }
    }

    /// Takes what the layers say now; that it was refused is told to whoever listens.
    fn taken(&mut self) {
        drop(self.take());
    }

    /// Takes what the layers say now, or says why not.
    fn take(&mut self) -> Result<(), Arc<Refusal>> {
        let parameters = match self.stack.compose() {
            Ok(parameters) => parameters,
            Err(error) => return Err(self.refuse(error, None)),
        };
        let current = self.shared.slot.load_full();
        if current.version > 0 && parameters == current.parameters {
            self.shared.with_state(|state| state.refused = None);
            return Ok(());
        }
        if let Some(again) = self.refused_before(&parameters) {
            return Err(again);
        }
        match self.checks.value(&parameters, Some(current.value())) {
            Ok(value) => {
                self.publish(value, parameters, current.version + 1);
                Ok(())
            }
            Err(error) => Err(self.refuse(error, Some(parameters))),
        }
    }

    /// The refusal that stands, if it was about the same parameters.
    fn refused_before(&self, parameters: &Parameters) -> Option<Arc<Refusal>> {
        let standing = self.shared.with_state(|state| state.refused.clone());
        standing.filter(|refusal| refusal.parameters.as_ref() == Some(parameters))
    }

    fn publish(&mut self, value: T, parameters: Parameters, version: u64) {
        self.sequence += 1;
        let sequence = self.sequence;
        let snapshot = Arc::new(ConfigSnapshot {
            value,
            parameters,
            version,
            taken_at: Instant::now(),
        });
        self.shared.slot.store(snapshot.clone());
        self.shared.with_state(|state| state.refused = None);
        self.shared.published.send_modify(|published| {
            published.snapshot = snapshot;
            published.sequence = sequence;
        });
        tracing::debug!(version, "configuration changed");
    }

    fn refuse(&mut self, error: ConfigError, parameters: Option<Parameters>) -> Arc<Refusal> {
        self.sequence += 1;
        let refusal = Arc::new(Refusal {
            error,
            parameters,
            at: SystemTime::now(),
            sequence: self.sequence,
        });
        tracing::warn!(error = %Chain(&refusal.error), "configuration not taken");
        self.shared.with_state(|state| {
            state.refused = Some(refusal.clone());
            state.refusals += 1;
        });
        let told = refusal.clone();
        self.shared
            .published
            .send_modify(|published| published.refusal = Some(told));
        refusal
    }

    fn tell_status(&self) {
        let stores = self.stack.stores().map(|remote| remote.status()).collect();
        let ended = self.stack.is_ended();
        self.shared.with_state(|state| {
            state.stores = stores;
            state.is_closed = ended;
        });
        self.shared.published.send_if_modified(|published| {
            let news = ended && !published.ended;
            published.ended |= ended;
            news
        });
    }
}

async fn at(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// An error with all that caused it, in one line.
pub(super) struct Chain<'a>(pub(super) &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}
