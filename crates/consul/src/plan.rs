//! Watch plans: what can be followed, by its name.

mod change;
mod error;
mod parse;
mod stream;
mod target;

use quorate_wire::consul::HealthStatus;

use crate::Consistency;
use crate::client::Client;
use crate::health::ServiceQuery;
use crate::options::QueryOptions;

pub use change::{PlanChange, PlanState};
pub use error::PlanError;
pub use stream::PlanStream;
pub use target::PlanTarget;

/// What to follow, and how: one of the types of watches that Consul knows by name.
///
/// A plan is a value: it can be built here, or read from the JSON that `consul watch` and the
/// `watches` of an agent's configuration are written in ([`from_json`](Self::from_json)).
/// [`Client::watch`] runs any of them.
///
/// | type | built by | needs | also takes | what it tells |
/// |---|---|---|---|---|
/// | `key` | [`key`](Self::key) | `key` | `stale` | the entry, or that there is none |
/// | `keyprefix` | [`key_prefix`](Self::key_prefix) | `prefix` | `stale` | all entries under the prefix |
/// | `services` | [`services`](Self::services) | | `stale` | names and tags |
/// | `nodes` | [`nodes`](Self::nodes) | | `stale` | all nodes |
/// | `service` | [`service`](Self::service) | `service` | `tag`, `passingonly`, `stale` | the instances with their health |
/// | `checks` | [`checks`](Self::checks), [`checks_of`](Self::checks_of), [`checks_in`](Self::checks_in) | | `service` or `state`, `stale` | the checks |
/// | `event` | [`event`](Self::event), [`any_event`](Self::any_event) | | `name` | the events that are new |
/// | `connect_roots` | [`connect_roots`](Self::connect_roots) | | | the authorities of the mesh |
/// | `connect_leaf` | [`connect_leaf`](Self::connect_leaf) | `service` | | the certificate of a service |
/// | `agent_service` | [`agent_service`](Self::agent_service) | `service_id` | | one of the agent's services |
///
/// Every type takes `datacenter` and `token` too. Events, certificates and the agent's services
/// are the agent's own, so they have no other datacenter.
///
/// ```
/// use quorate_consul::{Plan, PlanTarget};
///
/// let text = r#"{"type": "service", "service": "web", "tag": "v2", "passingonly": true}"#;
/// let plan = Plan::from_json(text)?;
/// assert_eq!(plan.target.type_name(), "service");
/// let PlanTarget::Service(query) = &plan.target else { panic!("another type") };
/// assert!(query.passing_only && query.tags == ["v2"]);
///
/// let error = Plan::from_json(r#"{"type": "key"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "a watch of type `key` needs the field `key`");
/// # Ok::<(), quorate_consul::PlanError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
#[must_use = "it follows nothing until a client runs it"]
pub struct Plan {
    /// What is followed.
    pub target: PlanTarget,
    /// Token, datacenter, consistency, wait, filter: what the reads of it take.
    pub options: QueryOptions,
    /// Of events only: whether those that the agent has seen before come first. Default: only
    /// those from now on.
    pub replay: bool,
}

impl Plan {
    /// Follows what `target` says.
    pub fn new(target: PlanTarget) -> Self {
        Self {
            target,
            options: QueryOptions::default(),
            replay: false,
        }
    }

    /// Follows one key.
    pub fn key(key: impl Into<String>) -> Self {
        Self::new(PlanTarget::Key(key.into()))
    }

    /// Follows all keys that begin with `prefix`; an empty one means all there are.
    pub fn key_prefix(prefix: impl Into<String>) -> Self {
        Self::new(PlanTarget::KeyPrefix(prefix.into()))
    }

    /// Follows the names of the services, with their tags.
    pub fn services() -> Self {
        Self::new(PlanTarget::Services)
    }

    /// Follows the nodes.
    pub fn nodes() -> Self {
        Self::new(PlanTarget::Nodes)
    }

    /// Follows the instances of a service and their health: a name, or a [`ServiceQuery`] for only
    /// those that pass their checks or have certain tags.
    pub fn service(query: impl Into<ServiceQuery>) -> Self {
        Self::new(PlanTarget::Service(query.into()))
    }

    /// Follows every check.
    pub fn checks() -> Self {
        Self::new(PlanTarget::Checks)
    }

    /// Follows the checks of a service.
    pub fn checks_of(service: impl Into<String>) -> Self {
        Self::new(PlanTarget::ChecksOf(service.into()))
    }

    /// Follows the checks that are like this.
    pub fn checks_in(status: HealthStatus) -> Self {
        Self::new(PlanTarget::ChecksIn(status))
    }

    /// Follows the events of one name.
    pub fn event(name: impl Into<String>) -> Self {
        Self::new(PlanTarget::Event(Some(name.into())))
    }

    /// Follows all events.
    pub fn any_event() -> Self {
        Self::new(PlanTarget::Event(None))
    }

    /// Follows the authorities that the mesh trusts.
    pub fn connect_roots() -> Self {
        Self::new(PlanTarget::ConnectRoots)
    }

    /// Follows the certificate of a service of the mesh.
    pub fn connect_leaf(service: impl Into<String>) -> Self {
        Self::new(PlanTarget::ConnectLeaf(service.into()))
    }

    /// Follows one of the agent's own services, by its id.
    pub fn agent_service(id: impl Into<String>) -> Self {
        Self::new(PlanTarget::AgentService(id.into()))
    }

    /// Sets all options of the reads. An index in them is where the watch starts: then nothing is
    /// told before the first change after it.
    pub fn with_options(mut self, options: QueryOptions) -> Self {
        self.options = options;
        self
    }

    /// Lets any server answer, with data that may be old (`stale`).
    pub fn with_stale(mut self) -> Self {
        self.options = self.options.with_consistency(Consistency::Stale);
        self
    }

    /// Of events: begins with those that the agent has seen before, up to 256 of them.
    pub fn with_replay(mut self) -> Self {
        self.replay = true;
        self
    }
}

impl Client {
    /// Runs a watch plan: what it follows as it is now, and then whenever that changes.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// use quorate_consul::{Plan, PlanState};
    ///
    /// let plan = Plan::from_json(r#"{"type": "key", "key": "config/port"}"#)?;
    /// let mut changes = client.watch(&plan);
    /// assert_eq!(changes.next().await?.state, PlanState::Key(None), "there is no such key yet");
    ///
    /// client.kv().put("config/port", "8080").await?;
    /// let PlanState::Key(Some(entry)) = changes.next().await?.state else { panic!("no key") };
    /// assert_eq!(entry.value, "8080");
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, plan: &Plan) -> PlanStream {
        PlanStream::new(self, plan)
    }
}
