//! The fields of each kind that Consul 1.8.7 knows.

use quorate_wire::consul::ConfigKind;

use super::weak::Field;
use super::weak::Shape::{
    Any, Duration, Flag, Float, Int, Labels, List, Object, Objects, Text, Unsigned,
};

/// The fields of a kind.
pub(super) fn fields_of(kind: &ConfigKind) -> &'static [Field] {
    match kind {
        ConfigKind::ServiceDefaults => SERVICE_DEFAULTS,
        ConfigKind::ProxyDefaults => PROXY_DEFAULTS,
        ConfigKind::ServiceRouter => SERVICE_ROUTER,
        ConfigKind::ServiceSplitter => SERVICE_SPLITTER,
        ConfigKind::ServiceResolver => SERVICE_RESOLVER,
        ConfigKind::IngressGateway => INGRESS_GATEWAY,
        ConfigKind::TerminatingGateway => TERMINATING_GATEWAY,
        _ => &[],
    }
}

const SERVICE_DEFAULTS: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("Protocol", Text),
    ("MeshGateway", Object(MESH_GATEWAY)),
    ("Expose", Object(EXPOSE)),
    ("ExternalSNI", Text),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

pub(in super::super) const MESH_GATEWAY: &[Field] = &[("Mode", Text)];

const EXPOSE: &[Field] = &[("Checks", Flag), ("Paths", List(&Object(EXPOSE_PATH)))];

const EXPOSE_PATH: &[Field] = &[
    ("ListenerPort", Int),
    ("Path", Text),
    ("LocalPathPort", Int),
    ("Protocol", Text),
    ("ParsedFromCheck", Flag),
];

const PROXY_DEFAULTS: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("Config", Any),
    ("MeshGateway", Object(MESH_GATEWAY)),
    ("Expose", Object(EXPOSE)),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const SERVICE_ROUTER: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("Routes", List(&Object(ROUTE))),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const ROUTE: &[Field] = &[
    ("Match", Object(&[("HTTP", Object(HTTP_MATCH))])),
    ("Destination", Object(DESTINATION)),
];

const HTTP_MATCH: &[Field] = &[
    ("PathExact", Text),
    ("PathPrefix", Text),
    ("PathRegex", Text),
    ("Header", List(&Object(HEADER_MATCH))),
    ("QueryParam", List(&Object(QUERY_MATCH))),
    ("Methods", List(&Text)),
];

const HEADER_MATCH: &[Field] = &[
    ("Name", Text),
    ("Present", Flag),
    ("Exact", Text),
    ("Prefix", Text),
    ("Suffix", Text),
    ("Regex", Text),
    ("Invert", Flag),
];

const QUERY_MATCH: &[Field] = &[
    ("Name", Text),
    ("Present", Flag),
    ("Exact", Text),
    ("Regex", Text),
];

const DESTINATION: &[Field] = &[
    ("Service", Text),
    ("ServiceSubset", Text),
    ("Namespace", Text),
    ("PrefixRewrite", Text),
    ("RequestTimeout", Duration),
    ("NumRetries", Unsigned),
    ("RetryOnConnectFailure", Flag),
    ("RetryOnStatusCodes", List(&Unsigned)),
];

const SERVICE_SPLITTER: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("Splits", List(&Object(SPLIT))),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const SPLIT: &[Field] = &[
    ("Weight", Float),
    ("Service", Text),
    ("ServiceSubset", Text),
    ("Namespace", Text),
];

const SERVICE_RESOLVER: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("DefaultSubset", Text),
    ("Subsets", Objects(SUBSET)),
    ("Redirect", Object(REDIRECT)),
    ("Failover", Objects(FAILOVER)),
    ("ConnectTimeout", Duration),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const SUBSET: &[Field] = &[("Filter", Text), ("OnlyPassing", Flag)];

const REDIRECT: &[Field] = &[
    ("Service", Text),
    ("ServiceSubset", Text),
    ("Namespace", Text),
    ("Datacenter", Text),
];

const FAILOVER: &[Field] = &[
    ("Service", Text),
    ("ServiceSubset", Text),
    ("Namespace", Text),
    ("Datacenters", List(&Text)),
];

const INGRESS_GATEWAY: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("TLS", Object(&[("Enabled", Flag)])),
    ("Listeners", List(&Object(LISTENER))),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const LISTENER: &[Field] = &[
    ("Port", Int),
    ("Protocol", Text),
    ("Services", List(&Object(INGRESS_SERVICE))),
];

const INGRESS_SERVICE: &[Field] = &[("Name", Text), ("Hosts", List(&Text)), ("Meta", Labels)];

const TERMINATING_GATEWAY: &[Field] = &[
    ("Kind", Text),
    ("Name", Text),
    ("Services", List(&Object(LINKED_SERVICE))),
    ("Meta", Labels),
    ("CreateIndex", Int),
    ("ModifyIndex", Int),
];

const LINKED_SERVICE: &[Field] = &[
    ("Name", Text),
    ("CAFile", Text),
    ("CertFile", Text),
    ("KeyFile", Text),
    ("SNI", Text),
];
