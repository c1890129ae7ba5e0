//! `/v2/keys`.

mod content_type;
mod read;
mod shown;
mod watch;
mod write;

use std::sync::Arc;

use http::Method;
use http::header::CONTENT_TYPE;
use quorate_wire::etcd2::form::{FormError, MAX_BODY_BYTES};
use quorate_wire::etcd2::{ErrorCode, Form, Parameters};

use super::auth::has_key_access;
use super::front::Front;
use super::reply::{Refused, Reply};
use super::request::{Answer, Outcome, Request};
use crate::consul::{Body, BodyError};
use crate::engine::etcd2::clean;
use crate::quote::quote;

#[cfg(any(test, feature = "fuzzing"))]
pub(super) use content_type::is_form;
pub(super) use watch::{Events, LastShown, Watching};

/// A request for a key that makes sense.
#[derive(Debug)]
struct KeyRequest {
    front: Arc<Front>,
    method: Method,
    key: Box<str>,
    parameters: Parameters,
}

/// Answers a request for `path`, which follows the endpoint's own path.
pub(super) fn answer(request: Request, path: &str, body: Body) -> Answer {
    let takes_body = matches!(*request.method(), Method::PUT | Method::POST);
    let needs_user = request.front.snapshot().etcd2().auth().is_enabled();
    if request.only_reads() && !needs_user {
        return match parse(&request, path, &[]) {
            Ok(asked) => Answer::Now(read::answer(&asked)),
            Err(refused) => (*refused).into(),
        };
    }
    let path = path.to_owned();
    Answer::later(async move {
        let form = if takes_body {
            match read_form(&request, body).await {
                Ok(form) => form,
                Err(refused) => return (*refused).into(),
            }
        } else {
            bytes::Bytes::new()
        };
        let asked = match parse(&request, &path, &form) {
            Ok(asked) => asked,
            Err(refused) => return (*refused).into(),
        };
        if needs_user && !has_key_access(&request, &path, asked.parameters.recursive).await {
            let front = &request.front;
            let refused = front.refuse_key(ErrorCode::Unauthorized, "Insufficient credentials");
            return (*refused).into();
        }
        if request.only_reads() {
            read::answer(&asked)
        } else {
            write::answer(asked).await.into()
        }
    })
}

/// The body, if it is a form. Nothing else is read.
async fn read_form(request: &Request, body: Body) -> Result<bytes::Bytes, Refused> {
    let refuse = |cause: &str| request.front.refuse_key(ErrorCode::InvalidForm, cause);
    let is_form = content_type::is_form(request.header(&CONTENT_TYPE));
    if !is_form.map_err(refuse)? {
        return Ok(bytes::Bytes::new());
    }
    body.collect(MAX_BODY_BYTES)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => {
                let refused = refuse("http: POST too large");
                Box::new(refused.closing())
            }
            BodyError::Broken => refuse("unexpected EOF"),
        })
}

/// Checks the parameters, in etcd's order.
fn parse(request: &Request, path: &str, form: &[u8]) -> Result<KeyRequest, Refused> {
    let front = &request.front;
    let form = Form::parse(request.query(), form).map_err(|error| {
        let cause = match error {
            FormError::Escape(escape) => format!("invalid URL escape {}", quote(&escape)),
            error => error.to_string(),
        };
        front.refuse_key(ErrorCode::InvalidForm, cause)
    })?;
    let parameters = Parameters::from_form(&form, *request.method() == Method::GET)
        .map_err(|error| front.refuse_key(error.code, error.cause))?;
    Ok(KeyRequest {
        front: Arc::clone(front),
        method: request.method().clone(),
        key: clean(path),
        parameters,
    })
}

impl From<Refused> for Outcome {
    fn from(refused: Refused) -> Self {
        Self::Reply(*refused)
    }
}

impl KeyRequest {
    /// The answer to a read or write that worked, at `index`.
    fn found(&self, status: http::StatusCode, index: u64, body: Vec<u8>) -> Reply {
        Reply::encoded(status, body).with_meta(self.front.meta_at(index))
    }
}
