//! Prepared queries: `/v1/query…`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration::GoDuration;
use super::health::ServiceEntry;
use super::secret::SecretText;

/// The one type of template.
pub const NAME_PREFIX_MATCH: &str = "name_prefix_match";

/// What stands for a token that the reader may not see.
pub const HIDDEN_TOKEN: &str = "<hidden>";

/// A prepared query: a search for instances of a service that is stored on the servers and run by
/// its name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct PreparedQuery {
    /// A UUID, given by the server.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name that it is run by, or of a template the prefix of such names. May be empty if it
    /// has a session or is a template.
    pub name: String,
    /// The session with whose end the query ends; empty for none.
    pub session: String,
    /// The token that it runs with; empty for the one of whoever runs it. Readers without
    /// management rights see [`HIDDEN_TOKEN`].
    pub token: SecretText,
    /// What makes it a template.
    pub template: QueryTemplate,
    /// What it searches for.
    pub service: ServiceQuery,
    /// What its answers by DNS say.
    #[serde(rename = "DNS")]
    pub dns: QueryDns,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

/// What makes a query a template, whose texts may contain `${name.full}`, `${name.prefix}`,
/// `${name.suffix}` and `${match(N)}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct QueryTemplate {
    /// [`NAME_PREFIX_MATCH`]; empty for what is no template.
    pub r#type: String,
    /// A regular expression on the name, for `${match(N)}`; empty for none.
    pub regexp: String,
    /// Whether tags that come out empty are dropped.
    pub remove_empty_tags: bool,
}

/// Which instances a query finds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceQuery {
    /// The service's name.
    pub service: String,
    /// Where to search if there is nothing here.
    pub failover: QueryFailover,
    /// Whether instances with warnings are left out, as critical ones always are.
    pub only_passing: bool,
    /// The checks that do not count.
    #[serde(rename = "IgnoreCheckIDs")]
    pub ignore_check_ids: Option<Vec<String>>,
    /// The node that answers are sorted by the distance to; `_agent` is the one that is asked,
    /// `_ip` the one at the address of the client.
    pub near: String,
    /// The tags that an instance must have, or with a `!` in front must not have.
    pub tags: Option<Vec<String>>,
    /// The metadata that its node must have.
    pub node_meta: Option<BTreeMap<String, String>>,
    /// The metadata that it must have itself.
    pub service_meta: Option<BTreeMap<String, String>>,
    /// Whether proxies and native instances of the mesh are meant.
    pub connect: bool,
}

/// Where a query searches if there is nothing in its own datacenter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct QueryFailover {
    /// In how many of the nearest datacenters.
    pub nearest_n: i64,
    /// In which others after them.
    pub datacenters: Option<Vec<String>>,
}

/// What answers by DNS say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct QueryDns {
    /// For how long they may be kept, as text; see [`QueryDns::ttl`].
    #[serde(rename = "TTL")]
    pub ttl_text: String,
}

impl QueryDns {
    /// For how long answers may be kept; `None` where nothing is said.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        let ttl: GoDuration = self.ttl_text.parse().ok()?;
        ttl.to_duration()
    }
}

impl PreparedQuery {
    /// A search for the healthy instances of `service`, which is run as `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, service: impl Into<String>) -> Self {
        let mut query = Self {
            name: name.into(),
            ..Self::default()
        };
        query.service.service = service.into();
        query
    }

    /// A template for every name that starts with `prefix` and has no query of its own; an empty
    /// prefix is for all. In the texts of [`PreparedQuery::service`], `${…}` is replaced.
    #[must_use]
    pub fn template(prefix: impl Into<String>, service: impl Into<String>) -> Self {
        let mut query = Self::new(prefix, service);
        query.template.r#type = NAME_PREFIX_MATCH.into();
        query
    }

    /// Whether it is a template.
    #[must_use]
    pub fn is_template(&self) -> bool {
        !self.template.r#type.is_empty()
    }

    /// Sets the regular expression of a template, whose groups `${match(N)}` stands for.
    #[must_use]
    pub fn with_regexp(mut self, regexp: impl Into<String>) -> Self {
        self.template.regexp = regexp.into();
        self
    }

    /// Drops the tags of a template that come out empty.
    #[must_use]
    pub fn without_empty_tags(mut self) -> Self {
        self.template.remove_empty_tags = true;
        self
    }

    /// Ends the query with a session.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<String>) -> Self {
        self.session = session.into();
        self
    }

    /// Runs the query with this token.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<SecretText>) -> Self {
        self.token = token.into();
        self
    }

    /// Leaves out instances with warnings too.
    #[must_use]
    pub fn only_passing(mut self) -> Self {
        self.service.only_passing = true;
        self
    }

    /// Ignores these checks.
    #[must_use]
    pub fn ignoring_checks<I: IntoIterator<Item = S>, S: Into<String>>(mut self, ids: I) -> Self {
        self.service.ignore_check_ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Finds instances with all of these tags, or without those that begin with `!`.
    #[must_use]
    pub fn with_tags<I: IntoIterator<Item = S>, S: Into<String>>(mut self, tags: I) -> Self {
        self.service.tags = Some(tags.into_iter().map(Into::into).collect());
        self
    }

    /// Finds instances on nodes with this metadata; repeated calls must all hold.
    #[must_use]
    pub fn with_node_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let meta = self.service.node_meta.get_or_insert_default();
        meta.insert(key.into(), value.into());
        self
    }

    /// Finds instances with this metadata; repeated calls must all hold.
    #[must_use]
    pub fn with_service_meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        let meta = self.service.service_meta.get_or_insert_default();
        meta.insert(key.into(), value.into());
        self
    }

    /// Sorts by the distance to a node, or to `_agent` or `_ip`.
    #[must_use]
    pub fn with_near(mut self, node: impl Into<String>) -> Self {
        self.service.near = node.into();
        self
    }

    /// Finds proxies and native instances of the mesh.
    #[must_use]
    pub fn with_connect(mut self) -> Self {
        self.service.connect = true;
        self
    }

    /// Searches in the `nearest` datacenters, and then in these, if there is nothing here.
    #[must_use]
    pub fn with_failover<I: IntoIterator<Item = S>, S: Into<String>>(
        mut self,
        nearest: u32,
        datacenters: I,
    ) -> Self {
        self.service.failover = QueryFailover {
            nearest_n: nearest.into(),
            datacenters: Some(datacenters.into_iter().map(Into::into).collect()),
        };
        self
    }

    /// Lets answers by DNS be kept for this long, in whole milliseconds.
    #[must_use]
    pub fn with_dns_ttl(mut self, ttl: Duration) -> Self {
        self.dns.ttl_text = GoDuration::millis_text(ttl).to_string();
        self
    }
}

/// The answer of `POST /v1/query`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedQueryCreated {
    /// The new query's UUID.
    #[serde(rename = "ID")]
    pub id: String,
}

/// The answer of `…/explain`: the query that a name leads to, a template with its texts replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct PreparedQueryExplained {
    /// The query as it would run.
    pub query: PreparedQuery,
    /// Always 0.
    pub index: u64,
    /// Nanoseconds since the server heard from the leader.
    pub last_contact: i64,
    /// Whether there is a leader.
    pub known_leader: bool,
    /// How fresh the answer is.
    pub consistency_level: String,
}

/// The answer of `…/execute`: what a query found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct PreparedQueryResult {
    /// The service that was searched for; of a template, what its text came to.
    pub service: String,
    /// The healthy instances.
    #[serde(deserialize_with = "super::null::empty")]
    pub nodes: Vec<ServiceEntry>,
    /// What answers by DNS say.
    #[serde(rename = "DNS")]
    pub dns: QueryDns,
    /// Where they were found.
    pub datacenter: String,
    /// How many datacenters were asked before.
    pub failovers: i64,
    /// Always 0.
    pub index: u64,
    /// Nanoseconds since the server heard from the leader.
    pub last_contact: i64,
    /// Whether there is a leader.
    pub known_leader: bool,
    /// How fresh the answer is.
    pub consistency_level: String,
}

/// Reads the answer of a list or of a query by its id.
///
/// # Errors
/// When the body is no list of queries.
pub fn decode_queries(body: &[u8]) -> Result<Vec<PreparedQuery>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<_>>>(body)?.unwrap_or_default())
}
