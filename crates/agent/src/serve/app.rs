//! What a listener serves.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Response;
use hyper::body::Incoming;

use super::{Progress, Stopping};
use crate::consul::{self, ReplyBody};
use crate::etcd2;

/// The API of a listener.
#[derive(Clone, Debug)]
pub(crate) enum App {
    Consul(Arc<consul::Front>),
    Etcd2(Arc<etcd2::Front>),
}

impl App {
    pub(super) fn stopping(&self) -> &Stopping {
        match self {
            Self::Consul(front) => &front.stopping,
            Self::Etcd2(front) => &front.stopping,
        }
    }

    /// How long a connection may do nothing.
    pub(super) fn idle_timeout(&self) -> Duration {
        match self {
            Self::Consul(front) => front.idle_timeout,
            Self::Etcd2(front) => front.idle_timeout,
        }
    }

    /// Answers the requests of one connection.
    pub(super) fn service(&self, progress: &Arc<Progress>) -> Service {
        let progress = Arc::clone(progress);
        match self {
            Self::Consul(front) => {
                Service::Consul(consul::Service::new(Arc::clone(front), progress))
            }
            Self::Etcd2(front) => Service::Etcd2(etcd2::Service::new(Arc::clone(front), progress)),
        }
    }
}

/// The service of either API.
pub(super) enum Service {
    Consul(consul::Service),
    Etcd2(etcd2::Service),
}

impl hyper::service::Service<http::Request<Incoming>> for Service {
    type Response = Response<ReplyBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: http::Request<Incoming>) -> Answering {
        match self {
            Self::Consul(service) => Answering::Consul(service.call(request)),
            Self::Etcd2(service) => Answering::Etcd2(service.call(request)),
        }
    }
}

/// The answer of either service.
pub(super) enum Answering {
    Consul(consul::Answering),
    Etcd2(etcd2::Answering),
}

impl Future for Answering {
    type Output = Result<Response<ReplyBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Consul(answer) => Pin::new(answer).poll(cx),
            Self::Etcd2(answer) => Pin::new(answer).poll(cx),
        }
    }
}
