//! Which endpoint a path means, and which methods it takes.
//!
//! Each noun lists its endpoints beside their code; here they are only looked up.

use http::{HeaderValue, Method};

use super::body::Body;
use super::reply::Refused;
use super::request::{Answer, Request};
use super::{acl, agent, agent_check, agent_health, agent_maintenance, agent_service};
use super::{catalog, health, kv, operator, session, status, txn};
use super::{config_entry, connect, discovery_chain, snapshot};
use super::{coordinate, event, prepared_query};

/// What answers a request.
type Handler = fn(Request<'_>, Body) -> Result<Answer, Refused>;

/// One endpoint.
pub(crate) struct Endpoint {
    /// What follows `/v1/`; with a slash at its end, a name follows.
    path: &'static str,
    /// The `Allow` header.
    allow: &'static str,
    /// Whether clients from before Consul 1.0 may use GET too: it took any method then.
    get_of_old: bool,
    /// Whether the endpoint itself refuses methods.
    any_method: bool,
    run: Handler,
}

impl Endpoint {
    /// An endpoint that takes the methods in `allow`, in the form of the `Allow` header.
    pub(crate) const fn new(path: &'static str, allow: &'static str, run: Handler) -> Self {
        Self {
            path,
            allow,
            get_of_old: false,
            any_method: false,
            run,
        }
    }

    /// One that reads.
    pub(crate) const fn get(path: &'static str, run: Handler) -> Self {
        Self::new(path, "OPTIONS,GET", run)
    }

    /// One that writes.
    pub(crate) const fn put(path: &'static str, run: Handler) -> Self {
        Self::new(path, "OPTIONS,PUT", run)
    }

    /// Takes any method, to refuse some itself: what it allows depends on the path.
    pub(crate) const fn with_any_method(mut self) -> Self {
        self.any_method = true;
        self
    }

    /// Takes GET of clients from before Consul 1.0 too, unless the agent is strict.
    pub(crate) const fn with_get_of_old(mut self) -> Self {
        self.get_of_old = true;
        self
    }

    /// Whether the endpoint takes `method`.
    pub(crate) fn takes(&self, method: &Method, lenient: bool) -> bool {
        let mut allowed = self.allow.split(',').skip(1);
        self.any_method
            || allowed.any(|one| one == method.as_str())
            || (lenient && self.get_of_old && *method == Method::GET)
    }

    /// The `Allow` header.
    pub(crate) fn allow(&self) -> HeaderValue {
        HeaderValue::from_static(self.allow)
    }

    /// Answers a request.
    pub(crate) fn run(&self, request: Request<'_>, body: Body) -> Result<Answer, Refused> {
        (self.run)(request, body)
    }

    fn takes_name(&self) -> bool {
        self.path.ends_with('/')
    }
}

/// What a path leads to.
pub(crate) enum Lookup<'a> {
    /// An endpoint, and the name behind its path.
    Found(&'static Endpoint, &'a [u8]),
    /// The path lacks a slash at its end: the client is sent to the one with it.
    AddSlash,
    /// Nothing.
    Missing,
}

/// The endpoints by the first segment of their path; one noun can have several tables.
const NOUNS: &[(&str, &[Endpoint])] = &[
    ("kv", kv::ENDPOINTS),
    ("session", session::ENDPOINTS),
    ("txn", txn::ENDPOINTS),
    ("health", health::ENDPOINTS),
    ("catalog", catalog::ENDPOINTS),
    ("agent", agent::ENDPOINTS),
    ("config", config_entry::ENDPOINTS),
    ("connect", connect::ENDPOINTS),
    ("discovery-chain", discovery_chain::ENDPOINTS),
    ("snapshot", snapshot::ENDPOINTS),
    ("agent", agent_service::ENDPOINTS),
    ("agent", agent_check::ENDPOINTS),
    ("agent", agent_maintenance::ENDPOINTS),
    ("agent", agent_health::ENDPOINTS),
    ("status", status::ENDPOINTS),
    ("acl", acl::ENDPOINTS),
    ("internal", acl::INTERNAL),
    ("event", event::ENDPOINTS),
    ("query", prepared_query::ENDPOINTS),
    ("coordinate", coordinate::ENDPOINTS),
    ("operator", operator::raft::ENDPOINTS),
    ("operator", operator::autopilot::ENDPOINTS),
    ("operator", operator::keyring::ENDPOINTS),
];

/// The nouns whose endpoints themselves check what a request may do, or are open to all. While access
/// rules are on, all others are for those who may do everything.
const RULED: &[&str] = &[
    "kv",
    "session",
    "txn",
    "status",
    "acl",
    "internal",
    "agent",
    "operator",
    "catalog",
    "health",
    "event",
    "coordinate",
    "query",
    "config",
    "connect",
    "discovery-chain",
    "snapshot",
];

/// Whether an endpoint checks itself what a request may do.
pub(crate) fn is_ruled(endpoint: &Endpoint) -> bool {
    let noun = endpoint.path.split('/').next();
    noun.is_some_and(|noun| RULED.contains(&noun))
}

/// Finds the endpoint of a decoded and cleaned path. The longest path that fits counts.
pub(crate) fn find(path: &[u8]) -> Lookup<'_> {
    let Some(path) = path.strip_prefix(b"/v1/") else {
        return Lookup::Missing;
    };
    let noun = path.split(|byte| *byte == b'/').next().unwrap_or(path);
    let tables = NOUNS.iter().filter(|(name, _)| name.as_bytes() == noun);
    let mut best: Option<&'static Endpoint> = None;
    let mut lacks_slash = false;
    for endpoint in tables.flat_map(|(_, endpoints)| *endpoints) {
        let own = endpoint.path.as_bytes();
        if own == path {
            return Lookup::Found(endpoint, b"");
        }
        if !endpoint.takes_name() {
            continue;
        }
        if path.starts_with(own) {
            best = best
                .into_iter()
                .chain([endpoint])
                .max_by_key(|it| it.path.len());
        }
        lacks_slash |= own.strip_suffix(b"/") == Some(path);
    }
    match best {
        // As in Go, also when a shorter path with a name would fit.
        _ if lacks_slash => Lookup::AddSlash,
        Some(endpoint) => Lookup::Found(endpoint, &path[endpoint.path.len()..]),
        None => Lookup::Missing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &'static str) -> (&'static Endpoint, &'static [u8]) {
        match find(path.as_bytes()) {
            Lookup::Found(endpoint, name) => (endpoint, name),
            _ => panic!("{path} leads to no endpoint"),
        }
    }

    #[test]
    fn paths_lead_to_endpoints_and_names() {
        for (path, endpoint, name) in [
            ("/v1/kv/", "kv/", ""),
            ("/v1/kv/a/b", "kv/", "a/b"),
            ("/v1/txn", "txn", ""),
            ("/v1/session/info/x", "session/info/", "x"),
            ("/v1/session/info/x/y", "session/info/", "x/y"),
            ("/v1/catalog/node/", "catalog/node/", ""),
            ("/v1/catalog/nodes", "catalog/nodes", ""),
        ] {
            let (at, rest) = found(path);
            assert_eq!((at.path, rest), (endpoint, name.as_bytes()));
        }
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v2/kv/a",
            "/v1/txn/",
            "/v1/session/list/",
            "/v1/nothing",
        ] {
            assert!(matches!(find(path.as_bytes()), Lookup::Missing), "{path}");
        }
        for path in ["/v1/kv", "/v1/session/info", "/v1/health/state"] {
            assert!(matches!(find(path.as_bytes()), Lookup::AddSlash), "{path}");
        }
    }

    #[test]
    fn each_endpoint_takes_its_methods_and_old_clients_may_join_with_get() {
        let (kv, _) = found("/v1/kv/a");
        assert!(kv.takes(&Method::DELETE, false));
        assert!(!kv.takes(&Method::POST, true));
        assert!(!found("/v1/session/list").0.takes(&Method::HEAD, true));
        assert!(!found("/v1/txn").0.takes(&Method::GET, true));
        let (join, _) = found("/v1/agent/join/x");
        assert!(join.takes(&Method::GET, true));
        assert!(!join.takes(&Method::GET, false));
        assert_eq!(join.allow(), "OPTIONS,PUT");
    }

    #[test]
    fn every_endpoint_stands_under_its_noun_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (noun, endpoints) in NOUNS {
            for endpoint in *endpoints {
                let first = endpoint.path.split('/').next();
                assert_eq!(first, Some(*noun), "{}", endpoint.path);
                assert!(
                    seen.insert(endpoint.path),
                    "{} is there twice",
                    endpoint.path
                );
            }
        }
    }
}
