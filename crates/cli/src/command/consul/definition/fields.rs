//! The settings of services and checks: in files with underscores, in any case of letters; in
//! the API as one word.

use serde_json::{Map, Value};

/// A setting: its name in files, its name in the API (empty: not here), what it holds.
type Field = (&'static str, &'static str, Shape);

/// What a setting holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A text, a number or a truth.
    Single,
    /// Whatever it is.
    Any,
    /// A list of texts.
    Texts,
    /// An object with these settings.
    Object(&'static [Field]),
    /// A list of such objects; one alone is a list too.
    Objects(&'static [Field]),
    /// Names that are the user's, each with a text or a number.
    Labels,
    /// The same, each with whatever it is.
    Anything,
    /// The same, each with such an object.
    Named(&'static [Field]),
}

use Shape::{Any, Anything, Labels, Named, Object, Objects, Single, Texts};

/// A service.
pub(super) const SERVICE: Shape = Object(&SERVICE_FIELDS);

/// A check of its own.
pub(super) const CHECK: Shape = Object(&CHECK_FIELDS);

static SERVICE_FIELDS: [Field; 15] = [
    ("kind", "Kind", Single),
    ("id", "ID", Single),
    ("name", "Name", Single),
    ("tags", "Tags", Texts),
    ("address", "Address", Single),
    ("tagged_addresses", "TaggedAddresses", Named(&ADDRESS)),
    ("meta", "Meta", Labels),
    ("port", "Port", Single),
    ("check", "Check", Object(&SERVICE_CHECK)),
    ("checks", "Checks", Objects(&SERVICE_CHECK)),
    ("weights", "Weights", Object(&WEIGHTS)),
    ("token", "Token", Single),
    ("enable_tag_override", "EnableTagOverride", Single),
    ("proxy", "Proxy", Object(&PROXY)),
    ("connect", "Connect", Object(&CONNECT)),
];

static ADDRESS: [Field; 2] = [("address", "Address", Single), ("port", "Port", Single)];

static WEIGHTS: [Field; 2] = [
    ("passing", "Passing", Single),
    ("warning", "Warning", Single),
];

static CONNECT: [Field; 2] = [
    ("native", "Native", Single),
    ("sidecar_service", "SidecarService", Object(&SERVICE_FIELDS)),
];

static PROXY: [Field; 8] = [
    ("destination_service_name", "DestinationServiceName", Single),
    ("destination_service_id", "DestinationServiceID", Single),
    ("local_service_address", "LocalServiceAddress", Single),
    ("local_service_port", "LocalServicePort", Single),
    ("config", "Config", Anything),
    ("upstreams", "Upstreams", Objects(&UPSTREAM)),
    ("mesh_gateway", "MeshGateway", Object(&MESH_GATEWAY)),
    ("expose", "Expose", Object(&EXPOSE)),
];

static UPSTREAM: [Field; 8] = [
    ("destination_type", "DestinationType", Single),
    ("destination_namespace", "DestinationNamespace", Single),
    ("destination_name", "DestinationName", Single),
    ("datacenter", "Datacenter", Single),
    ("local_bind_address", "LocalBindAddress", Single),
    ("local_bind_port", "LocalBindPort", Single),
    ("config", "Config", Anything),
    ("mesh_gateway", "MeshGateway", Object(&MESH_GATEWAY)),
];

static MESH_GATEWAY: [Field; 1] = [("mode", "Mode", Single)];

static EXPOSE: [Field; 2] = [
    ("checks", "Checks", Single),
    ("paths", "Paths", Objects(&EXPOSED_PATH)),
];

static EXPOSED_PATH: [Field; 4] = [
    ("listener_port", "ListenerPort", Single),
    ("path", "Path", Single),
    ("local_path_port", "LocalPathPort", Single),
    ("protocol", "Protocol", Single),
];

/// The settings of a check of a service, where the id has another name, and service and token
/// are that service's.
static SERVICE_CHECK: [Field; 26] = check_fields("CheckID", "", "");

static CHECK_FIELDS: [Field; 26] = check_fields("ID", "ServiceID", "Token");

const fn check_fields(
    id: &'static str,
    service_id: &'static str,
    token: &'static str,
) -> [Field; 26] {
    [
        ("id", id, Single),
        ("name", "Name", Single),
        ("notes", "Notes", Single),
        ("service_id", service_id, Single),
        ("token", token, Single),
        ("status", "Status", Single),
        ("args", "Args", Texts),
        ("http", "HTTP", Single),
        ("header", "Header", Anything),
        ("method", "Method", Single),
        ("body", "Body", Single),
        ("output_max_size", "OutputMaxSize", Single),
        ("tcp", "TCP", Single),
        ("interval", "Interval", Single),
        ("docker_container_id", "DockerContainerID", Single),
        ("shell", "Shell", Single),
        ("grpc", "GRPC", Single),
        ("grpc_use_tls", "GRPCUseTLS", Single),
        ("tls_skip_verify", "TLSSkipVerify", Single),
        ("alias_node", "AliasNode", Single),
        ("alias_service", "AliasService", Single),
        ("timeout", "Timeout", Single),
        ("ttl", "TTL", Single),
        (
            "deregister_critical_service_after",
            "DeregisterCriticalServiceAfter",
            Single,
        ),
        ("success_before_passing", "SuccessBeforePassing", Single),
        ("failures_before_critical", "FailuresBeforeCritical", Single),
    ]
}

/// `value`, which stands at `path` of a file, in the words of the API.
pub(super) fn in_words_of_the_api(path: &str, value: Value, shape: Shape) -> Result<Value, String> {
    match (shape, value) {
        (Any, value) => Ok(value),
        (Single, value) if !value.is_array() && !value.is_object() => Ok(value),
        (Texts, Value::Array(texts)) => Ok(texts.into()),
        (Object(fields), Value::Object(object)) => known(path, object, fields),
        (Objects(fields), Value::Array(objects)) => objects
            .into_iter()
            .map(|object| in_words_of_the_api(path, object, Object(fields)))
            .collect(),
        (Objects(fields), object) => {
            let object = in_words_of_the_api(path, object, Object(fields))?;
            Ok(vec![object].into())
        }
        (Labels, Value::Object(labels)) => each(path, labels, Single),
        (Anything, Value::Object(labels)) => each(path, labels, Any),
        (Named(fields), Value::Object(named)) => each(path, named, Object(fields)),
        (Single, _) => Err(format!("{path} is no single value")),
        (Texts, _) => Err(format!("{path} is no list")),
        (Object(_) | Labels | Anything | Named(_), _) => Err(format!("{path} is no object")),
    }
}

fn known(path: &str, object: Map<String, Value>, fields: &[Field]) -> Result<Value, String> {
    let mut known = Map::new();
    for (name, value) in object {
        let path = format!("{path}.{name}");
        let same = |(theirs, ours, _): &&Field| !ours.is_empty() && plain(theirs).eq(plain(&name));
        let Some((_, ours, shape)) = fields.iter().find(same) else {
            return Err(format!("there is no setting {path}"));
        };
        known.insert(
            (*ours).to_owned(),
            in_words_of_the_api(&path, value, *shape)?,
        );
    }
    Ok(known.into())
}

/// A name without what does not count: underscores and the case of letters.
fn plain(name: &str) -> impl Iterator<Item = u8> {
    let letters = name.bytes().filter(|byte| *byte != b'_');
    letters.map(|byte| byte.to_ascii_lowercase())
}

fn each(path: &str, object: Map<String, Value>, shape: Shape) -> Result<Value, String> {
    let fields = object.into_iter().map(|(name, value)| {
        let path = format!("{path}.{name}");
        Ok((name, in_words_of_the_api(&path, value, shape)?))
    });
    fields
        .collect::<Result<Map<_, _>, String>>()
        .map(Value::from)
}
