//! Consul's mesh, as far as one process has one: `/v1/connect/…`.

use http::Method;

use super::connect_ca::{configuration, roots};
use super::intention::{change, check, create, find, list, matching};
use super::route::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("connect/ca/roots", |request, _| roots(request)),
    Endpoint::new("connect/ca/configuration", "OPTIONS,GET,PUT", configuration),
    Endpoint::new(
        "connect/intentions",
        "OPTIONS,GET,POST",
        |request, body| match *request.method {
            Method::GET => list(request),
            _ => create(request, body),
        },
    ),
    Endpoint::get("connect/intentions/match", |request, _| matching(request)),
    Endpoint::get("connect/intentions/check", |request, _| check(request)),
    Endpoint::new(
        "connect/intentions/",
        "OPTIONS,GET,PUT,DELETE",
        |request, body| match *request.method {
            Method::GET => find(request),
            _ => change(request, body),
        },
    ),
];
