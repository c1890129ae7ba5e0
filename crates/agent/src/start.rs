//! The steps of a start: the store, the writer, and the node's own place in the catalog.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use quorate_wire::consul::SecretText;
use quorate_wire::consul::health::{PASSING, SERF_HEALTH};
use tokio::sync::oneshot;

use crate::config::AclConfig;
use crate::consul::{CONSUL_VERSION, Node, SERVER_PORT};
use crate::directory::DataDirectory;
use crate::engine::consul::{
    AclCommand, CheckSpec, Command, Located, NodeSpec, Register, Seed, ServiceSpec, State,
};
use crate::engine::{self, Row};
use crate::error::AgentError;
use crate::identity::new_node_id;
use crate::store::{FileStore, MemoryStore, Store, StoreError};
use crate::writer::{StartError, Writer};

/// The folder of the store within the data directory.
const STORE_FOLDER: &str = "store";

/// A store that is ready, and what else the directory says.
pub(crate) struct OpenStore {
    pub(crate) store: Box<dyn Store>,
    pub(crate) node_id: String,
    /// Where other processes connect to.
    pub(crate) socket: Option<PathBuf>,
}

/// Opens the store in `path`, or one in memory.
pub(crate) async fn open_store(path: Option<PathBuf>) -> Result<OpenStore, AgentError> {
    let Some(path) = path else {
        return Ok(OpenStore {
            store: Box::new(MemoryStore),
            node_id: new_node_id(),
            socket: None,
        });
    };
    on_a_thread(move || {
        let directory = DataDirectory::own(&path)?;
        let node_id = directory.node_id()?;
        let socket = cfg!(unix).then(|| directory.socket());
        let store = FileStore::open(directory.path().join(STORE_FOLDER)).map_err(of_store)?;
        let store = Box::new(OwnedStore {
            store,
            _directory: directory,
        });
        Ok(OpenStore {
            store,
            node_id,
            socket,
        })
    })
    .await?
}

/// Loads the state and starts the writer.
pub(crate) async fn start_writer(
    store: Box<dyn Store>,
    first_index: u64,
) -> Result<Writer, AgentError> {
    let start = move || Writer::start(store, first_index);
    on_a_thread(start).await?.map_err(|error| match error {
        StartError::Store(error) => of_store(error),
        other => AgentError::Store(Box::new(other)),
    })
}

fn of_store(error: StoreError) -> AgentError {
    match error {
        StoreError::NewerFormat {
            path,
            found,
            supported,
        } => AgentError::NewerFormat {
            path,
            found: found.into(),
            known: supported.into(),
        },
        StoreError::Locked(path) => AgentError::DirectoryOwned { path, owner: None },
        other => AgentError::Store(Box::new(other)),
    }
}

/// Runs what blocks on a thread of its own, which has ended when this returns.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, AgentError> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new()
        .name("quorate-start".into())
        .spawn(move || done.send(work()).ok())
        .map_err(|error| AgentError::Store(Box::new(error)))?;
    let result = result.await;
    // It has nothing left to do but to end.
    let _ = thread.join();
    result.map_err(|_| AgentError::Closed)
}

/// A store and the ownership of its directory, which ends after the store is closed.
#[derive(Debug)]
struct OwnedStore {
    store: FileStore,
    _directory: DataDirectory,
}

impl Store for OwnedStore {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        self.store.load()
    }

    fn commit(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.store.commit(rows)
    }

    fn replace(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.store.replace(rows)
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        self.store.tidy()
    }
}

/// The agent's own node as it belongs into the catalog.
pub(crate) fn own_node(node: &Node) -> NodeSpec {
    let names = ["lan", "lan_ipv4", "wan", "wan_ipv4"];
    let addresses = names.map(|name| (name.to_owned(), node.address.clone()));
    let meta = BTreeMap::from([("consul-network-segment".into(), String::new())]);
    NodeSpec {
        id: node.id.clone(),
        name: node.name.clone(),
        address: node.address.clone(),
        tagged_addresses: Some(BTreeMap::from(addresses)),
        meta: Some(meta),
    }
}

/// Puts the agent's own node into the catalog, with the service and the check that every server
/// of Consul has. What stands there already is left alone.
pub(crate) async fn register_self(writer: &Writer, node: &NodeSpec) -> Result<(), AgentError> {
    if is_registered(writer.snapshot().consul(), node) {
        return Ok(());
    }
    let check = CheckSpec {
        id: SERF_HEALTH.into(),
        name: "Serf Health Status".into(),
        status: PASSING.into(),
        output: "Agent alive and reachable".into(),
        ..CheckSpec::default()
    };
    let register = Register {
        node: node.clone(),
        skip_node_update: false,
        service: Some(server_service()),
        checks: vec![check],
    };
    let place = Located {
        node: node.name.clone(),
        ..Located::default()
    };
    // Both in one commit, the node first.
    let (registered, located) = tokio::join!(
        submit(writer, Command::Register(Box::new(register))),
        submit(writer, Command::UpdateCoordinate(Box::new(place))),
    );
    registered.and(located)
}

async fn submit(writer: &Writer, command: Command) -> Result<(), AgentError> {
    match writer.submit(engine::Command::Consul(command)).await {
        Ok(engine::Reply::Consul(Err(refusal))) => Err(AgentError::Store(Box::new(refusal))),
        Ok(_) => Ok(()),
        Err(error) => Err(AgentError::Store(Box::new(error))),
    }
}

/// What access rules begin with, as of now.
pub(crate) fn acl_seed(acl: &AclConfig) -> Seed {
    let management = acl.management_token.as_ref();
    Seed {
        management: management.map(|secret| SecretText::from(secret.expose())),
        accessor_id: new_node_id(),
        now: SystemTime::now().into(),
    }
}

/// Makes sure of the policy, the tokens and the management token that access rules begin with.
pub(crate) async fn seed_acl(writer: &Writer, acl: &AclConfig) -> Result<(), AgentError> {
    let command = Command::Acl(AclCommand::Seed(Box::new(acl_seed(acl))));
    match writer.submit(engine::Command::Consul(command)).await {
        Ok(engine::Reply::Consul(Err(refusal))) => Err(AgentError::Store(Box::new(refusal))),
        Ok(_) => Ok(()),
        Err(error) => Err(AgentError::Store(Box::new(error))),
    }
}

fn is_registered(state: &State, node: &NodeSpec) -> bool {
    let same_node = state.node(&node.name).value.is_some_and(|stored| {
        stored.id == node.id
            && stored.node == node.name
            && stored.address == node.address
            && stored.tagged_addresses == node.tagged_addresses
            && stored.meta == node.meta
    });
    let checks = state.node_checks(&node.name).value;
    let mut serf = checks.iter().filter(|check| check.check_id == SERF_HEALTH);
    same_node
        && !state.node_coordinates(&node.name).value.is_empty()
        && serf.any(|check| check.status == PASSING)
        && state
            .node_services(&node.name)
            .value
            .iter()
            .any(|service| service.id == "consul")
}

/// The service that a server of Consul registers for itself.
fn server_service() -> ServiceSpec {
    let meta = [
        ("non_voter", "false"),
        ("raft_version", "3"),
        ("serf_protocol_current", "2"),
        ("serf_protocol_max", "5"),
        ("serf_protocol_min", "1"),
        ("version", CONSUL_VERSION),
    ];
    let meta = meta
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    ServiceSpec {
        id: "consul".into(),
        name: "consul".into(),
        port: SERVER_PORT.into(),
        meta: Some(meta.collect()),
        ..ServiceSpec::default()
    }
}
