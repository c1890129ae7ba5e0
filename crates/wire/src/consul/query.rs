//! Query options: what every call may carry beside its own parameters.

use std::time::Duration;

use super::duration::GoDuration;

/// How fresh a read must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Consistency {
    /// Answered by the leader under its lease: strongly consistent but for a tiny window while
    /// leadership changes.
    #[default]
    Default,
    /// The leader asks a quorum first (`consistent`): never stale, one round trip more.
    Consistent,
    /// Any server answers (`stale`): fastest, works without a leader, may be old.
    Stale,
}

/// Lets the agent answer from its cache (`cached`), with the bounds of `Cache-Control`.
///
/// Only some endpoints have a cache (`X-Cache` in the answer tells); the others ignore it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheControl {
    /// The oldest answer that is good enough, in whole seconds; `None` leaves it to the agent.
    pub max_age: Option<Duration>,
    /// How old an answer may be if the servers can't be reached, in whole seconds.
    pub stale_if_error: Option<Duration>,
    /// Never use an answer older than `max_age`.
    pub must_revalidate: bool,
}

impl CacheControl {
    /// Any cached answer will do.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the oldest answer that is good enough.
    #[must_use]
    pub fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Sets how old an answer may be if the servers can't be reached.
    #[must_use]
    pub fn with_stale_if_error(mut self, age: Duration) -> Self {
        self.stale_if_error = Some(age);
        self
    }

    /// Refuses answers older than `max_age`.
    #[must_use]
    pub fn with_must_revalidate(mut self) -> Self {
        self.must_revalidate = true;
        self
    }

    /// The value of the `Cache-Control` header, or `None` if it would be empty.
    #[must_use]
    pub fn to_header(&self) -> Option<String> {
        let mut parts = Vec::with_capacity(3);
        if let Some(age) = self.max_age {
            parts.push(format!("max-age={}", age.as_secs()));
        }
        if let Some(age) = self.stale_if_error {
            parts.push(format!("stale-if-error={}", age.as_secs()));
        }
        if self.must_revalidate {
            parts.push("must-revalidate".into());
        }
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

/// Options of a read.
///
/// The token is not here: it is a secret and travels in a header.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// The datacenter that answers; `None` is the agent's own (`dc`).
    pub datacenter: Option<String>,
    /// How fresh the answer must be.
    pub consistency: Consistency,
    /// With `stale`: the oldest data that will do (`max_stale`).
    pub max_stale: Option<Duration>,
    /// Lets the agent's cache answer (`cached`).
    pub cache: Option<CacheControl>,
    /// Blocks until the data is newer than this index (`index`); 0 or `None` does not block.
    pub index: Option<u64>,
    /// The longest time to block (`wait`): default 5 minutes, at most 10.
    pub wait: Option<Duration>,
    /// Sorts by network distance to this node, or to `_agent` (`near`).
    pub near: Option<String>,
    /// Only nodes that have all of these (`node-meta`).
    pub node_meta: Vec<(String, String)>,
    /// A filter expression, evaluated by the server (`filter`).
    pub filter: Option<String>,
}

impl QueryOptions {
    /// The defaults: the agent's datacenter, default consistency, no blocking.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks `datacenter` instead of the agent's own.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = Some(datacenter.into());
        self
    }

    /// Sets how fresh the answer must be.
    #[must_use]
    pub fn with_consistency(mut self, consistency: Consistency) -> Self {
        self.consistency = consistency;
        self
    }

    /// Takes stale data up to this age.
    #[must_use]
    pub fn with_max_stale(mut self, age: Duration) -> Self {
        self.consistency = Consistency::Stale;
        self.max_stale = Some(age);
        self
    }

    /// Lets the agent's cache answer.
    #[must_use]
    pub fn with_cache(mut self, cache: CacheControl) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Blocks until the data is newer than `index`, at most `wait`.
    #[must_use]
    pub fn with_blocking(mut self, index: u64, wait: Duration) -> Self {
        self.index = Some(index);
        self.wait = Some(wait);
        self
    }

    /// Sorts by distance to `node` (or `_agent`).
    #[must_use]
    pub fn with_near(mut self, node: impl Into<String>) -> Self {
        self.near = Some(node.into());
        self
    }

    /// Keeps only nodes with this metadata; repeated calls must all hold.
    #[must_use]
    pub fn with_node_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.node_meta.push((key.into(), value.into()));
        self
    }

    /// Filters on the server with an expression such as `Service.Port == 8080`.
    #[must_use]
    pub fn with_filter(mut self, expression: impl Into<String>) -> Self {
        self.filter = Some(expression.into());
        self
    }

    /// Checks the combinations that the server refuses.
    ///
    /// # Errors
    /// The server's own text for the combination.
    pub fn validate(&self) -> Result<(), &'static str> {
        if self.cache.is_some() && self.consistency == Consistency::Consistent {
            return Err(super::text::CACHED_AND_CONSISTENT);
        }
        Ok(())
    }

    /// Calls `push` with each query parameter, unencoded. Flags have no value.
    pub fn for_each_pair(&self, mut push: impl FnMut(&str, Option<&str>)) {
        if let Some(datacenter) = &self.datacenter {
            push("dc", Some(datacenter));
        }
        match self.consistency {
            Consistency::Default => {}
            Consistency::Consistent => push("consistent", None),
            Consistency::Stale => push("stale", None),
        }
        if let Some(age) = self.max_stale {
            push("max_stale", Some(&GoDuration::millis_text(age)));
        }
        if self.cache.is_some() {
            push("cached", None);
        }
        if let Some(index) = self.index.filter(|index| *index > 0) {
            push("index", Some(&index.to_string()));
            if let Some(wait) = self.wait {
                push("wait", Some(&GoDuration::millis_text(wait)));
            }
        }
        if let Some(near) = &self.near {
            push("near", Some(near));
        }
        for (key, value) in &self.node_meta {
            push("node-meta", Some(&format!("{key}:{value}")));
        }
        if let Some(filter) = &self.filter {
            push("filter", Some(filter));
        }
    }

    /// Reads the parameters of a request as Consul does; unknown names are left alone.
    ///
    /// # Errors
    /// The text that Consul answers with status 400.
    pub fn from_pairs<'a>(
        pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, &'static str> {
        let mut options = Self::default();
        let (mut stale, mut consistent) = (false, false);
        for (name, value) in pairs {
            match name {
                "dc" => options.datacenter = non_empty(value),
                "stale" => stale = true,
                "consistent" => consistent = true,
                "max_stale" if !value.is_empty() => {
                    options.max_stale = Some(parse_wait(value, super::text::INVALID_MAX_STALE)?);
                    stale = true;
                }
                "cached" => options.cache = Some(CacheControl::default()),
                "index" if !value.is_empty() => {
                    let index = value.parse().map_err(|_| super::text::INVALID_INDEX)?;
                    options.index = Some(index);
                }
                "wait" if !value.is_empty() => {
                    options.wait = Some(parse_wait(value, super::text::INVALID_WAIT)?);
                }
                "near" => options.near = non_empty(value),
                "node-meta" => {
                    let (key, value) = value.split_once(':').unwrap_or((value, ""));
                    options.node_meta.push((key.into(), value.into()));
                }
                "filter" => options.filter = non_empty(value),
                _ => {}
            }
        }
        options.consistency = match (stale, consistent) {
            (true, true) => return Err(super::text::STALE_AND_CONSISTENT),
            (true, false) => Consistency::Stale,
            (false, true) => Consistency::Consistent,
            (false, false) => Consistency::Default,
        };
        options.validate()?;
        Ok(options)
    }
}

fn non_empty(value: &str) -> Option<String> {
    (!value.is_empty()).then(|| value.to_owned())
}

/// A negative wait counts as 0, which is the default to the server.
fn parse_wait(value: &str, error: &'static str) -> Result<Duration, &'static str> {
    let duration: GoDuration = value.parse().map_err(|_| error)?;
    Ok(duration.to_duration().unwrap_or_default())
}

/// Options of a write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// The datacenter that is written; `None` is the agent's own (`dc`).
    pub datacenter: Option<String>,
}

impl WriteOptions {
    /// The defaults: the agent's datacenter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Writes to `datacenter` instead of the agent's own.
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = Some(datacenter.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(options: &QueryOptions) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        options.for_each_pair(|name, value| {
            pairs.push((name.to_owned(), value.unwrap_or_default().to_owned()));
        });
        pairs
    }

    fn read(text: &[(&str, &str)]) -> Result<QueryOptions, &'static str> {
        QueryOptions::from_pairs(text.iter().copied())
    }

    #[test]
    fn every_option_round_trips() {
        let options = QueryOptions::new()
            .with_datacenter("dc2")
            .with_max_stale(Duration::from_secs(3))
            .with_cache(CacheControl::default())
            .with_blocking(7, Duration::from_millis(1500))
            .with_near("_agent")
            .with_node_meta("rack", "a:b")
            .with_node_meta("zone", "1")
            .with_filter("Node == \"a\"");
        let pairs = pairs(&options);
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(read(&pairs), Ok(options));
    }

    #[test]
    fn index_zero_is_not_sent() {
        let options = QueryOptions::new().with_blocking(0, Duration::from_secs(1));
        assert!(pairs(&options).is_empty());
    }

    #[test]
    fn what_the_server_refuses_has_its_text() {
        for (name, value, text) in [
            ("index", "x", "Invalid index"),
            ("index", "-1", "Invalid index"),
            ("wait", "5", "Invalid wait time"),
        ] {
            assert_eq!(read(&[(name, value)]), Err(text));
        }
        let conflict = read(&[("stale", ""), ("consistent", "1")]).unwrap_err();
        assert!(conflict.starts_with("Cannot specify ?stale with ?consistent"));
        let conflict = read(&[("cached", ""), ("consistent", "")]).unwrap_err();
        assert!(conflict.starts_with("Cannot specify ?cached with ?consistent"));
        assert_eq!(read(&[("wait", "-5s")]).unwrap().wait, Some(Duration::ZERO));
    }

    #[test]
    fn cache_control_is_in_whole_seconds() {
        let cache = CacheControl::new()
            .with_max_age(Duration::from_millis(2500))
            .with_stale_if_error(Duration::from_secs(60))
            .with_must_revalidate();
        assert_eq!(
            cache.to_header().as_deref(),
            Some("max-age=2, stale-if-error=60, must-revalidate")
        );
        assert_eq!(CacheControl::new().to_header(), None);
    }
}
