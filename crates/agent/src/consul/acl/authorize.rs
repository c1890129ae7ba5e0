//! Asking what a token may do: `POST /v1/internal/acl/authorize`.

use std::sync::Arc;

use quorate_wire::consul::acl::authorize::MAX_AUTHORIZATIONS;
use quorate_wire::consul::acl::{Authorization, Resource, Right};

use super::{bad_request, check_on, collect, decoded};
use crate::acl::{Access, Resource as Named};
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Kind, Place};
use crate::consul::object::Object;
use crate::consul::permit::Permit;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};

/// Answers up to 64 questions about the request's own token.
pub(super) fn run(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    check_on(request)?;
    let (front, permit) = (Arc::clone(request.front), request.permit());
    Ok(Answer::later(async move {
        let run = async {
            let body = collect(body).await?;
            let strict = front.strict;
            let mut questions = decoded(&body, "Failed to decode request body", |body| {
                fields(body, strict)
            })?;
            if questions.len() > MAX_AUTHORIZATIONS {
                let text = format!(
                    "Refusing to process more than {MAX_AUTHORIZATIONS} authorizations at once"
                );
                return Err(bad_request(text).into());
            }
            // Nobody looks at the token of whoever asks nothing.
            if questions.is_empty() {
                return Ok(Reply::object(&questions));
            }
            let permit = permit?;
            for question in &mut questions {
                question.allow = allows(&permit, question).map_err(bad_request)?;
            }
            Ok(Reply::object(&questions))
        };
        run.await.unwrap_or_else(|refused: Refused| *refused)
    }))
}

fn allows(permit: &Permit, question: &Authorization) -> Result<bool, String> {
    let name = question.segment.as_str();
    let wanted = match &question.access {
        Right::Read => Access::Read,
        Right::Write => Access::Write,
        Right::List if question.resource == Resource::Key => {
            return Ok(permit.key_list(name.as_bytes()));
        }
        other => return Err(unknown_access(&question.resource, other)),
    };
    let read = wanted == Access::Read;
    let named = match &question.resource {
        Resource::Acl => {
            return Ok(if read {
                permit.acl_read()
            } else {
                permit.acl_write()
            });
        }
        Resource::Keyring => {
            return Ok(if read {
                permit.keyring_read()
            } else {
                permit.keyring_write()
            });
        }
        Resource::Operator => {
            return Ok(if read {
                permit.operator_read()
            } else {
                permit.operator_write()
            });
        }
        Resource::Intention => {
            return Ok(match read {
                true => permit.intention_read(name),
                false => permit.intention_write(name),
            });
        }
        Resource::Agent => Named::Agent,
        Resource::Event => Named::Event,
        Resource::Key => Named::Key,
        Resource::Node => Named::Node,
        Resource::Query => Named::Query,
        Resource::Service => Named::Service,
        Resource::Session => Named::Session,
        other => {
            let word = crate::quote::quote(other.as_str());
            return Err(format!("Invalid ACL resource requested: {word}"));
        }
    };
    Ok(permit.allows(named, name, wanted))
}

fn unknown_access(resource: &Resource, access: &Right) -> String {
    match resource {
        Resource::Other(word) => {
            let word = crate::quote::quote(word);
            format!("Invalid ACL resource requested: {word}")
        }
        resource => format!("Invalid access level for {resource} resource: {access}"),
    }
}

fn fields(body: Json<'_>, strict: bool) -> Result<Vec<Authorization>, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "structs.ACLAuthorizationRequest",
        },
        path: "ACLAuthorizationRequest.",
        fields: &["Resource", "Segment", "Access"],
        strict,
    };
    let elements = match body.kind() {
        Kind::Null => Vec::new(),
        Kind::Array => body.elements(),
        _ => {
            return Err(body.mismatch(Place {
                field: "",
                type_name: "[]structs.ACLAuthorizationRequest",
            }));
        }
    };
    let question = |element: Json<'_>| {
        let (mut resource, mut access) = (String::new(), String::new());
        let mut question = Authorization::default();
        object.each(element, |name, field| match name {
            "resource" => field.text_of("acl.Resource", &mut resource),
            "segment" => field.text(&mut question.segment),
            "access" => field.text(&mut access),
            _ => Ok(()),
        })?;
        question.resource = Resource::from(resource.as_str());
        question.access = Right::from(access.as_str());
        Ok(question)
    };
    elements.into_iter().map(question).collect()
}
