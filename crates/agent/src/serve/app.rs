//! What a listener serves.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;
use quorate_net::task::Spawner;

use super::{Progress, Stopping};
use crate::consul::{self, ReplyBody};
use crate::etcd2;
use crate::etcd3::{self, Routes, gateway};

/// The API of a listener.
#[derive(Clone, Debug)]
pub(crate) enum App {
    Consul(Arc<consul::Front>),
    /// The v2 API and the gateway to the v3 API, which connections that speak HTTP/2 have as it is.
    Etcd(Arc<etcd2::Front>, Arc<Routes>),
}

impl App {
    /// etcd's APIs, on one port.
    pub(crate) fn etcd(v2: etcd2::Front, spawner: Spawner) -> Self {
        let v2 = Arc::new(v2);
        let v3 = etcd3::Front::new(Arc::clone(&v2), spawner);
        Self::Etcd(v2, Arc::new(Routes::new(&Arc::new(v3))))
    }

    pub(super) fn stopping(&self) -> &Stopping {
        match self {
            Self::Consul(front) => &front.stopping,
            Self::Etcd(front, _) => &front.stopping,
        }
    }

    /// How long a connection may do nothing.
    pub(super) fn idle_timeout(&self) -> Duration {
        match self {
            Self::Consul(front) => front.idle_timeout,
            Self::Etcd(front, _) => front.idle_timeout,
        }
    }

    /// Answers the requests of one connection.
    pub(super) fn service(&self, progress: &Arc<Progress>) -> Service {
        let progress = Arc::clone(progress);
        match self {
            Self::Consul(front) => {
                Service::Consul(consul::Service::new(Arc::clone(front), progress))
            }
            Self::Etcd(v2, v3) => {
                let service = etcd2::Service::new(Arc::clone(v2), Arc::clone(&progress));
                Service::Etcd(service, Arc::clone(v3), progress)
            }
        }
    }
}

/// The service of an API.
pub(super) enum Service {
    Consul(consul::Service),
    Etcd(etcd2::Service, Arc<Routes>, Arc<Progress>),
}

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: http::Request<Incoming>) -> Answering {
        match self {
            Self::Consul(service) => Answering::Consul(service.call(request)),
            Self::Etcd(_, routes, progress) if gateway::takes(request.uri().path()) => {
                Answering::Gateway(gateway::answer(routes, progress, request))
            }
            Self::Etcd(service, _, _) => Answering::Etcd2(service.call(request)),
        }
    }
}

/// The answer of a service.
pub(super) enum Answering {
    Consul(consul::Answering),
    Etcd2(etcd2::Answering),
    Gateway(gateway::Answering),
}

impl Future for Answering {
    type Output = Result<Response<ReplyBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Consul(answer) => Pin::new(answer).poll(cx),
            Self::Etcd2(answer) => Pin::new(answer).poll(cx),
            Self::Gateway(answer) => answer.as_mut().poll(cx).map(Ok),
        }
    }
}
