//! `/v2/auth/enable`.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, StatusCode};
use quorate_wire::etcd2::auth::AuthEnabled;

use super::super::reply::Reply;
use super::super::request::{Answer, Request};
use super::{has_root_access, refusal};
use crate::engine::etcd2::{AuthCommand, Command};

/// Says whether users count, or has them count or not.
pub(in crate::etcd2) fn answer(request: Request) -> Answer {
    let meta = request.front.meta();
    if *request.method() == Method::GET {
        let enabled = request.front.snapshot().etcd2().auth().is_enabled();
        let reply = Reply::line(StatusCode::OK, &AuthEnabled { enabled });
        return reply.with_meta(meta).into();
    }
    Answer::later(async move {
        if !has_root_access(&request).await {
            return Reply::no_access().into();
        }
        let command = match *request.method() {
            Method::PUT => AuthCommand::Enable,
            _ => AuthCommand::Disable,
        };
        let command = Command::Auth(Box::new(command));
        let reply = match request.front.submit(command).await {
            Ok(_) => done(),
            Err(failure) => refusal(failure),
        };
        reply.with_meta(meta).into()
    })
}

/// What is answered where there is nothing to say.
pub(super) fn done() -> Reply {
    let json = HeaderValue::from_static("application/json");
    Reply::new(StatusCode::OK).with(CONTENT_TYPE, json)
}
