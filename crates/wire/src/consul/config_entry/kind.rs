use std::fmt;

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What a configuration entry configures.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ConfigKind {
    /// `service-defaults`
    ServiceDefaults,
    /// `proxy-defaults`, of which there is one, called `global`.
    ProxyDefaults,
    /// `service-router`
    ServiceRouter,
    /// `service-splitter`
    ServiceSplitter,
    /// `service-resolver`
    ServiceResolver,
    /// `ingress-gateway`
    IngressGateway,
    /// `terminating-gateway`
    TerminatingGateway,
    /// A kind that this version does not know.
    Other(String),
}

const NAMES: [&str; 7] = [
    "service-defaults",
    "proxy-defaults",
    "service-router",
    "service-splitter",
    "service-resolver",
    "ingress-gateway",
    "terminating-gateway",
];

impl ConfigKind {
    /// The kinds that this version knows.
    pub const KNOWN: [Self; 7] = [
        Self::ServiceDefaults,
        Self::ProxyDefaults,
        Self::ServiceRouter,
        Self::ServiceSplitter,
        Self::ServiceResolver,
        Self::IngressGateway,
        Self::TerminatingGateway,
    ];

    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::ServiceDefaults => NAMES[0],
            Self::ProxyDefaults => NAMES[1],
            Self::ServiceRouter => NAMES[2],
            Self::ServiceSplitter => NAMES[3],
            Self::ServiceResolver => NAMES[4],
            Self::IngressGateway => NAMES[5],
            Self::TerminatingGateway => NAMES[6],
            Self::Other(name) => name,
        }
    }
}

impl From<&str> for ConfigKind {
    fn from(name: &str) -> Self {
        let mut known = Self::KNOWN.into_iter();
        let known = known.find(|kind| kind.as_str() == name);
        known.unwrap_or_else(|| Self::Other(name.to_owned()))
    }
}

impl fmt::Display for ConfigKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The field `Kind` of the kind at this place in [`NAMES`]. It says nothing that the type does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tag<const KIND: usize>;

impl<const KIND: usize> Serialize for Tag<KIND> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(NAMES[KIND])
    }
}

impl<'de, const KIND: usize> Deserialize<'de> for Tag<KIND> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer)?;
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_read_as_it_is_written() {
        for (kind, name) in ConfigKind::KNOWN.into_iter().zip(NAMES) {
            assert_eq!((kind.as_str(), &ConfigKind::from(name)), (name, &kind));
        }
        assert_eq!(ConfigKind::from("mesh").to_string(), "mesh");
    }
}
