//! The agent itself: `/v1/agent/…`.

mod connect;
mod host;
mod lifecycle;
mod members;
pub(super) mod metrics;
mod monitor;
mod myself;
pub(super) mod token;

use super::route::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("agent/self", |request, _| myself::describe(request)),
    Endpoint::get("agent/host", |request, _| host::describe(request)),
    Endpoint::get("agent/metrics", |request, _| metrics::metrics(request)),
    Endpoint::get("agent/monitor", |request, _| monitor::monitor(request)),
    Endpoint::put("agent/reload", |request, _| lifecycle::reload(request)),
    Endpoint::put("agent/leave", |request, _| lifecycle::leave(request)),
    Endpoint::get("agent/members", |request, _| members::members(request)),
    Endpoint::put("agent/join/", |request, _| members::join(request)).with_get_of_old(),
    Endpoint::put("agent/force-leave/", |request, _| {
        members::force_leave(request)
    })
    .with_get_of_old(),
    Endpoint::put("agent/token/", token::update),
    Endpoint::get("agent/connect/ca/roots", |request, _| {
        connect::disabled(request)
    }),
    Endpoint::get("agent/connect/ca/leaf/", |request, _| {
        connect::disabled(request)
    }),
    Endpoint::new(
        "agent/connect/authorize",
        "OPTIONS,POST",
        connect::authorize,
    ),
];
