//! The service Health of gRPC, by which balancers ask whether a server serves.

use std::future::{Ready, ready};

use http::{Request as HttpRequest, Response as HttpResponse};
use quorate_etcd_proto::prost;
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::server::{Grpc, ServerStreamingService, UnaryService};
use quorate_etcd_proto::tonic::{Request, Response, Status};
use quorate_etcd_proto::tonic_prost::ProstCodec;
use quorate_net::task::Spawner;

use super::stream::{Answers, Source};

/// It serves.
const SERVING: i32 = 1;
/// There is no such service, as a stream says it.
const SERVICE_UNKNOWN: i32 = 3;

/// Which service is asked about; empty is the server.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct HealthCheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

/// How it is.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct HealthCheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// Answers a request for the service.
pub(super) async fn answer(request: HttpRequest<Body>, spawner: Spawner) -> HttpResponse<Body> {
    match request.uri().path() {
        "/grpc.health.v1.Health/Check" => Grpc::new(codec()).unary(Check, request).await,
        "/grpc.health.v1.Health/Watch" => {
            let watch = Watch(spawner);
            Grpc::new(codec()).server_streaming(watch, request).await
        }
        _ => Status::unimplemented("").into_http(),
    }
}

fn codec() -> ProstCodec<HealthCheckResponse, HealthCheckRequest> {
    ProstCodec::default()
}

struct Check;

impl UnaryService<HealthCheckRequest> for Check {
    type Response = HealthCheckResponse;
    type Future = Ready<Result<Response<HealthCheckResponse>, Status>>;

    fn call(&mut self, request: Request<HealthCheckRequest>) -> Self::Future {
        ready(if request.get_ref().service.is_empty() {
            Ok(Response::new(HealthCheckResponse { status: SERVING }))
        } else {
            Err(Status::not_found("unknown service"))
        })
    }
}

struct Watch(Spawner);

impl ServerStreamingService<HealthCheckRequest> for Watch {
    type Response = HealthCheckResponse;
    type ResponseStream = Answers<Health>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<HealthCheckRequest>) -> Self::Future {
        let status = if request.get_ref().service.is_empty() {
            SERVING
        } else {
            SERVICE_UNKNOWN
        };
        let health = Health {
            spawner: self.0.clone(),
            status: Some(status),
        };
        ready(Ok(Response::new(Answers::of(health))))
    }
}

/// How it is now, which stays so until the agent ends.
pub(super) struct Health {
    spawner: Spawner,
    status: Option<i32>,
}

impl Source for Health {
    type Answer = HealthCheckResponse;

    async fn next(&mut self) -> Option<Result<HealthCheckResponse, Status>> {
        if let Some(status) = self.status.take() {
            return Some(Ok(HealthCheckResponse { status }));
        }
        self.spawner.cancelled().await;
        None
    }
}
