//! The one place where state changes.
//!
//! A thread of its own takes commands in batches, applies them, makes all of them durable with
//! one commit, publishes the new snapshot, answers, and wakes the readers that wait. It is a
//! thread and not a task because a commit blocks for as long as the disk takes, and because a
//! queue that is waited on directly saves a change of threads on the way to the disk.

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Instant, SystemTime};

use arc_swap::{ArcSwap, Guard};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::engine::{Changes, Command, Engine, Reply, Row, Snapshot, Time};
use crate::store::{Store, StoreError};
use crate::waiters::Waiters;

mod patience;

use patience::{LastCommit, Patience};

/// How many places there are in the queue. A command takes one, and one more for every KiB that it
/// brings along, so that at most about 64 MiB wait.
const PLACES: u32 = 64 * 1024;
/// How many commands one commit takes at most.
const BATCH: usize = 1024;
/// No command is added to a commit that has this many bytes.
const BATCH_BYTES: usize = 4 * 1024 * 1024;
/// How many indexes a commit claims beyond the last one, so that refused writes, which change no
/// row, need no commit of their own. A restart after a crash skips what was claimed.
const CLAIM: u64 = 1024;

/// Takes commands, and shows the state. Clones are handles on the same writer.
///
/// When the last handle is dropped the thread ends by itself; [`Writer::close`] waits for it.
#[derive(Clone, Debug)]
pub struct Writer {
    queue: mpsc::Sender<Message>,
    places: Arc<Semaphore>,
    shared: Arc<Shared>,
    /// When the engine's time began.
    start: Instant,
    ended: Arc<Mutex<Option<Ended>>>,
}

#[derive(Debug)]
struct Shared {
    snapshot: ArcSwap<Snapshot>,
    waiters: Waiters,
    /// How many commands wait in the queue.
    waiting: AtomicUsize,
}

#[derive(Debug)]
struct Ended {
    signal: oneshot::Receiver<()>,
    thread: JoinHandle<()>,
}

/// Why a command was not carried out.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The commit that this command was part of failed. It is unknown whether the write will be
    /// there after a restart; it is not visible now.
    #[error("the write could not be made durable")]
    CommitFailed(#[source] Arc<StoreError>),
    /// An earlier commit failed, so nothing is written any more. The command did nothing.
    #[error("no more writes are taken since one could not be made durable")]
    Stopped(#[source] Arc<StoreError>),
    /// The writer has ended. The command did nothing.
    #[error("the agent is shutting down")]
    Closed,
}

enum Message {
    Command(Request),
    Close,
}

struct Request {
    command: Command,
    answer: oneshot::Sender<Result<Reply, WriteError>>,
    /// Its places in the queue, free again when the request is carried out.
    _places: OwnedSemaphorePermit,
}

impl Writer {
    /// Loads the state from `store` and starts the thread. A store that is empty gives a state
    /// whose first index is above `first_index`.
    ///
    /// # Errors
    /// When the store can't be read, or no thread be started.
    pub fn start(mut store: Box<dyn Store>, first_index: u64) -> Result<Self, StartError> {
        let rows = store.load()?;
        let fresh = rows.is_empty();
        let mut engine = if fresh {
            Engine::starting_at(first_index)
        } else {
            Engine::restore(rows, Time::START)
        };
        engine.set_started(SystemTime::now());
        let shared = Arc::new(Shared {
            snapshot: ArcSwap::from_pointee(engine.snapshot()),
            waiters: Waiters::default(),
            waiting: AtomicUsize::new(0),
        });
        let (queue, inbox) = mpsc::channel();
        let (ending, signal) = oneshot::channel();
        let claimed = engine.last_index();
        let start = Instant::now();
        let worker = Worker {
            engine,
            store,
            shared: Arc::clone(&shared),
            start,
            claimed,
            fresh,
            failure: None,
            changes: Changes::default(),
            answers: Vec::new(),
            last: LastCommit::default(),
        };
        let thread = thread::Builder::new()
            .name("quorate-writer".into())
            .spawn(move || {
                worker.run(&inbox);
                drop(ending);
            })
            .map_err(StartError::Thread)?;
        Ok(Self {
            queue,
            places: Arc::new(Semaphore::new(
                usize::try_from(PLACES).unwrap_or(usize::MAX),
            )),
            shared,
            start,
            ended: Arc::new(Mutex::new(Some(Ended { signal, thread }))),
        })
    }

    /// Carries out a command. Returns when its effect is durable and visible in
    /// [`Writer::snapshot`].
    ///
    /// # Errors
    /// When it could not be made durable, or the writer has stopped.
    ///
    /// # Cancel safety
    /// Dropped before it returns, the command is carried out or not; it is never half done.
    pub async fn submit(&self, command: impl Into<Command>) -> Result<Reply, WriteError> {
        let (answer, answered) = oneshot::channel();
        let command = command.into();
        let kibibytes = u32::try_from(command.payload_bytes() / 1024).unwrap_or(PLACES);
        let places = kibibytes.saturating_add(1).min(PLACES);
        let places = Arc::clone(&self.places).acquire_many_owned(places).await;
        let request = Request {
            command,
            answer,
            _places: places.map_err(|_| WriteError::Closed)?,
        };
        self.shared.waiting.fetch_add(1, Relaxed);
        self.queue
            .send(Message::Command(request))
            .map_err(|_| WriteError::Closed)?;
        answered.await.unwrap_or(Err(WriteError::Closed))
    }

    /// The state as of the last commit. Hold the guard only for as long as one answer takes.
    #[must_use]
    pub fn snapshot(&self) -> Guard<Arc<Snapshot>> {
        self.shared.snapshot.load()
    }

    /// The engine's time at the moment.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::since_start(self.start.elapsed())
    }

    /// Those who wait for a change. Register before you take the snapshot.
    #[must_use]
    pub fn waiters(&self) -> &Waiters {
        &self.shared.waiters
    }

    /// Ends the writer: commands that were submitted before are carried out, later ones get
    /// [`WriteError::Closed`]. Returns when the store is closed and the thread has ended.
    ///
    /// # Cancel safety
    /// The writer ends although the future is dropped; only the waiting is cut short.
    pub async fn close(&self) {
        self.places.close();
        // An error says that the thread has already ended.
        let _ = self.queue.send(Message::Close);
        let ended = self
            .ended
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(Ended { signal, thread }) = ended {
            let _ = signal.await;
            let _ = thread.join();
        }
    }
}

/// Why a writer could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The state could not be loaded.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system gave no thread.
    #[error("start the writer's thread")]
    Thread(#[source] std::io::Error),
}

struct Worker {
    engine: Engine,
    store: Box<dyn Store>,
    shared: Arc<Shared>,
    start: Instant,
    /// The index up to which the counter is claimed in the store.
    claimed: u64,
    /// Nothing is claimed yet: there is nothing at all in the store.
    fresh: bool,
    failure: Option<Arc<StoreError>>,
    /// Empty between batches; what they need is allocated once.
    changes: Changes,
    answers: Vec<Answer>,
    last: LastCommit,
}

/// Who waits for an answer, and the answer.
type Answer = (oneshot::Sender<Result<Reply, WriteError>>, Reply);

impl Worker {
    fn run(mut self, inbox: &mpsc::Receiver<Message>) {
        let mut batch = Vec::new();
        loop {
            let open = self.gather(inbox, &mut batch);
            self.carry_out(&mut batch);
            if !open {
                break;
            }
        }
        self.leave_exact_index();
        self.shared.waiters.wake_all();
    }

    /// Waits for a command, or for something to end, and takes whatever else is there by then.
    /// Says whether more may come.
    fn gather(&self, inbox: &mpsc::Receiver<Message>, batch: &mut Vec<Request>) -> bool {
        let mut next = match self.receive(inbox) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => return true,
            Err(RecvTimeoutError::Disconnected) => return false,
        };
        let mut bytes = 0;
        let mut patience = Patience::after(self.last);
        loop {
            let Message::Command(request) = next else {
                return false;
            };
            bytes += request.command.payload_bytes();
            batch.push(request);
            self.shared.waiting.fetch_sub(1, Relaxed);
            if batch.len() >= BATCH || bytes >= BATCH_BYTES {
                return true;
            }
            next = loop {
                if let Ok(message) = inbox.try_recv() {
                    break message;
                }
                let Some(step) = patience.step(batch.len()) else {
                    return true;
                };
                #[expect(
                    clippy::disallowed_methods,
                    reason = "the thread is the writer's own, and to wake for each arrival costs more"
                )]
                thread::sleep(step);
            };
        }
    }

    /// The next message, or a timeout when the engine has something to end.
    fn receive(&self, inbox: &mpsc::Receiver<Message>) -> Result<Message, RecvTimeoutError> {
        match self.engine.next_deadline() {
            Some(deadline) if self.failure.is_none() => {
                inbox.recv_timeout(self.now().until(deadline))
            }
            _ => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
        }
    }

    fn now(&self) -> Time {
        Time::since_start(self.start.elapsed())
    }

    fn carry_out(&mut self, batch: &mut Vec<Request>) {
        if let Some(failure) = &self.failure {
            for request in batch.drain(..) {
                let stopped = WriteError::Stopped(Arc::clone(failure));
                let _ = request.answer.send(Err(stopped));
            }
            return;
        }
        let before = self.engine.clone();
        let mut changes = std::mem::take(&mut self.changes);
        let mut answers = std::mem::take(&mut self.answers);
        self.apply(batch, &mut changes, &mut answers);
        let begun = Instant::now();
        match self.commit(&mut changes) {
            Ok(()) => {
                let waiting = self.shared.waiting.load(Relaxed);
                self.last = LastCommit {
                    writers: answers.len() + waiting,
                    took: begun.elapsed(),
                };
                for (answer, reply) in answers.drain(..) {
                    // An error says that whoever asked has gone.
                    let _ = answer.send(Ok(reply));
                }
                if changes.replaced {
                    self.shared.waiters.wake_all();
                } else {
                    self.shared.waiters.wake(&changes.wakes);
                }
                self.tidy();
            }
            Err(failure) => {
                self.engine = before;
                let failure = self.stop(failure);
                for (answer, _) in answers.drain(..) {
                    let _ = answer.send(Err(WriteError::CommitFailed(Arc::clone(&failure))));
                }
            }
        }
        changes.clear();
        (self.changes, self.answers) = (changes, answers);
    }

    /// Applies a batch, after what has to end by now.
    fn apply(
        &mut self,
        batch: &mut Vec<Request>,
        changes: &mut Changes,
        answers: &mut Vec<Answer>,
    ) {
        let now = self.now();
        let due = |deadline| deadline <= now;
        if self.engine.next_deadline().is_some_and(due) {
            self.engine.apply_into(Command::Expire, now, changes);
        }
        answers.extend(batch.drain(..).map(|request| {
            let Request {
                command, answer, ..
            } = request;
            (answer, self.engine.apply_into(command, now, changes))
        }));
    }

    /// Lets the store do its housekeeping, now that everyone has an answer.
    fn tidy(&mut self) {
        if let Err(failure) = self.store.tidy() {
            self.stop(failure);
        }
    }

    /// Takes no more writes from now on.
    fn stop(&mut self, failure: StoreError) -> Arc<StoreError> {
        let failure = Arc::new(failure);
        tracing::error!(error = %failure, "the store failed, no more writes are taken");
        self.failure = Some(Arc::clone(&failure));
        failure
    }

    /// Makes `changes` durable and visible. What changed nothing needs neither, and what is never
    /// stored, like an event, only has to be seen.
    fn commit(&mut self, changes: &mut Changes) -> Result<(), StoreError> {
        let behind = self.engine.last_index() > self.claimed;
        if changes.need_commit() || behind {
            if changes.replaced {
                let claim = self.claim();
                let rows: Vec<_> = self.engine.rows().chain([claim]).collect();
                self.store.replace(&rows)?;
            } else {
                // Who writes to etcd's APIs alone moves none of the indexes.
                if behind || self.fresh || changes.need_index() {
                    changes.rows.push(self.claim());
                }
                self.store.commit(&changes.rows)?;
            }
            self.fresh = false;
        } else if changes.wakes.is_empty() {
            return Ok(());
        }
        self.shared.snapshot.store(Arc::new(self.engine.snapshot()));
        Ok(())
    }

    /// The row that claims some more indexes. When it can't be stored nothing else will be.
    fn claim(&mut self) -> Row {
        self.claimed = self.engine.last_index().saturating_add(CLAIM);
        self.engine.index_row(CLAIM)
    }

    /// Gives back the indexes that were claimed and not used.
    fn leave_exact_index(&mut self) {
        if self.failure.is_none() && self.claimed != self.engine.last_index() {
            // Without it the next start skips some indexes, which nobody minds.
            let _ = self.store.commit(&[self.engine.index_row(0)]);
        }
    }
}
