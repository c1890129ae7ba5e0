//! Health: `/v1/health/…`.

mod check;
mod service;

use super::route::Endpoint;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("health/node/", |request, _| check::of_node(request)),
    Endpoint::get("health/checks/", |request, _| check::of_service(request)),
    Endpoint::get("health/state/", |request, _| check::in_state(request)),
    Endpoint::get("health/service/", |request, _| service::instances(request)),
    Endpoint::get("health/connect/", |request, _| service::connected(request)),
    Endpoint::get("health/ingress/", |request, _| service::ingress(request)),
];
