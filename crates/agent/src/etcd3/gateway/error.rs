//! What is wrong, as the gateway says it.

use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use quorate_etcd_proto::tonic::{Code, Status};
use serde::Serialize;

use crate::etcd2::Reply;

/// The body of an error. The text is there twice: clients of older servers look for the first one,
/// and those of newer servers for the second.
#[derive(Serialize)]
struct Wrong<'a> {
    error: &'a str,
    code: i32,
    message: &'a str,
}

/// An error among the answers of a stream, for clients of older servers and of newer ones.
#[derive(Serialize)]
struct WrongAnswer<'a> {
    grpc_code: i32,
    http_code: u16,
    code: i32,
    message: &'a str,
    http_status: &'a str,
}

/// The line for an error among the answers of a stream.
#[derive(Serialize)]
struct Line<'a> {
    error: WrongAnswer<'a>,
}

/// What a request is answered with.
pub(super) fn reply(status: &Status) -> Reply {
    let wrong = Wrong {
        error: status.message(),
        code: status.code().into(),
        message: status.message(),
    };
    headed(status, json(&wrong))
}

/// What a request for a stream is answered with, if nothing was before.
pub(super) fn stream_reply(status: &Status) -> Reply {
    headed(status, line(status))
}

/// What comes behind other answers of a stream.
pub(super) fn line(status: &Status) -> Vec<u8> {
    let http = http_status(status.code());
    json(&Line {
        error: WrongAnswer {
            grpc_code: status.code().into(),
            http_code: http.as_u16(),
            code: status.code().into(),
            message: status.message(),
            http_status: http.canonical_reason().unwrap_or_default(),
        },
    })
}

fn json(value: &impl Serialize) -> Vec<u8> {
    // It has names and texts only, which can be written.
    serde_json::to_vec(value).unwrap_or_default()
}

fn headed(status: &Status, body: Vec<u8>) -> Reply {
    let reply = Reply::encoded(http_status(status.code()), body);
    match HeaderValue::from_str(status.message()) {
        Ok(text) if status.code() == Code::Unauthenticated => reply.with(WWW_AUTHENTICATE, text),
        _ => reply,
    }
}

fn http_status(code: Code) -> StatusCode {
    match code {
        Code::Ok => StatusCode::OK,
        Code::Cancelled => StatusCode::REQUEST_TIMEOUT,
        Code::InvalidArgument | Code::FailedPrecondition | Code::OutOfRange => {
            StatusCode::BAD_REQUEST
        }
        Code::DeadlineExceeded => StatusCode::GATEWAY_TIMEOUT,
        Code::NotFound => StatusCode::NOT_FOUND,
        Code::AlreadyExists | Code::Aborted => StatusCode::CONFLICT,
        Code::PermissionDenied => StatusCode::FORBIDDEN,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::ResourceExhausted => StatusCode::TOO_MANY_REQUESTS,
        Code::Unimplemented => StatusCode::NOT_IMPLEMENTED,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Unknown | Code::Internal | Code::DataLoss => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_told_for_clients_of_any_version() {
        let status = Status::failed_precondition("etcdserver: \"x\"");
        let (head, body) = reply(&status).split();
        assert_eq!(head.status(), StatusCode::BAD_REQUEST);
        assert_eq!(
            body,
            r#"{"error":"etcdserver: \"x\"","code":9,"message":"etcdserver: \"x\""}"#
        );
        assert_eq!(
            line(&status),
            br#"{"error":{"grpc_code":9,"http_code":400,"code":9,"message":"etcdserver: \"x\"","http_status":"Bad Request"}}"#
        );
    }

    #[test]
    fn who_is_unknown_is_told_how_to_change_that() {
        let status = Status::unauthenticated("etcdserver: invalid auth token");
        let (head, _) = reply(&status).split();
        assert_eq!(head.status(), StatusCode::UNAUTHORIZED);
        let told = &head.headers()[WWW_AUTHENTICATE];
        assert_eq!(told, "etcdserver: invalid auth token");
    }
}
