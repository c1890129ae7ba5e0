//! Server reflection: a client that knows none of the services asks for their descriptors.

mod files;
mod messages;

use std::future::{Ready, ready};

use http::{Request as HttpRequest, Response as HttpResponse};
use quorate_etcd_proto::tonic::body::Body;
use quorate_etcd_proto::tonic::server::{Grpc, StreamingService};
use quorate_etcd_proto::tonic::{Code, Request, Response, Status, Streaming};
use quorate_etcd_proto::tonic_prost::ProstCodec;
use quorate_net::task::Spawner;

use super::status::stopped;
use super::stream::{Answers, Source};
use files::Files;
use messages::{
    ErrorResponse, FileDescriptors, Found, Question, ReflectionRequest, ReflectionResponse,
    Service, Services,
};

/// The service, which has the same messages under both names.
pub(super) const V1: &str = "grpc.reflection.v1.ServerReflection";
/// The older name.
pub(super) const V1_ALPHA: &str = "grpc.reflection.v1alpha.ServerReflection";

/// Answers a request for the service.
pub(super) async fn answer(request: HttpRequest<Body>, spawner: Spawner) -> HttpResponse<Body> {
    if !request.uri().path().ends_with("/ServerReflectionInfo") {
        return Status::unimplemented("").into_http();
    }
    let codec: ProstCodec<ReflectionResponse, ReflectionRequest> = ProstCodec::default();
    Grpc::new(codec).streaming(Reflect(spawner), request).await
}

struct Reflect(Spawner);

impl StreamingService<ReflectionRequest> for Reflect {
    type Response = ReflectionResponse;
    type ResponseStream = Answers<Reflections>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ReflectionRequest>>) -> Self::Future {
        let reflections = Reflections {
            requests: request.into_inner(),
            spawner: self.0.clone(),
        };
        ready(Ok(Response::new(Answers::of(reflections))))
    }
}

/// Answers each question of a stream.
pub(super) struct Reflections {
    requests: Streaming<ReflectionRequest>,
    spawner: Spawner,
}

impl Source for Reflections {
    type Answer = ReflectionResponse;

    async fn next(&mut self) -> Option<Result<ReflectionResponse, Status>> {
        let mut stop = self.spawner.cancelled();
        let request = tokio::select! {
            biased;
            () = &mut stop => return Some(Err(stopped())),
            request = self.requests.message() => request,
        };
        let request = match request {
            Err(status) => return Some(Err(status)),
            Ok(request) => request?,
        };
        Some(Ok(ReflectionResponse {
            valid_host: request.host.clone(),
            found: Some(find(request.question.as_ref())),
            original_request: Some(request),
        }))
    }
}

fn find(question: Option<&Question>) -> Found {
    let files = Files::get();
    let found = match question {
        Some(Question::FileByFilename(name)) => files.named(name),
        Some(Question::FileContainingSymbol(name)) => files.with_symbol(name),
        Some(Question::ListServices(_)) => {
            let service = |name: &String| Service { name: name.clone() };
            return Found::Services(Services {
                services: files.services().iter().map(service).collect(),
            });
        }
        // None of the messages can be extended.
        Some(Question::FileContainingExtension(_) | Question::AllExtensionNumbersOfType(_)) => None,
        None => return error(Code::InvalidArgument, "nothing was asked"),
    };
    match found {
        Some(file) => Found::Files(FileDescriptors { files: vec![file] }),
        None => error(Code::NotFound, "not found"),
    }
}

fn error(code: Code, message: &str) -> Found {
    Found::Error(ErrorResponse {
        code: code.into(),
        message: message.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::messages::ExtensionRequest;
    use super::*;

    #[test]
    fn what_is_not_there_is_not_found() {
        for question in [
            Question::FileByFilename("x.proto".to_owned()),
            Question::FileContainingSymbol("x.Y".to_owned()),
            Question::FileContainingExtension(ExtensionRequest::default()),
            Question::AllExtensionNumbersOfType("etcdserverpb.PutRequest".to_owned()),
        ] {
            let found = find(Some(&question));
            assert_eq!(found, error(Code::NotFound, "not found"), "{question:?}");
        }
        assert_eq!(
            find(None),
            error(Code::InvalidArgument, "nothing was asked")
        );
    }

    #[test]
    fn all_services_are_told_and_described() {
        let question = Question::ListServices(String::new());
        let Found::Services(services) = find(Some(&question)) else {
            panic!("no services");
        };
        assert_eq!(services.services.len(), 9);
        for service in services.services {
            let found = find(Some(&Question::FileContainingSymbol(service.name)));
            assert!(matches!(found, Found::Files(_)), "{found:?}");
        }
    }
}
