//! The instances of a service.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::HealthStatus;

/// An instance of a service, as its callers care.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// The name of its node.
    pub node: String,
    /// Its id, unique within its node.
    pub id: String,
    /// Where it is: its own address, or that of its node. An IP address or a host name.
    pub address: String,
    /// Its port; 0 if it has none.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its labels.
    pub meta: BTreeMap<String, String>,
    /// How it is, by all checks that concern it.
    pub status: HealthStatus,
}

impl Instance {
    /// A passing instance `id` on `node`.
    pub fn new(node: impl Into<String>, id: impl Into<String>, address: impl Into<String>) -> Self {
        Self {
            node: node.into(),
            id: id.into(),
            address: address.into(),
            port: 0,
            tags: Vec::new(),
            meta: BTreeMap::new(),
            status: HealthStatus::Passing,
        }
    }

    /// The address as one to connect to; `None` for a host name.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.address.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }
}

/// `address:port`, an IPv6 address in brackets.
impl fmt::Display for Instance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket_addr() {
            Some(addr) => addr.fmt(f),
            None => write!(f, "{}:{}", self.address, self.port),
        }
    }
}

/// The instances of a service at one time, and how that differs from the time before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceSet {
    /// All of them.
    pub instances: Vec<Instance>,
    /// Those that were not in the set before, or were otherwise.
    pub added: Vec<Instance>,
    /// Those that were in the set before and are not any more, or are otherwise; as they were.
    pub removed: Vec<Instance>,
}

/// Which instances are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceOptions {
    /// How well they have to be: default only those that pass all their checks.
    pub health: WantedHealth,
    /// The tags that an instance must have, all of them.
    pub tags: Vec<String>,
    /// From where the nearest come first. Default: no such order.
    pub near: Option<Near>,
}

/// How well instances have to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WantedHealth {
    /// Only those that pass all their checks, and those of their node.
    #[default]
    Passing,
    /// All: look at [`Instance::status`].
    Any,
}

/// From where distances count.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Near {
    /// From the server that is asked.
    Here,
    /// From the node of this name.
    Node(String),
}

impl InstanceOptions {
    /// Those that fail their checks too.
    #[must_use]
    pub fn with_any_health(mut self) -> Self {
        self.health = WantedHealth::Any;
        self
    }

    /// Only those with this tag; repeated calls must all hold.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The nearest first.
    #[must_use]
    pub fn with_near(mut self, near: Near) -> Self {
        self.near = Some(near);
        self
    }
}

/// A service, as lists have it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceSummary {
    /// Its name.
    pub name: String,
    /// The tags of all its instances, ordered.
    pub tags: Vec<String>,
}

impl ServiceSummary {
    /// The service `name`, whose instances have `tags`.
    pub fn new(name: impl Into<String>, tags: Vec<String>) -> Self {
        let name = name.into();
        Self { name, tags }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_as_one_connects_to_it() {
        let mut instance = Instance::new("n", "web", "fd00::7");
        instance.port = 80;
        assert_eq!(instance.to_string(), "[fd00::7]:80");
        instance.address = "web.example".into();
        assert_eq!(instance.to_string(), "web.example:80");
        assert_eq!(instance.socket_addr(), None);
    }
}
