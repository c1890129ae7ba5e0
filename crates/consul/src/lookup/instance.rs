//! One instance, as far as its callers care.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use quorate_wire::consul::health::ServiceEntry;

use crate::HealthStatus;
use crate::wire::service::Weights;

/// An instance of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Instance {
    /// The name of its node.
    pub node: String,
    /// Its id, unique within its node.
    pub id: String,
    /// Where it is: its own address, or that of its node. An IP address or a host name.
    pub address: String,
    /// Its port; 0 when it has none.
    pub port: u16,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its labels.
    pub meta: BTreeMap<String, String>,
    /// How much of the load it is to get.
    pub weights: Weights,
    /// How it is, by all checks that concern it.
    pub status: HealthStatus,
}

impl Instance {
    fn of(entry: &ServiceEntry) -> Self {
        let service = &entry.service;
        Self {
            node: entry.node.node.clone(),
            id: service.id.clone(),
            address: entry.effective_address().to_owned(),
            port: u16::try_from(service.port).unwrap_or_default(),
            tags: service.tags.clone(),
            meta: service.meta.clone().unwrap_or_default(),
            weights: service.weights,
            status: entry.status(),
        }
    }

    /// The address as one to connect to; `None` for a host name.
    #[must_use]
    pub fn socket_addr(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.address.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// Its weight as it is now: that for passing, that for a warning, and 0 for anything worse.
    #[must_use]
    pub fn weight(&self) -> u32 {
        match self.status {
            HealthStatus::Passing => self.weights.passing,
            HealthStatus::Warning => self.weights.warning,
            _ => 0,
        }
    }

    /// What tells it from others.
    pub(super) fn key(&self) -> (&str, &str) {
        (&self.node, &self.id)
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

/// All instances, in the server's order if that means something.
pub(super) fn all(entries: &[ServiceEntry], keep_order: bool) -> Vec<Instance> {
    let mut instances: Vec<_> = entries.iter().map(Instance::of).collect();
    if !keep_order {
        instances.sort_by(|one, other| one.key().cmp(&other.key()));
    }
    instances
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(node: &str, id: &str) -> ServiceEntry {
        let mut entry = ServiceEntry::default();
        entry.node.node = node.into();
        entry.node.address = "fd00::7".into();
        entry.service.id = id.into();
        entry.service.port = 80;
        entry
    }

    #[test]
    fn an_instance_without_an_address_has_its_nodes() {
        let instance = Instance::of(&entry("n", "web"));
        assert_eq!(instance.to_string(), "[fd00::7]:80");
        assert_eq!(
            (instance.weight(), instance.status),
            (1, HealthStatus::Passing)
        );
    }

    #[test]
    fn without_a_distance_the_order_is_always_the_same() {
        let entries = [entry("b", "1"), entry("a", "2"), entry("a", "1")];
        let keys = |keep| {
            let all = all(&entries, keep).into_iter();
            all.map(|it| format!("{}{}", it.node, it.id))
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(false), ["a1", "a2", "b1"]);
        assert_eq!(keys(true), ["b1", "a2", "a1"]);
    }
}
