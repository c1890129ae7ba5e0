//! The agent: what is started, where it listens, and how it ends.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quorate_gossip::{EventStream, Gossip};
use quorate_net::task::TaskGroup;
use quorate_net::transport::{MemoryDialer, memory};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::config::{AgentConfig, EventHandler, Listen};
use crate::consul::{self, Cached, Counts, Front, Node, Resolver};
use crate::engine::consul::NodeSpec;
use crate::error::AgentError;
use crate::etcd2;
use crate::listen::{Bound, Listener};
use crate::local;
use crate::log::LogLevel;
use crate::serf;
use crate::serve::{App, Served, Stopping, accept_loop};
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
    serf_rpc: Vec<Bound>,
    member: Option<(Gossip, Arc<serf::Front>)>,
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
        let mut gossip = None;
        let started = match serf::membership(&config, &node).await {
            Ok(None) => listen_and_serve(&config, &writer, node, listen, None).await,
            Ok(Some((member, events))) => {
                gossip = Some(member.clone());
                let membership = Some((member, events));
                listen_and_serve(&config, &writer, node, listen, membership).await
            }
            Err(error) => Err(error),
        };
        if started.is_err() {
            if let Some(gossip) = gossip {
                gossip.shutdown().await;
            }
            // The directory is free again when the error is seen.
            writer.close().await;
        }
        started
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

    /// Where etcd's APIs are served, in the order of the configuration.
    #[must_use]
    pub fn etcd(&self) -> &[Bound] {
        &self.inner.etcd
    }

    /// The URL of the first address of etcd's APIs, if there is one.
    #[must_use]
    pub fn etcd_url(&self) -> Option<String> {
        self.inner.etcd.first().map(Bound::url)
    }

    /// Where Serf's RPC is served, in the order of the configuration.
    #[must_use]
    pub fn serf_rpc(&self) -> &[Bound] {
        &self.inner.serf_rpc
    }

    /// Where other members reach this one, if the agent takes part in a cluster.
    #[must_use]
    pub fn gossip_address(&self) -> Option<SocketAddr> {
        self.membership().map(Gossip::address)
    }

    /// The agent as a member of its cluster: who else is there, events, queries, tags. `None` without
    /// [`gossip`](AgentConfig::gossip) and without Serf's RPC.
    #[must_use]
    pub fn membership(&self) -> Option<&Gossip> {
        self.inner.member.as_ref().map(|(gossip, _)| gossip)
    }

    /// Replaces the [event handlers](AgentConfig::event_handlers): what happens from now on is told
    /// to these. The old ones are done with what they were told before. `false` if the agent has no
    /// [`membership`](Self::membership), and nothing happens that it could tell.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn set_event_handlers(&self, handlers: &[EventHandler]) -> bool {
        let member = self.inner.member.as_ref();
        member
            .map(|(_, serf)| serf.set_handlers(handlers))
            .is_some()
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

    /// Says goodbye to the cluster, if the agent takes part in one, and ends as
    /// [`shutdown`](Self::shutdown) does. The other members take it for one that left, and not for one
    /// that failed, as they do without this. Saying goodbye takes up to 11 s.
    ///
    /// # Cancel safety
    /// When the future is dropped, the agent leaves and is left running; call
    /// [`shutdown`](Self::shutdown) to end it.
    pub async fn leave(&self) {
        if let Some(gossip) = self.membership()
            && let Err(error) = gossip.leave().await
        {
            // A client was first, or the membership has ended.
            tracing::debug!(%error, "did not say goodbye");
        }
        self.shutdown().await;
    }

    /// Resolves when a client has made the agent leave (`PUT /v1/agent/leave`, or `leave` by Serf's
    /// RPC), or when another member has its name: it answers what it was asked, serves nothing more, and waits for its owner to
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
        if let Some(gossip) = self.membership() {
            gossip.shutdown().await;
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
            .field("serf_rpc", &self.inner.serf_rpc)
            .field("gossip", &self.gossip_address())
            .finish_non_exhaustive()
    }
}

/// Registers the node, listens everywhere and starts to accept.
async fn listen_and_serve(
    config: &AgentConfig,
    writer: &Writer,
    node: Node,
    socket: Option<Listen>,
    membership: Option<(Gossip, EventStream)>,
) -> Result<Agent, AgentError> {
    let own = Arc::new(own_node(&node));
    register_self(writer, &own).await?;
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
    let mut serf_listeners = Vec::new();
    let serf_rpc = bind_all(&config.serf_rpc, &mut serf_listeners).await?;
    let token = rpc_token(config)?;
    let tasks = TaskGroup::new();
    let acl = config.acl.as_ref().map(|acl| {
        let snapshot = writer.snapshot();
        Resolver::new(acl, &config.datacenter, &node.name, snapshot.consul())
    });
    let stopping = Arc::new(Stopping::default());
    let etcd_front = etcd2::Front::new(etcd_settings(config, writer, &node, &etcd, &stopping));
    let pool = membership.as_ref().map(|(gossip, _)| gossip.clone());
    let front = Arc::new(Front {
        cached: Cached::default(),
        writer: writer.clone(),
        node,
        datacenter: config.datacenter.clone(),
        strict: config.strict,
        compat: config.compat,
        local: local_settings(config, own),
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
        pool: config.gossip.as_ref().and(pool),
        spawner: tasks.spawner(),
    });
    local::start(&front, &tasks).await?;
    let consul_app = Served::Http(App::Consul(Arc::clone(&front)));
    let etcd_app = Served::Http(App::etcd(etcd_front, tasks.spawner()));
    let mut served = vec![(consul_app, listeners), (etcd_app, etcd_listeners)];
    let member = membership.map(|(gossip, events)| {
        let agent = Arc::clone(&front);
        let member = gossip.clone();
        let serf = serf::Front::new(member, token, agent);
        serf.set_handlers(&config.event_handlers);
        follow(&serf, events, &tasks);
        served.push((Served::Serf(Arc::clone(&serf)), serf_listeners));
        (gossip, serf)
    });
    for (served, listeners) in served {
        for listener in listeners {
            tasks.spawn(accept_loop(listener, served.clone(), tasks.spawner()));
        }
    }
    let inner = Inner {
        front,
        tasks,
        bound,
        etcd,
        serf_rpc,
        member,
        dialer,
        data_dir: config.data_dir().map(Path::to_owned),
        grace: config.shutdown_grace,
        ending: Mutex::new(()),
    };
    Ok(Agent {
        inner: Arc::new(inner),
    })
}

fn etcd_settings(
    config: &AgentConfig,
    writer: &Writer,
    node: &Node,
    places: &[Bound],
    stopping: &Arc<Stopping>,
) -> etcd2::Settings {
    etcd2::Settings {
        writer: writer.clone(),
        name: node.name.clone(),
        node_id: node.id.clone(),
        strict: config.etcd_strict,
        min_lease_ttl: config.etcd_min_lease_ttl,
        places: places.to_vec(),
        idle_timeout: config.idle_timeout,
        stopping: Arc::clone(stopping),
    }
}

fn local_settings(config: &AgentConfig, node: Arc<NodeSpec>) -> local::Settings {
    local::Settings {
        node,
        script_checks: config.script_checks,
        check_update_interval: config.check_update_interval,
        sync_interval: config.sync_interval,
        reap_interval: config.reap_interval,
        reap_min: config.reap_min,
    }
}

/// Starts what follows the membership.
fn follow(serf: &Arc<serf::Front>, events: EventStream, tasks: &TaskGroup) {
    tasks.spawn(serf::listen(Arc::clone(serf), events));
    let agent = serf.agent();
    if let Some(pool) = agent.pool.clone() {
        tasks.spawn(consul::keep_located(Arc::clone(agent), pool));
    }
}

/// What clients of Serf's RPC have to show. Their log begins here too.
fn rpc_token(config: &AgentConfig) -> Result<Option<serf::Token>, AgentError> {
    if !config.serf_rpc.is_empty() {
        config.log.keep();
    }
    let token = config.serf_rpc_auth.as_ref().map(serf::Token::new);
    let failed = |source| AgentError::Listen {
        listen: "Serf's RPC".into(),
        source,
    };
    token.transpose().map_err(failed)
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
