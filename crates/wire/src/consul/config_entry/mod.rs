//! Configuration entries: `/v1/config/…`.
//!
//! Each kind has a type of its own, and [`ConfigEntry`] is any of them. Kinds of later servers are
//! kept as JSON, and so are fields that a kind got later (`extra`).

mod ingress_gateway;
mod kind;
mod mesh;
mod proxy_defaults;
mod service_defaults;
mod service_resolver;
mod service_router;
mod service_splitter;
mod terminating_gateway;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Map, Value};

pub use ingress_gateway::{GatewayTls, IngressGateway, IngressListener, IngressService};
pub use kind::ConfigKind;
pub use mesh::{Expose, ExposePath, MeshGateway, MeshGatewayMode};
pub use proxy_defaults::ProxyDefaults;
pub use service_defaults::ServiceDefaults;
pub use service_resolver::{ResolverFailover, ResolverRedirect, ResolverSubset, ServiceResolver};
pub use service_router::{
    HeaderMatch, HttpMatch, QueryMatch, RouteDestination, RouteMatch, ServiceRoute, ServiceRouter,
};
pub(crate) use service_splitter::write_weight;
pub use service_splitter::{ServiceSplit, ServiceSplitter};
pub use terminating_gateway::{LinkedService, TerminatingGateway};

/// One configuration entry, of any kind.
///
/// ```
/// use quorate_wire::consul::ConfigEntry;
/// use quorate_wire::consul::config_entry::ServiceDefaults;
///
/// let entry = ConfigEntry::from(ServiceDefaults::new("web").with_protocol("http"));
/// assert_eq!((entry.kind().as_str(), entry.name()), ("service-defaults", "web"));
/// let json = serde_json::to_string(&entry)?;
/// assert!(json.starts_with(r#"{"Kind":"service-defaults","Name":"web","Protocol":"http""#));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ConfigEntry {
    /// How one service speaks.
    ServiceDefaults(ServiceDefaults),
    /// What all proxies have in common.
    ProxyDefaults(ProxyDefaults),
    /// Where requests go, by path, header or method.
    ServiceRouter(ServiceRouter),
    /// Which part of the requests goes where.
    ServiceSplitter(ServiceSplitter),
    /// Which instances are meant.
    ServiceResolver(ServiceResolver),
    /// What comes in from outside of the mesh.
    IngressGateway(IngressGateway),
    /// What leaves the mesh.
    TerminatingGateway(TerminatingGateway),
    /// A kind that this version does not know, as the server wrote it.
    Other(Map<String, Value>),
}

/// Runs an expression on the entry inside, whichever it is; the last arm is for unknown kinds.
macro_rules! each {
    ($entry:expr, $known:ident => $of_known:expr, $other:ident => $of_other:expr) => {
        match $entry {
            ConfigEntry::ServiceDefaults($known) => $of_known,
            ConfigEntry::ProxyDefaults($known) => $of_known,
            ConfigEntry::ServiceRouter($known) => $of_known,
            ConfigEntry::ServiceSplitter($known) => $of_known,
            ConfigEntry::ServiceResolver($known) => $of_known,
            ConfigEntry::IngressGateway($known) => $of_known,
            ConfigEntry::TerminatingGateway($known) => $of_known,
            ConfigEntry::Other($other) => $of_other,
        }
    };
}

impl ConfigEntry {
    /// What it configures.
    #[must_use]
    pub fn kind(&self) -> ConfigKind {
        match self {
            Self::ServiceDefaults(_) => ConfigKind::ServiceDefaults,
            Self::ProxyDefaults(_) => ConfigKind::ProxyDefaults,
            Self::ServiceRouter(_) => ConfigKind::ServiceRouter,
            Self::ServiceSplitter(_) => ConfigKind::ServiceSplitter,
            Self::ServiceResolver(_) => ConfigKind::ServiceResolver,
            Self::IngressGateway(_) => ConfigKind::IngressGateway,
            Self::TerminatingGateway(_) => ConfigKind::TerminatingGateway,
            Self::Other(fields) => ConfigKind::from(text(fields, "Kind")),
        }
    }

    /// Its name: that of a service, or `global`.
    #[must_use]
    pub fn name(&self) -> &str {
        each!(self, entry => &entry.name, fields => text(fields, "Name"))
    }

    /// The index of its creation; 0 before it is stored.
    #[must_use]
    pub fn create_index(&self) -> u64 {
        each!(self, entry => entry.create_index, fields => number(fields, "CreateIndex"))
    }

    /// The index of its last change, for [compare and set](super::query); 0 before it is stored.
    #[must_use]
    pub fn modify_index(&self) -> u64 {
        each!(self, entry => entry.modify_index, fields => number(fields, "ModifyIndex"))
    }

    /// Sets both indexes: what a server does when it stores the entry.
    pub fn set_indexes(&mut self, create: u64, modify: u64) {
        each!(self, entry => {
            entry.create_index = create;
            entry.modify_index = modify;
        }, fields => {
            fields.insert("CreateIndex".to_owned(), create.into());
            fields.insert("ModifyIndex".to_owned(), modify.into());
        });
    }
}

fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn number(fields: &Map<String, Value>, name: &str) -> u64 {
    fields.get(name).and_then(Value::as_u64).unwrap_or_default()
}

impl Serialize for ConfigEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        each!(self, entry => entry.serialize(serializer), fields => fields.serialize(serializer))
    }
}

impl<'de> Deserialize<'de> for ConfigEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::deserialize(deserializer)?;
        let kind = ConfigKind::from(text(&fields, "Kind"));
        read(&kind, fields).map_err(de::Error::custom)
    }
}

fn read(kind: &ConfigKind, fields: Map<String, Value>) -> Result<ConfigEntry, serde_json::Error> {
    if let ConfigKind::Other(_) = kind {
        return Ok(ConfigEntry::Other(fields));
    }
    let json = Value::Object(fields);
    Ok(match kind {
        ConfigKind::ServiceDefaults => ConfigEntry::ServiceDefaults(serde_json::from_value(json)?),
        ConfigKind::ProxyDefaults => ConfigEntry::ProxyDefaults(serde_json::from_value(json)?),
        ConfigKind::ServiceRouter => ConfigEntry::ServiceRouter(serde_json::from_value(json)?),
        ConfigKind::ServiceSplitter => ConfigEntry::ServiceSplitter(serde_json::from_value(json)?),
        ConfigKind::ServiceResolver => ConfigEntry::ServiceResolver(serde_json::from_value(json)?),
        ConfigKind::IngressGateway => ConfigEntry::IngressGateway(serde_json::from_value(json)?),
        ConfigKind::TerminatingGateway | ConfigKind::Other(_) => {
            ConfigEntry::TerminatingGateway(serde_json::from_value(json)?)
        }
    })
}

macro_rules! into_entry {
    ($($kind:ident),*) => {$(
        impl From<$kind> for ConfigEntry {
            fn from(entry: $kind) -> Self {
                Self::$kind(entry)
            }
        }
    )*};
}

into_entry!(
    ServiceDefaults,
    ProxyDefaults,
    ServiceRouter,
    ServiceSplitter,
    ServiceResolver,
    IngressGateway,
    TerminatingGateway
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_fields_of_later_servers_are_kept() {
        let json = r#"{"Kind":"mesh","Name":"mesh","TransparentProxy":{"a":1}}"#;
        let entry: ConfigEntry = serde_json::from_str(json).unwrap();
        assert_eq!(entry.kind(), ConfigKind::Other("mesh".to_owned()));
        assert_eq!(serde_json::to_string(&entry).unwrap(), json);
        let json = r#"{"Kind":"service-defaults","Name":"web","MaxInboundConnections":5}"#;
        let entry: ConfigEntry = serde_json::from_str(json).unwrap();
        let ConfigEntry::ServiceDefaults(web) = &entry else {
            panic!("{entry:?}");
        };
        assert_eq!(web.extra["MaxInboundConnections"], 5);
        let again = serde_json::to_string(&entry).unwrap();
        assert!(again.contains(r#""MaxInboundConnections":5"#), "{again}");
    }

    #[test]
    fn durations_are_never_negative() {
        let json = r#"{"Kind":"service-resolver","Name":"a","ConnectTimeout":"-1s"}"#;
        let error = serde_json::from_str::<ConfigEntry>(json).unwrap_err();
        assert!(
            error.to_string().contains("negative duration -1s"),
            "{error}"
        );
    }
}
