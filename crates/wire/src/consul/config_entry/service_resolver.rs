use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Tag;
use crate::consul::nullable::{duration, is_default, or_default};

/// Which instances a service's name means: `service-resolver`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceResolver {
    /// How long connecting to an instance may take; 5 s when there is none.
    #[serde(with = "duration", skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Duration>,
    kind: Tag<4>,
    /// The service.
    pub name: String,
    /// The subset that is meant when none is said; empty for all instances.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub default_subset: String,
    /// The subsets by name: up to 63 lower-case letters, digits and inner hyphens.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub subsets: BTreeMap<String, ResolverSubset>,
    /// What is meant instead; not together with a failover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<ResolverRedirect>,
    /// Where to turn when no instance is healthy, by subset; `*` for all others.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub failover: BTreeMap<String, ResolverFailover>,
    /// The operator's labels.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub meta: BTreeMap<String, String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation; 0 before it is stored.
    pub create_index: u64,
    /// The index of its last change; 0 before it is stored.
    pub modify_index: u64,
}

impl ServiceResolver {
    /// A resolver of a service that changes nothing yet.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = Some(timeout);
        self
    }

    /// Adds a subset of the instances.
    #[must_use]
    pub fn with_subset(mut self, name: impl Into<String>, subset: ResolverSubset) -> Self {
        self.subsets.insert(name.into(), subset);
        self
    }

    /// Sets the subset that is meant when none is said.
    #[must_use]
    pub fn with_default_subset(mut self, name: impl Into<String>) -> Self {
        self.default_subset = name.into();
        self
    }

    /// Sets what is meant instead.
    #[must_use]
    pub fn with_redirect(mut self, redirect: ResolverRedirect) -> Self {
        self.redirect = Some(redirect);
        self
    }

    /// Sets where to turn when no instance of a subset is healthy; `*` for all others.
    #[must_use]
    pub fn with_failover(mut self, subset: impl Into<String>, failover: ResolverFailover) -> Self {
        self.failover.insert(subset.into(), failover);
        self
    }
}

/// Some of a service's instances.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ResolverSubset {
    /// A filter expression, as `Service.Meta.version == v1`; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// Whether instances with a warning are left out too.
    #[serde(skip_serializing_if = "is_default")]
    pub only_passing: bool,
}

impl ResolverSubset {
    /// The instances that pass a filter expression.
    #[must_use]
    pub fn new(filter: impl Into<String>) -> Self {
        Self {
            filter: filter.into(),
            only_passing: false,
        }
    }

    /// Leaves instances with a warning out.
    #[must_use]
    pub fn only_passing(mut self) -> Self {
        self.only_passing = true;
        self
    }
}

/// What is meant instead of a service; what is empty stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ResolverRedirect {
    /// Another service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// A subset of the service, which must be named too.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_subset: String,
    /// An enterprise field, empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Another datacenter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub datacenter: String,
}

impl ResolverRedirect {
    /// Another service.
    #[must_use]
    pub fn service(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            ..Self::default()
        }
    }

    /// Another datacenter.
    #[must_use]
    pub fn datacenter(datacenter: impl Into<String>) -> Self {
        Self {
            datacenter: datacenter.into(),
            ..Self::default()
        }
    }
}

/// Where to turn when no instance is healthy; what is empty stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ResolverFailover {
    /// Another service.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// Another subset.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_subset: String,
    /// An enterprise field, empty otherwise.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// Other datacenters, in order.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub datacenters: Vec<String>,
}

impl ResolverFailover {
    /// Another service.
    #[must_use]
    pub fn service(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            ..Self::default()
        }
    }

    /// Other datacenters, in order.
    #[must_use]
    pub fn datacenters<I: IntoIterator<Item = S>, S: Into<String>>(names: I) -> Self {
        Self {
            datacenters: names.into_iter().map(Into::into).collect(),
            ..Self::default()
        }
    }
}
