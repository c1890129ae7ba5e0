//! The endpoints that take a body.

/// One endpoint, and where what it stored is shown.
pub(super) struct Endpoint {
    pub(super) method: &'static str,
    pub(super) target: &'static str,
    pub(super) stored: Stored,
}

pub(super) enum Stored {
    /// Nowhere that it could be compared.
    Nowhere,
    /// Here, in the form in which it is written.
    At(&'static str),
    /// Here, byte for byte.
    Raw(&'static str),
    /// In these lists, whose elements are written one by one.
    Listed(&'static [&'static str]),
    /// Under the id that is in the answer.
    ById {
        id: &'static str,
        under: &'static str,
    },
}

const fn put(target: &'static str, stored: Stored) -> Endpoint {
    Endpoint {
        method: "PUT",
        target,
        stored,
    }
}

const fn post(target: &'static str, stored: Stored) -> Endpoint {
    Endpoint {
        method: "POST",
        target,
        stored,
    }
}

const fn by(id: &'static str, under: &'static str) -> Stored {
    Stored::ById { id, under }
}

const CONFIG_LISTS: &[&str] = &[
    "/v1/config/service-defaults",
    "/v1/config/proxy-defaults",
    "/v1/config/service-router",
    "/v1/config/service-splitter",
    "/v1/config/service-resolver",
    "/v1/config/ingress-gateway",
    "/v1/config/terminating-gateway",
];

const AUTOPILOT: &str = "/v1/operator/autopilot/configuration";

/// Every endpoint that takes a body and does nothing but store it: checks and services of the agent's
/// own connect to what they are told to, and are tried without being started (`json`).
pub(super) const ENDPOINTS: &[Endpoint] = &[
    put("/v1/txn", Stored::Nowhere),
    put("/v1/kv/a%20key", Stored::Raw("/v1/kv/a%20key?raw")),
    put("/v1/session/create", Stored::Nowhere),
    put("/v1/catalog/register", Stored::Nowhere),
    put("/v1/catalog/deregister", Stored::Nowhere),
    put("/v1/config", Stored::Listed(CONFIG_LISTS)),
    post("/v1/query", by("ID", "/v1/query/")),
    post(
        "/v1/connect/intentions",
        by("ID", "/v1/connect/intentions/"),
    ),
    put("/v1/connect/ca/configuration", Stored::Nowhere),
    put("/v1/coordinate/update", Stored::Nowhere),
    put("/v1/event/fire/deploy", Stored::Nowhere),
    put(AUTOPILOT, Stored::At(AUTOPILOT)),
    put("/v1/operator/keyring", Stored::Nowhere),
    put("/v1/acl/policy", by("ID", "/v1/acl/policy/")),
    put("/v1/acl/role", by("ID", "/v1/acl/role/")),
    put("/v1/acl/token", by("AccessorID", "/v1/acl/token/")),
    put("/v1/acl/create", Stored::Nowhere),
    put("/v1/acl/auth-method", Stored::Nowhere),
    put("/v1/acl/binding-rule", Stored::Nowhere),
    post("/v1/acl/login", Stored::Nowhere),
    post("/v1/acl/rules/translate", Stored::Nowhere),
    post("/v1/internal/acl/authorize", Stored::Nowhere),
    put("/v1/agent/token/default", Stored::Nowhere),
    put("/v1/snapshot", Stored::Nowhere),
];
