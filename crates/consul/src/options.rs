//! What every call may carry beside its own parameters.

use std::time::Duration;

use quorate_net::secret::Secret;
use quorate_wire::consul::query;
use quorate_wire::consul::{CacheControl, Consistency, SecretText};

/// Options of a read. Every method has a `_with` twin that takes them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use std::time::Duration;
/// use quorate_consul::{Consistency, QueryOptions};
///
/// let options = QueryOptions::new()
///     .with_consistency(Consistency::Stale)
///     .with_timeout(Duration::from_secs(1));
/// let answer = client.kv().get_with("config/port", &options).await?;
/// assert!(answer.value.is_none());
/// assert_eq!(answer.meta.known_leader, Some(true));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct QueryOptions {
    /// The ACL token of this call, instead of the client's. An empty one means none at all.
    pub token: Option<Secret>,
    /// The time for all attempts together, instead of the client's `overall`.
    pub timeout: Option<Duration>,
    /// What travels in the URL and in `Cache-Control`.
    pub query: query::QueryOptions,
}

impl QueryOptions {
    /// The defaults: the client's token and datacenter, default consistency, no blocking.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses this token for the call (`X-Consul-Token`, never in the URL); an empty one is none.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Gives the call this much time, over all attempts. A blocking call needs more than its wait.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Asks `datacenter` instead of the client's (`dc`).
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.query = self.query.with_datacenter(datacenter);
        self
    }

    /// Sets how fresh the answer must be (`stale`, `consistent`).
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.query = self.query.with_consistency(consistency);
        self
    }

    /// Takes stale data up to this age (`stale`, `max_stale`).
    #[must_use]
    pub fn with_max_stale(mut self, age: Duration) -> Self {
        self.query = self.query.with_max_stale(age);
        self
    }

    /// Lets the agent's cache answer (`cached`, `Cache-Control`).
    #[must_use]
    pub fn with_cache(mut self, cache: CacheControl) -> Self {
        self.query = self.query.with_cache(cache);
        self
    }

    /// Blocks until the data is newer than `index`, at most `wait` (`index`, `wait`). Servers take
    /// up to a sixteenth longer, and 10 minutes at most; 0 means their default of 5 minutes.
    ///
    /// [`Blocking`](crate::Blocking) is this as a stream, with all the rules of indexes.
    #[must_use]
    pub fn with_blocking(mut self, index: u64, wait: Duration) -> Self {
        self.query = self.query.with_blocking(index, wait);
        self
    }

    /// Sets the longest time that a watch blocks before it asks again (`wait`).
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.query.wait = Some(wait);
        self
    }

    /// Sorts by network distance to `node`, or to `_agent` (`near`).
    #[must_use]
    pub fn with_near(mut self, node: impl Into<String>) -> Self {
        self.query = self.query.with_near(node);
        self
    }

    /// Keeps only nodes with this metadata (`node-meta`); repeated calls must all hold.
    #[must_use]
    pub fn with_node_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.query = self.query.with_node_meta(key, value);
        self
    }

    /// Filters on the server (`filter`), as in `Service.Port == 8080`.
    #[must_use]
    pub fn with_filter(mut self, expression: impl Into<String>) -> Self {
        self.query = self.query.with_filter(expression);
        self
    }
}

impl From<query::QueryOptions> for QueryOptions {
    fn from(query: query::QueryOptions) -> Self {
        Self {
            query,
            ..Self::default()
        }
    }
}

/// The same token, timeout and datacenter, for [`Raw`](crate::Raw) writes.
impl From<WriteOptions> for QueryOptions {
    fn from(options: WriteOptions) -> Self {
        let mut query = Self::new();
        query.token = options.token;
        query.timeout = options.timeout;
        query.query.datacenter = options.write.datacenter;
        query
    }
}

/// Options of a write.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct WriteOptions {
    /// The ACL token of this call, instead of the client's. An empty one means none at all.
    pub token: Option<Secret>,
    /// The time for all attempts together, instead of the client's `overall`.
    pub timeout: Option<Duration>,
    /// What travels in the URL.
    pub write: query::WriteOptions,
}

impl WriteOptions {
    /// The defaults: the client's token and datacenter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Uses this token for the call (`X-Consul-Token`, never in the URL); an empty one is none.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Gives the call this much time, over all attempts.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Writes to `datacenter` instead of the client's (`dc`).
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.write = self.write.with_datacenter(datacenter);
        self
    }

    /// The same with `token`, unless there is one already, or `token` is none.
    pub(crate) fn or_token(&self, token: &SecretText) -> Self {
        let mut options = self.clone();
        if options.token.is_none() && !token.is_empty() {
            options.token = Some(Secret::new(token.expose()));
        }
        options
    }
}
