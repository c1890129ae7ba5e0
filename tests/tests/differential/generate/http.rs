//! Requests that are no ordinary ones.

use super::{Generator, pool};
use crate::request::{Body, Request};

const METHODS: [&str; 9] = [
    "GET", "PUT", "DELETE", "POST", "HEAD", "OPTIONS", "PATCH", "TRACE", "BOGUS",
];
const PATHS: [&str; 44] = [
    "/",
    "/v1",
    "/v1/",
    "/v2/kv/a",
    "/v1/kv",
    "/v1/kv/",
    "/v1/kv/a",
    "/v1/kv//a",
    "//v1/kv/a",
    "/v1//kv/a",
    "/v1/./kv/a",
    "/v1/kv/../kv/a",
    "/V1/kv/a",
    "/v1/KV/a",
    "/v1/txn",
    "/v1/txn/",
    "/v1/session",
    "/v1/session/",
    "/v1/session/create",
    "/v1/session/create/",
    "/v1/session/destroy",
    "/v1/session/destroy/",
    "/v1/session/renew",
    "/v1/session/renew/",
    "/v1/session/info",
    "/v1/session/info/",
    "/v1/session/list",
    "/v1/session/list/",
    "/v1/session/node",
    "/v1/session/node/",
    "/v1/status/leader",
    "/v1/status/peers",
    "/v1/status/leader/",
    "/v1/catalog/nodes",
    "/v1/catalog/node",
    "/v1/catalog/node/",
    "/v1/catalog/register",
    "/v1/catalog/deregister",
    "/v1/catalog/datacenters",
    "/v1/health/node",
    "/v1/health/node/",
    "/v1/health/state",
    "/v1/health/state/",
    "/%76%31/kv/a",
];

impl Generator {
    pub(super) fn odd(&mut self) -> Request {
        let method = self.pick(&METHODS);
        let mut target = match self.random.below(4) {
            0 => format!("/v1/kv/{}", self.pick(&pool::ODD_KEYS)),
            _ => self.pick(&PATHS).to_owned(),
        };
        if self.one_in(3) {
            super::add_parameter(&mut target, self.pick(&pool::PARAMETERS));
        }
        let request = Request::new(method, target);
        match self.one_in(10) && method != "TRACE" {
            true => request.with_body(Body::Text("x".to_owned())),
            false => request,
        }
    }
}
