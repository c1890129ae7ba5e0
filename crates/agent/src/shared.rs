//! Several processes on one data directory.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use quorate_net::endpoint::Endpoint;
use quorate_net::task::{Task, spawn};
use quorate_net::transport::{BoxFuture, Dial, Stream};
use tokio::sync::{Mutex, mpsc, watch};
use tokio::time::{Instant, sleep};

use crate::agent::Agent;
use crate::config::AgentConfig;
use crate::directory::socket_of;
use crate::error::AgentError;
use crate::listen::connect_unix;

/// How long to wait before looking again at a directory whose owner does not answer: it is just
/// starting or ending.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// How long an owner may not answer before it is reported.
const FIND_LIMIT: Duration = Duration::from_secs(10);

/// A data directory that several processes share.
///
/// The first to open it owns it and runs the agent; the others connect to its socket. When the
/// owner ends, however it does, the next one that connects takes the directory over, so that
/// nobody sees more than a connection that has to be made again.
///
/// An owner that a client makes leave (`PUT /v1/agent/leave`) ends, and this place with it: whoever
/// shares the directory from another one takes it over.
///
/// It is a [`Dial`]: give it to a client, and each of the client's connections goes to whoever is
/// the owner then. Clones share one place.
///
/// ```
/// use quorate_agent::{AgentConfig, SharedAgent};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path();
/// let one = SharedAgent::open(AgentConfig::directory(path)).await?;
/// let two = SharedAgent::open(AgentConfig::directory(path)).await?;
/// assert!(one.is_owner() && !two.is_owner());
/// # one.shutdown().await; two.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedAgent {
    inner: Arc<Inner>,
}

struct Inner {
    state: watch::Sender<State>,
    /// Asks the keeper to look who the owner is.
    look: mpsc::Sender<()>,
    socket: Option<PathBuf>,
    keeper: Mutex<Option<Task<()>>>,
}

/// Who owns the directory, as far as is known here.
#[derive(Clone, Debug)]
enum State {
    /// We do.
    Owner(Agent),
    /// Another process does. The number tells one look from the next.
    Guest(u64),
    /// Nobody does, and we can't.
    Failed(u64, Arc<AgentError>),
    /// We were shut down.
    Closed,
}

impl SharedAgent {
    /// Opens the directory of `config`, as its owner or as a guest of its owner. Only the owner
    /// listens at the addresses of its configuration, and its names of node and datacenter count.
    ///
    /// With a configuration that has no directory, this is an agent in memory that nobody shares.
    ///
    /// # Errors
    /// As [`Agent::start`], but for a directory that is owned, which is joined.
    ///
    /// # Cancel safety
    /// As [`Agent::start`].
    pub async fn open(config: AgentConfig) -> Result<Self, AgentError> {
        let socket = config.data_dir().map(socket_of);
        let state = watch::Sender::new(find_owner(&config, socket.as_deref(), 1).await?);
        // One request is as good as many.
        let (look, requests) = mpsc::channel(1);
        let keeper = spawn(keep(config, socket.clone(), state.clone(), requests));
        Ok(Self {
            inner: Arc::new(Inner {
                state,
                look,
                socket,
                keeper: Mutex::new(Some(keeper)),
            }),
        })
    }

    /// Whether the agent runs in this process now.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.agent().is_some()
    }

    /// The agent, if it runs in this process now.
    #[must_use]
    pub fn agent(&self) -> Option<Agent> {
        match &*self.inner.state.borrow() {
            State::Owner(agent) => Some(agent.clone()),
            State::Guest(_) | State::Failed(..) | State::Closed => None,
        }
    }

    /// Gives the place up, and ends the agent if it runs here, as [`Agent::shutdown`] does.
    ///
    /// # Cancel safety
    /// Call it again when the future was dropped.
    pub async fn shutdown(&self) {
        let mut keeper = self.inner.keeper.lock().await;
        // It no longer takes the directory over; what it has begun is undone.
        if let Some(task) = keeper.as_mut() {
            task.abort();
            let _ = task.await;
        }
        if let Some(agent) = self.agent() {
            agent.shutdown().await;
        }
        self.inner.state.send_replace(State::Closed);
        *keeper = None;
    }

    async fn connect(&self) -> io::Result<Stream> {
        let mut state = self.inner.state.subscribe();
        let mut seen = None;
        loop {
            let now = state.borrow_and_update().clone();
            match now {
                State::Owner(agent) => return agent.dialer().dial(&Endpoint::memory()).await,
                State::Closed => return Err(closed()),
                // An older failure is no reason not to try again.
                State::Failed(look, error) if seen.is_some_and(|seen| look > seen) => {
                    return Err(io::Error::other(error));
                }
                State::Guest(look) | State::Failed(look, _) => {
                    seen = Some(look);
                    if let Some(stream) = self.connect_as_guest().await? {
                        return Ok(stream);
                    }
                }
            }
            // A full queue holds a request already.
            if let Err(mpsc::error::TrySendError::Closed(())) = self.inner.look.try_send(()) {
                return Err(closed());
            }
            state.changed().await.map_err(|_| closed())?;
        }
    }

    /// A connection to the owner, or `None` if it does not answer.
    async fn connect_as_guest(&self) -> io::Result<Option<Stream>> {
        let Some(socket) = &self.inner.socket else {
            return Ok(None);
        };
        match connect_unix(socket).await {
            Ok(stream) => Ok(Some(stream)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn closed() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotConnected,
        "the shared agent was shut down",
    )
}

fn is_absence(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, NotFound};
    matches!(error.kind(), NotFound | ConnectionRefused | ConnectionReset)
}

impl Dial for SharedAgent {
    /// Connects to the owner, wherever it is; the endpoint does not matter.
    fn dial<'a>(&'a self, _: &'a Endpoint) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(self.connect())
    }
}

impl fmt::Debug for SharedAgent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.inner.state.borrow();
        f.debug_struct("SharedAgent")
            .field("state", &*state)
            .finish_non_exhaustive()
    }
}

/// Looks for the owner whenever it is asked to. This is a task of its own so that taking over
/// goes on when the client that needed it gives up waiting.
async fn keep(
    config: AgentConfig,
    socket: Option<PathBuf>,
    state: watch::Sender<State>,
    mut requests: mpsc::Receiver<()>,
) {
    let mut look = 1;
    loop {
        let owned = match &*state.borrow() {
            State::Owner(agent) => Some(agent.clone()),
            _ => None,
        };
        let request = match &owned {
            None => requests.recv().await,
            Some(agent) => tokio::select! {
                request = requests.recv() => request,
                () = agent.left() => {
                    agent.shutdown().await;
                    state.send_replace(State::Closed);
                    return;
                }
            },
        };
        if request.is_none() {
            return;
        }
        if owned.is_some() {
            continue;
        }
        look += 1;
        let found = find_owner(&config, socket.as_deref(), look).await;
        state.send_replace(found.unwrap_or_else(|error| State::Failed(look, Arc::new(error))));
    }
}

/// Becomes the owner, or finds that another process is and answers.
async fn find_owner(
    config: &AgentConfig,
    socket: Option<&std::path::Path>,
    look: u64,
) -> Result<State, AgentError> {
    let deadline = Instant::now() + FIND_LIMIT;
    loop {
        match (Agent::start(config.clone()).await, socket) {
            (Ok(agent), _) => return Ok(State::Owner(agent)),
            (Err(error @ AgentError::DirectoryOwned { .. }), Some(socket)) => {
                if connect_unix(socket).await.is_ok() {
                    return Ok(State::Guest(look));
                }
                if Instant::now() > deadline {
                    return Err(error);
                }
            }
            (Err(error), _) => return Err(error),
        }
        sleep(LOOK_AGAIN).await;
    }
}
