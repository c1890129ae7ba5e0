//! Which endpoint a path means, and which methods it takes.

use http::{HeaderValue, Method};

/// The endpoints that the agent serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Kv,
    Txn,
    SessionCreate,
    SessionDestroy,
    SessionRenew,
    SessionInfo,
    SessionNode,
    SessionList,
    StatusLeader,
    StatusPeers,
    AgentSelf,
    AgentMembers,
    AgentJoin,
    AgentForceLeave,
    CatalogDatacenters,
    CatalogNodes,
    CatalogNode,
    CatalogRegister,
    CatalogDeregister,
    HealthNode,
    HealthState,
}

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Lookup<'a> {
    /// An endpoint, and the name behind its path.
    Found(Route, &'a [u8]),
    /// The path lacks a slash at its end: the client is sent to the one with it.
    AddSlash,
    /// Nothing.
    Missing,
}

/// Paths under `/v1/` that stand for themselves.
const EXACT: [(&[u8], Route); 11] = [
    (b"txn", Route::Txn),
    (b"session/create", Route::SessionCreate),
    (b"session/list", Route::SessionList),
    (b"status/leader", Route::StatusLeader),
    (b"status/peers", Route::StatusPeers),
    (b"agent/self", Route::AgentSelf),
    (b"agent/members", Route::AgentMembers),
    (b"catalog/datacenters", Route::CatalogDatacenters),
    (b"catalog/nodes", Route::CatalogNodes),
    (b"catalog/register", Route::CatalogRegister),
    (b"catalog/deregister", Route::CatalogDeregister),
];

/// Paths under `/v1/` that a name follows.
const NAMED: [(&[u8], Route); 9] = [
    (b"session/renew/", Route::SessionRenew),
    (b"session/info/", Route::SessionInfo),
    (b"session/destroy/", Route::SessionDestroy),
    (b"session/node/", Route::SessionNode),
    (b"health/node/", Route::HealthNode),
    (b"health/state/", Route::HealthState),
    (b"catalog/node/", Route::CatalogNode),
    (b"agent/join/", Route::AgentJoin),
    (b"agent/force-leave/", Route::AgentForceLeave),
];

const KV: &[u8] = b"kv/";

impl Route {
    /// The endpoint of a decoded and cleaned path.
    pub(crate) fn find(path: &[u8]) -> Lookup<'_> {
        let Some(path) = path.strip_prefix(b"/v1/") else {
            return Lookup::Missing;
        };
        if let Some(key) = path.strip_prefix(KV) {
            return Lookup::Found(Self::Kv, key);
        }
        if let Some((_, route)) = EXACT.iter().find(|(exact, _)| *exact == path) {
            return Lookup::Found(*route, b"");
        }
        for (prefix, route) in NAMED {
            if let Some(name) = path.strip_prefix(prefix) {
                return Lookup::Found(route, name);
            }
        }
        let prefixes = NAMED.iter().map(|(prefix, _)| *prefix).chain([KV]);
        let mut unslashed = prefixes.filter_map(|prefix| prefix.strip_suffix(b"/"));
        if unslashed.any(|prefix| prefix == path) {
            return Lookup::AddSlash;
        }
        Lookup::Missing
    }

    /// Whether the endpoint takes `method`. `lenient` adds the forms of clients from before
    /// Consul 1.0, where it took any method.
    pub(crate) fn takes(self, method: &Method, lenient: bool) -> bool {
        match self {
            Self::Kv => [Method::GET, Method::PUT, Method::DELETE].contains(method),
            Self::AgentJoin | Self::AgentForceLeave => {
                *method == Method::PUT || (lenient && *method == Method::GET)
            }
            _ if self.is_write() => *method == Method::PUT,
            _ => *method == Method::GET,
        }
    }

    /// The `Allow` header.
    pub(crate) fn allow(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Kv => "OPTIONS,GET,PUT,DELETE",
            _ if self.is_write() => "OPTIONS,PUT",
            _ => "OPTIONS,GET",
        })
    }

    fn is_write(self) -> bool {
        matches!(
            self,
            Self::Txn
                | Self::SessionCreate
                | Self::SessionDestroy
                | Self::SessionRenew
                | Self::AgentJoin
                | Self::AgentForceLeave
                | Self::CatalogRegister
                | Self::CatalogDeregister
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_endpoints_and_names() {
        for (path, route, name) in [
            ("/v1/kv/", Route::Kv, ""),
            ("/v1/kv/a/b", Route::Kv, "a/b"),
            ("/v1/txn", Route::Txn, ""),
            ("/v1/session/info/x", Route::SessionInfo, "x"),
            ("/v1/session/info/x/y", Route::SessionInfo, "x/y"),
            ("/v1/catalog/node/", Route::CatalogNode, ""),
            ("/v1/catalog/nodes", Route::CatalogNodes, ""),
        ] {
            assert_eq!(
                Route::find(path.as_bytes()),
                Lookup::Found(route, name.as_bytes())
            );
        }
        for path in [
            "/",
            "/v1",
            "/v1/",
            "/v2/kv/a",
            "/v1/txn/",
            "/v1/session/list/",
            "/v1/acl/list",
        ] {
            assert_eq!(Route::find(path.as_bytes()), Lookup::Missing, "{path}");
        }
        for path in ["/v1/kv", "/v1/session/info", "/v1/health/state"] {
            assert_eq!(Route::find(path.as_bytes()), Lookup::AddSlash, "{path}");
        }
    }

    #[test]
    fn each_endpoint_takes_its_methods_and_old_clients_may_join_with_get() {
        assert!(Route::Kv.takes(&Method::DELETE, false));
        assert!(!Route::Kv.takes(&Method::POST, true));
        assert!(!Route::SessionList.takes(&Method::HEAD, true));
        assert!(!Route::Txn.takes(&Method::GET, true));
        assert!(Route::AgentJoin.takes(&Method::GET, true));
        assert!(!Route::AgentJoin.takes(&Method::GET, false));
        assert_eq!(Route::AgentJoin.allow(), "OPTIONS,PUT");
    }
}
