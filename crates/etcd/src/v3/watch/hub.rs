//! One stream for all watches of a client.

mod stream;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_net::backoff::Backoff;
use quorate_net::task::Spawner;
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::v3::error::{Class, Error};
use crate::v3::link::Link;

/// How many messages of one watch wait to be read before its server is told to stop.
const WAITING: usize = 16;
/// Pauses between attempts to get a stream.
const PAUSE_MIN: Duration = Duration::from_millis(50);
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// What a server said to one watch, and whether its word on progress counts.
pub(super) type Message = (pb::WatchResponse, bool);

/// Why no more messages come.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// The connection is gone.
    Interrupted(String),
    /// Messages came faster than they were read. What did not fit is told again later.
    Behind,
    /// No server could be reached, or none wants to.
    Failed(Class, String),
}

/// What one watch reads from.
#[derive(Debug)]
pub(super) struct Feed {
    id: i64,
    pub(super) messages: mpsc::Receiver<Message>,
    pub(super) end: Arc<OnceLock<End>>,
    commands: mpsc::UnboundedSender<Command>,
}

impl Feed {
    /// Asks the server how far everything is told.
    pub(super) fn request_progress(&self) {
        // The task may have gone before.
        let _ = self.commands.send(Command::Progress);
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        // The task may have gone before.
        let _ = self.commands.send(Command::Remove(self.id));
    }
}

/// What watches ask of the task.
#[derive(Debug)]
enum Command {
    Add(Entry),
    Remove(i64),
    /// Ask how far everything is told.
    Progress,
}

/// One watch, as the task knows it.
#[derive(Debug)]
struct Entry {
    request: pb::WatchCreateRequest,
    messages: mpsc::Sender<Message>,
    end: Arc<OnceLock<End>>,
}

impl Entry {
    fn end(self, end: End) {
        // It is set before the sender goes, so that whoever sees that go finds it.
        let _ = self.end.set(end);
    }
}

/// Where watches are registered. Its task begins with the first.
#[derive(Debug)]
pub(crate) struct Hub {
    commands: OnceLock<mpsc::UnboundedSender<Command>>,
    ids: AtomicI64,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self {
            commands: OnceLock::new(),
            ids: AtomicI64::new(1),
        }
    }

    /// Registers a watch. `request` makes its request from the id that it gets, which no other
    /// watch has or had, so that late messages to an earlier one are told apart.
    pub(super) fn add(
        &self,
        link: &Arc<Link>,
        tasks: &Spawner,
        request: impl FnOnce(i64) -> pb::WatchCreateRequest,
    ) -> Feed {
        let commands = self.commands.get_or_init(|| {
            let (sender, receiver) = mpsc::unbounded_channel();
            let stop = tasks.cancelled();
            let task = Task {
                link: Arc::clone(link),
                commands: receiver,
                entries: HashMap::new(),
            };
            tasks.spawn(async move {
                tokio::select! {
                    () = stop => {}
                    () = task.run() => {}
                }
            });
            sender
        });
        let id = self.ids.fetch_add(1, Relaxed);
        let (sender, messages) = mpsc::channel(WAITING);
        let end = Arc::new(OnceLock::new());
        let entry = Entry {
            request: request(id),
            messages: sender,
            end: Arc::clone(&end),
        };
        // If the task has gone, so has the sender of the messages, and whoever reads sees that.
        let _ = commands.send(Command::Add(entry));
        Feed {
            id,
            messages,
            end,
            commands: commands.clone(),
        }
    }
}

/// Serves the watches while there are any.
struct Task {
    link: Arc<Link>,
    commands: mpsc::UnboundedReceiver<Command>,
    entries: HashMap<i64, Entry>,
}

impl Task {
    async fn run(mut self) {
        let mut backoff = Backoff::new(PAUSE_MIN, PAUSE_MAX);
        loop {
            while self.entries.is_empty() {
                let Some(command) = self.commands.recv().await else {
                    return;
                };
                self.obey(command);
            }
            match stream::open(&self.link, self.entries.values()).await {
                Ok(stream) => match Box::pin(self.serve(stream)).await {
                    stream::Ended::Idle if self.entries.is_empty() => continue,
                    // Nobody is left to watch.
                    stream::Ended::Idle => return,
                    stream::Ended::Broken { told: true } => backoff.reset(),
                    stream::Ended::Broken { told: false } => {}
                },
                Err(error) => self.end_all(|| failed(&error)),
            }
            sleep(backoff.next_delay()).await;
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Add(entry) => {
                self.entries.insert(entry.request.watch_id, entry);
            }
            Command::Remove(id) => {
                self.entries.remove(&id);
            }
            // Whoever begins to watch learns it without asking.
            Command::Progress => {}
        }
    }

    fn end_all(&mut self, end: impl Fn() -> End) {
        for (_, entry) in self.entries.drain() {
            entry.end(end());
        }
    }
}

fn failed(error: &Error) -> End {
    End::Failed(error.class(), error.to_string())
}
