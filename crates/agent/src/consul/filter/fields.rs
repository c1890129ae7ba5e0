//! What filters can ask of each kind of element: the selectors that Consul 1.8.7 accepts, which
//! are not all that it shows.

use Type::{Bool, Int, Map, Struct, Structs, Text, Texts};

/// The fields of one kind of element.
#[derive(Debug)]
pub(crate) struct Fields(&'static [(&'static str, Type)]);

/// What a field holds, which decides what may be asked of it.
#[derive(Debug)]
pub(super) enum Type {
    Text,
    Int,
    Bool,
    /// A list of texts.
    Texts,
    /// A map from text.
    Map(&'static Type),
    /// An object, which is only asked for its fields.
    Struct(&'static Fields),
    /// A list of objects.
    Structs(&'static Fields),
}

impl Fields {
    pub(super) fn find(&self, name: &str) -> Option<(&'static str, &'static Type)> {
        let mut fields = self.0.iter();
        let (name, kind) = fields.find(|(field, _)| *field == name)?;
        Some((name, kind))
    }
}

impl Type {
    pub(super) fn fields(&self) -> Option<&'static Fields> {
        match self {
            Struct(fields) | Structs(fields) => Some(fields),
            _ => None,
        }
    }
}

/// A node of the catalog.
pub(crate) static NODE: Fields = Fields(&[
    ("ID", Text),
    ("Node", Text),
    ("Address", Text),
    ("Datacenter", Text),
    ("TaggedAddresses", Map(&Text)),
    ("Meta", Map(&Text)),
]);

/// An instance of a service with its node, in one: `/v1/catalog/service/…`.
pub(crate) static CATALOG_SERVICE: Fields = Fields(&[
    ("ID", Text),
    ("Node", Text),
    ("Address", Text),
    ("Datacenter", Text),
    ("TaggedAddresses", Map(&Text)),
    ("NodeMeta", Map(&Text)),
    ("ServiceKind", Text),
    ("ServiceID", Text),
    ("ServiceName", Text),
    ("ServiceTags", Texts),
    ("ServiceAddress", Text),
    ("ServiceTaggedAddresses", Map(&Struct(&ADDRESS))),
    ("ServiceWeights", Struct(&WEIGHTS)),
    ("ServiceMeta", Map(&Text)),
    ("ServicePort", Int),
    ("ServiceEnableTagOverride", Bool),
    ("ServiceProxy", Struct(&PROXY)),
    ("ServiceConnect", Struct(&CONNECT)),
]);

/// A service of a node.
pub(crate) static NODE_SERVICE: Fields = Fields(&[
    ("Kind", Text),
    ("ID", Text),
    ("Service", Text),
    ("Tags", Texts),
    ("Address", Text),
    ("TaggedAddresses", Map(&Struct(&ADDRESS))),
    ("Meta", Map(&Text)),
    ("Port", Int),
    ("Weights", Struct(&WEIGHTS)),
    ("EnableTagOverride", Bool),
    ("Proxy", Struct(&PROXY)),
    ("Connect", Struct(&CONNECT)),
]);

/// An instance of a service with its node and its checks: `/v1/health/service/…`.
pub(crate) static SERVICE_ENTRY: Fields = Fields(&[
    ("Node", Struct(&NODE)),
    ("Service", Struct(&NODE_SERVICE)),
    ("Checks", Structs(&HEALTH_CHECK)),
]);

/// A check.
pub(crate) static HEALTH_CHECK: Fields = Fields(&[
    ("Node", Text),
    ("CheckID", Text),
    ("Name", Text),
    ("Status", Text),
    ("Notes", Text),
    ("Output", Text),
    ("ServiceID", Text),
    ("ServiceName", Text),
    ("ServiceTags", Texts),
    ("Type", Text),
]);

/// An intention.
pub(crate) static INTENTION: Fields = Fields(&[
    ("ID", Text),
    ("Description", Text),
    ("SourceNS", Text),
    ("SourceName", Text),
    ("DestinationNS", Text),
    ("DestinationName", Text),
    ("SourceType", Text),
    ("Action", Text),
    ("DefaultAddr", Text),
    ("DefaultPort", Int),
    ("Meta", Map(&Text)),
    ("Precedence", Int),
]);

/// What a JSON web token says of who logs in: selectors of binding rules.
pub(crate) static JWT_LOGIN: Fields = Fields(&[("value", Map(&Text)), ("list", Map(&Texts))]);

/// What a Kubernetes cluster says of who logs in.
pub(crate) static KUBERNETES_LOGIN: Fields =
    Fields(&[("serviceaccount", Struct(&SERVICE_ACCOUNT))]);

static SERVICE_ACCOUNT: Fields = Fields(&[("namespace", Text), ("name", Text), ("uid", Text)]);

static ADDRESS: Fields = Fields(&[("Address", Text), ("Port", Int)]);

static WEIGHTS: Fields = Fields(&[("Passing", Int), ("Warning", Int)]);

static CONNECT: Fields = Fields(&[("Native", Bool)]);

static PROXY: Fields = Fields(&[
    ("DestinationServiceName", Text),
    ("DestinationServiceID", Text),
    ("LocalServiceAddress", Text),
    ("LocalServicePort", Int),
    ("Upstreams", Structs(&UPSTREAM)),
    ("MeshGateway", Struct(&MESH_GATEWAY)),
    ("Expose", Struct(&EXPOSE)),
]);

static UPSTREAM: Fields = Fields(&[
    ("DestinationType", Text),
    ("DestinationNamespace", Text),
    ("DestinationName", Text),
    ("Datacenter", Text),
    ("LocalBindAddress", Text),
    ("LocalBindPort", Int),
    ("MeshGateway", Struct(&MESH_GATEWAY)),
]);

static MESH_GATEWAY: Fields = Fields(&[("Mode", Text)]);

static EXPOSE: Fields = Fields(&[("Checks", Bool), ("Paths", Structs(&EXPOSED_PATH))]);

static EXPOSED_PATH: Fields = Fields(&[
    ("ListenerPort", Int),
    ("Path", Text),
    ("LocalPathPort", Int),
    ("Protocol", Text),
    ("ParsedFromCheck", Bool),
]);
