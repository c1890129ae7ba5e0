//! Rules from before Consul 1.4 in today's syntax: `/v1/acl/rules/translate…`.

use std::sync::Arc;

use http::StatusCode;

use super::{bad_request, check_on, collect, lookup_refused, named, reader};
use crate::consul::blocking::Reading;
use crate::consul::body::Body;
use crate::consul::permit::{not_found, require};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};

/// `POST /v1/acl/rules/translate`: of the rules in the body.
pub(super) fn text(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    require(request.permit()?.acl_read())?;
    Ok(Answer::later(async move {
        let body = match collect(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        translated(&String::from_utf8_lossy(&body))
    }))
}

fn translated(rules: &str) -> Reply {
    match crate::acl::translate(rules) {
        Ok(text) if text.is_empty() => Reply::empty(StatusCode::OK),
        Ok(text) => Reply::text(StatusCode::OK, text),
        Err(problem) => bad_request(format_args!("Failed to parse rules: {problem}")),
    }
}

/// `GET /v1/acl/rules/translate/:accessor`: of the rules of a token.
pub(super) fn of_token(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let accessor = named(request, "token ID")?;
    reader(request)?;
    let snapshot = request.front.snapshot();
    let found = snapshot.consul().acl_token_by_accessor(&accessor);
    let found = found.map_err(|refusal| lookup_refused(&refusal))?;
    let reply = match found.value.map(Arc::as_ref) {
        None => not_found(),
        Some(token) if token.token.rules.is_empty() => {
            Reply::server_error("The specified token does not have any rules set")
        }
        Some(token) => match translated(&token.token.rules) {
            // What could be translated is answered without the headers of a read.
            reply if reply.is_ok() => return Ok(reply.into()),
            reply => reply.with_status(StatusCode::INTERNAL_SERVER_ERROR),
        },
    };
    Ok(Reading::new(found.index, reply).reply.into())
}
