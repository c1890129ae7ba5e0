//! The agent: what is started, where it listens, and how it ends.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quorate_net::task::TaskGroup;
use quorate_net::transport::{MemoryDialer, memory};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::{AgentConfig, Listen};
use crate::consul::{Cached, Counts, Front, Node, Resolver};
use crate::error::AgentError;
use crate::etcd2;
use crate::listen::{Bound, Listener};
use crate::local;
use crate::log::LogLevel;
use crate::serve::{App, Stopping, accept_loop};
use crate::start::{OpenStore, open_store, own_node, register_self, seed_acl};
use crate::writer::Writer;

/// The index that a directory's first write is above. Clients take 1 for "no index yet", and real
/// servers spend their first indexes on themselves.
const FIRST_INDEX: u64 = 10;

/// A running agent. Clones are handles on the same one.
///
/// It ends with [`shutdown`](Self::shutdown), which lets requests finish. When the last handle is
/// dropped instead, connections are cut, and writes that were not answered yet may or may not have
/// happened; nothing that was answered is lost.
///
/// ```
/// use quorate_agent::{Agent, AgentConfig};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), quorate_agent::AgentError> {
/// let config = AgentConfig::memory().with_consul_http("127.0.0.1:0".parse()?);
/// let agent = Agent::start(config).await?;
/// let url = agent.consul_url().expect("it listens");
/// assert!(url.starts_with("http://127.0.0.1:"), "Consul's API is at {url}");
/// agent.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Agent {
    inner: Arc<Inner>,
}

struct Inner {
    front: Arc<Front>,
    tasks: TaskGroup,
    bound: Vec<Bound>,
    etcd: Vec<Bound>,
    dialer: MemoryDialer,
    data_dir: Option<PathBuf>,
    grace: Duration,
    /// Held while the agent is being shut down.
    ending: Mutex<()>,
}

impl Agent {
    /// Starts an agent. It answers when this returns.
    ///
    /// # Errors
    /// [`AgentError`] says what is wrong with the configuration, the directory or an address;
    /// nothing is left behind then.
    ///
    /// # Cancel safety
    /// When the future is dropped, nothing is started, and a directory that was being opened is
    /// let go as soon as that is done.
    pub async fn start(config: AgentConfig) -> Result<Self, AgentError> {
        config.validate()?;
        let OpenStore {
            store,
            node_id,
            socket,
        } = open_store(config.data_dir().map(Path::to_owned)).await?;
        let first_index = if config.data_dir().is_some() {
            FIRST_INDEX
        } else {
            index_of_now()
        };
        let writer = crate::start::start_writer(store, first_index).await?;
        let node = Node {
            id: node_id,
            name: config
                .node_name
                .clone()
                .unwrap_or_else(crate::identity::host_name),
            address: "127.0.0.1".into(),
        };
        let listen = socket.map(Listen::Unix);
        match listen_and_serve(&config, &writer, node, listen).await {
            Ok(agent) => Ok(agent),
            Err(error) => {
                // The directory is free again when the error is seen.
                writer.close().await;
                Err(error)
            }
        }
    }

    /// Where Consul's HTTP API is served, in the order of the configuration.
    #[must_use]
    pub fn consul_http(&self) -> &[Bound] {
        &self.inner.bound
    }

    /// The URL of the first address of Consul's HTTP API, if there is one.
    #[must_use]
    pub fn consul_url(&self) -> Option<String> {
        self.inner.bound.first().map(Bound::url)
    }

    /// Where etcd's v2 API is served, in the order of the configuration.
    #[must_use]
    pub fn etcd(&self) -> &[Bound] {
        &self.inner.etcd
    }

    /// The URL of the first address of etcd's v2 API, if there is one.
    #[must_use]
    pub fn etcd_url(&self) -> Option<String> {
        self.inner.etcd.first().map(Bound::url)
    }

    /// Connects to Consul's HTTP API within the process.
    #[must_use]
    pub fn dialer(&self) -> MemoryDialer {
        self.inner.dialer.clone()
    }

    /// The node's name.
    #[must_use]
    pub fn node_name(&self) -> &str {
        &self.inner.front.node.name
    }

    /// The node's UUID: the same for as long as the data directory lives.
    #[must_use]
    pub fn node_id(&self) -> &str {
        &self.inner.front.node.id
    }

    /// The datacenter's name.
    #[must_use]
    pub fn datacenter(&self) -> &str {
        &self.inner.front.datacenter
    }

    /// The data directory, if the agent has one.
    #[must_use]
    pub fn data_dir(&self) -> Option<&Path> {
        self.inner.data_dir.as_deref()
    }

    /// Resolves when a client has made the agent leave (`PUT /v1/agent/leave`): it answers what
    /// it was asked, serves nothing more, and waits for its owner to
    /// [`shutdown`](Self::shutdown), which closes the store.
    ///
    /// # Cancel safety
    /// Safe: dropping the future changes nothing.
    pub async fn left(&self) {
        self.inner.front.leaving.cancelled().await;
    }

    /// Ends the agent in two phases. First it stops accepting; requests that have begun are
    /// finished, and blocked reads are answered at once with what there is. What is left after
    /// [`shutdown_grace`](AgentConfig::shutdown_grace) is cut. Then the store is closed and the
    /// directory is free for another owner.
    ///
    /// Returns when no task and no thread of the agent is left. Calling it again does no harm.
    ///
    /// # Cancel safety
    /// When the future is dropped, the agent has begun to end; call it again to finish that.
    pub async fn shutdown(&self) {
        let Inner {
            front,
            tasks,
            grace,
            ending,
            ..
        } = &*self.inner;
        let _one_at_a_time = ending.lock().await;
        front
            .log
            .record(LogLevel::Info, "agent", "shutting down", &[]);
        front.stopping.begin();
        front.writer.waiters().wake_all();
        let cut = tasks.shutdown(*grace).await;
        if cut > 0 {
            tracing::warn!(cut, "connections were cut that did not end in time");
        }
        front.writer.close().await;
    }
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Agent")
            .field("node", &self.node_name())
            .field("data_dir", &self.inner.data_dir)
            .field("consul_http", &self.inner.bound)
            .field("etcd", &self.inner.etcd)
            .finish_non_exhaustive()
    }
}

/// Registers the node, listens everywhere and starts to accept.
async fn listen_and_serve(
    config: &AgentConfig,
    writer: &Writer,
    node: Node,
    socket: Option<Listen>,
) -> Result<Agent, AgentError> {
    let own = Arc::new(own_node(&node));
    register_self(writer, &own).await?;
    let local = local::Settings {
        node: own,
        script_checks: config.script_checks,
        check_update_interval: config.check_update_interval,
        sync_interval: config.sync_interval,
        reap_interval: config.reap_interval,
        reap_min: config.reap_min,
    };
    if let Some(acl) = &config.acl {
        seed_acl(writer, acl).await?;
    }
    let (dialer, in_process) = memory();
    let mut listeners = vec![Listener::Memory(in_process)];
    if let Some(socket) = socket {
        listeners.push(Listener::bind(&socket).await?.0);
    }
    let bound = bind_all(&config.consul_http, &mut listeners).await?;
    let mut etcd_listeners = Vec::new();
    let etcd = bind_all(&config.etcd, &mut etcd_listeners).await?;
    let tasks = TaskGroup::new();
    let acl = config.acl.as_ref().map(|acl| {
        let snapshot = writer.snapshot();
        Resolver::new(acl, &config.datacenter, &node.name, snapshot.consul())
    });
    let stopping = Arc::new(Stopping::default());
    let etcd_front = etcd2::Front::new(etcd2::Settings {
        writer: writer.clone(),
        name: node.name.clone(),
        node_id: node.id.clone(),
        strict: config.etcd_strict,
        places: etcd.clone(),
        idle_timeout: config.idle_timeout,
        stopping: Arc::clone(&stopping),
    });
    let front = Arc::new(Front {
        cached: Cached::default(),
        writer: writer.clone(),
        node,
        datacenter: config.datacenter.clone(),
        strict: config.strict,
        compat: config.compat,
        local,
        session_ttl_min: config.session_ttl_min,
        idle_timeout: config.idle_timeout,
        acl,
        stopping,
        started: SystemTime::now(),
        log: config.log.clone(),
        counts: Counts::starting_at(writer.snapshot().consul().indexes().last()),
        places: bound.clone(),
        data_dir: config.data_dir().map(Path::to_owned),
        leaving: CancellationToken::new(),
        spawner: tasks.spawner(),
    });
    local::start(&front, &tasks).await?;
    let consul_app = App::Consul(Arc::clone(&front));
    let etcd_app = App::Etcd2(Arc::new(etcd_front));
    for (app, listeners) in [(consul_app, listeners), (etcd_app, etcd_listeners)] {
        for listener in listeners {
            tasks.spawn(accept_loop(listener, app.clone(), tasks.spawner()));
        }
    }
    let inner = Inner {
        front,
        tasks,
        bound,
        etcd,
        dialer,
        data_dir: config.data_dir().map(Path::to_owned),
        grace: config.shutdown_grace,
        ending: Mutex::new(()),
    };
    Ok(Agent {
        inner: Arc::new(inner),
    })
}

/// Listens at all of `listens`, and says where that really is.
async fn bind_all(
    listens: &[Listen],
    listeners: &mut Vec<Listener>,
) -> Result<Vec<Bound>, AgentError> {
    let mut bound = Vec::with_capacity(listens.len());
    for listen in listens {
        let (listener, place) = Listener::bind(listen).await?;
        listeners.push(listener);
        bound.push(place);
    }
    Ok(bound)
}

/// A first index for a state that is empty whenever it starts: above all indexes of an agent that
/// ran before at the same address, so that its clients do not wait for an index that is far off.
fn index_of_now() -> u64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(now.as_micros())
        .unwrap_or(FIRST_INDEX)
        .max(FIRST_INDEX)
}
