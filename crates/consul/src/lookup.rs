//! Finding the instances of a service, without DNS.

mod instance;
mod watch;

use crate::health::ServiceQuery;
use crate::{Client, Consistency, Error, QueryOptions};

pub use instance::Instance;
pub use watch::{InstanceSet, InstanceSets};

/// Finds the instances of a service that can be used; from [`Client::lookup`].
///
/// Only instances whose checks all pass are found, unless [`with_any_health`](Self::with_any_health)
/// says otherwise. A set is sorted by node and id, or by the network distance to the node of
/// [`with_near`](Self::with_near), the nearest first.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::ServiceRegistration;
///
/// let mut sets = client.lookup("web").watch();
/// assert!(sets.next().await?.instances.is_empty(), "there is none yet");
///
/// let web = ServiceRegistration::new("web").with_address("10.0.0.7").with_port(8080);
/// client.agent().register_service(&web).await?;
/// let set = sets.next().await?;
/// assert_eq!(set.instances[0].to_string(), "10.0.0.7:8080");
/// assert_eq!(set.added.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Lookup {
    client: Client,
    query: ServiceQuery,
    options: QueryOptions,
    by_distance: bool,
}

impl Client {
    /// Finds instances of a service. Nothing is sent yet.
    #[must_use]
    pub fn lookup(&self, service: impl Into<String>) -> Lookup {
        Lookup {
            client: self.clone(),
            query: ServiceQuery::new(service).with_passing_only(),
            options: QueryOptions::new().with_consistency(Consistency::Stale),
            by_distance: false,
        }
    }
}

impl Lookup {
    /// Only instances with this tag; repeated calls must all hold.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.query = self.query.with_tag(tag);
        self
    }

    /// Instances that fail their checks too: look at [`Instance::status`].
    #[must_use]
    pub fn with_any_health(mut self) -> Self {
        self.query.passing_only = false;
        self
    }

    /// The nearest instances first, counted from `node`, or from the agent's own with `_agent`.
    #[must_use]
    pub fn with_near(mut self, node: impl Into<String>) -> Self {
        self.options = self.options.with_near(node);
        self.by_distance = true;
        self
    }

    /// Options of the read: datacenter, token, consistency, filter. Default: any server answers,
    /// which may be some milliseconds behind.
    #[must_use]
    pub fn with_options(mut self, options: QueryOptions) -> Self {
        self.by_distance = options.query.near.is_some();
        self.options = options;
        self
    }

    /// The instances now.
    ///
    /// `GET /v1/health/service/NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind). A service that does not exist has no
    /// instances, which is no error.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn instances(&self) -> Result<Vec<Instance>, Error> {
        let health = self.client.health();
        let found = health.service_with(&self.query, &self.options).await?;
        Ok(instance::all(&found.value, self.by_distance))
    }

    /// Follows the instances: the set now, then every set that differs in something that a caller
    /// of the service could notice. That the text of a check changed is no such thing.
    pub fn watch(&self) -> InstanceSets {
        let health = self.client.health();
        let entries = health.watch_service_with(&self.query, self.options.clone());
        InstanceSets::new(entries, self.by_distance)
    }
}
