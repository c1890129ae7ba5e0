//! The service mesh, which this agent does not offer: `/v1/agent/connect/…`.

use std::hash::{DefaultHasher, Hash as _};
use std::sync::Arc;

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use quorate_wire::consul::IntentionAction;
use quorate_wire::consul::agent::{Authorization, AuthorizeRequest};

use crate::consul::body::{Body, BodyError, too_large};
use crate::consul::decode::{DecodeError, Json, Place, text_of};
use crate::consul::front::Front;
use crate::consul::object::Object;
use crate::consul::permit::denied;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{Party, described};

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// `GET /v1/agent/connect/ca/roots` and `…/leaf/:service`: refused, as by a Consul whose mesh is
/// off.
pub(super) fn disabled(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    Err(Reply::server_error("Connect must be enabled in order to use this endpoint").into())
}

/// `POST /v1/agent/connect/authorize`: whether the holder of a certificate may connect.
pub(super) fn authorize(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_namespace()?;
    let front = Arc::clone(request.front);
    let permit = request.permit();
    Ok(Answer::later(async move {
        let body = match body.collect(MAX_BODY_BYTES).await {
            Ok(body) => body,
            Err(BodyError::TooLarge) => return too_large(MAX_BODY_BYTES),
            Err(BodyError::Broken) => Bytes::new(),
        };
        let decoded = decode(&body, front.strict);
        let asked = decoded.and_then(|asked| Ok((check(&asked)?, asked.target)));
        match asked {
            Ok((source, target)) => {
                match permit {
                    Ok(permit) if permit.service_write(&target) => {}
                    Ok(_) => return denied(),
                    Err(refused) => return *refused,
                }
                // What is kept is which intentions a target has.
                let mut question = DefaultHasher::new();
                "authorize".hash(&mut question);
                let cached = front.cached.status(question, target.as_bytes());
                cached.mark(Reply::object(&decide(&front, &source, target)))
            }
            Err(text) => Reply::bad_request(format!("Bad request: {text}")),
        }
    }))
}

/// What the intentions say, or else the access rules.
fn decide(front: &Front, source: &Party, target: String) -> Authorization {
    let target = Party {
        namespace: "default".to_owned(),
        name: target,
    };
    let snapshot = front.snapshot();
    if let Some(intention) = snapshot.consul().deciding_intention(source, &target) {
        let allowed = intention.action == IntentionAction::Allow;
        let reason = format!("Matched intention: {}", described(intention));
        return Authorization::new(allowed, reason);
    }
    if front.acl.is_some() {
        let allowed = front.intention_default_allow();
        return Authorization::new(allowed, "Default behavior configured by ACLs");
    }
    Authorization::new(true, "ACLs disabled, access is allowed by default")
}

fn decode(body: &[u8], strict: bool) -> Result<AuthorizeRequest, String> {
    const FIELDS: Object = Object {
        place: Place {
            field: "",
            type_name: "structs.ConnectAuthorizeRequest",
        },
        path: "ConnectAuthorizeRequest.",
        fields: &["Target", "ClientCertURI", "ClientCertSerial"],
        strict: false,
    };
    let mut asked = AuthorizeRequest::default();
    let mut read = |body: &str| -> Result<(), DecodeError> {
        let fields = Object { strict, ..FIELDS };
        fields.each(Json::parse(body)?, |name, field| match name {
            "target" => field.text(&mut asked.target),
            "clientcerturi" => field.text(&mut asked.client_cert_uri),
            "clientcertserial" => field.text(&mut asked.client_cert_serial),
            _ => Ok(()),
        })
    };
    let done = match body {
        b"" => Err(DecodeError::new("EOF")),
        body => text_of(body).and_then(|body| read(&body)),
    };
    done.map_err(|error| format!("Request decode failed: {error}"))?;
    Ok(asked)
}

/// The service that asks.
fn check(asked: &AuthorizeRequest) -> Result<Party, String> {
    if asked.target.is_empty() {
        return Err("Target service must be specified".into());
    }
    match Identity::of(&asked.client_cert_uri) {
        Some(Identity::Service(party)) => Ok(party),
        Some(Identity::Other) => Err("ClientCertURI not a valid Service identifier".into()),
        None => Err("ClientCertURI not a valid Connect identifier".into()),
    }
}

/// Whose certificate it is.
enum Identity {
    Service(Party),
    /// An agent's, or a root's.
    Other,
}

impl Identity {
    fn of(uri: &str) -> Option<Self> {
        let rest = uri.strip_prefix("spiffe://")?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let path = path.split(['?', '#']).next().unwrap_or(path);
        let named = |text: &str| !text.is_empty();
        match path.split('/').collect::<Vec<_>>()[..] {
            ["ns", namespace, "dc", datacenter, "svc", service]
                if named(namespace) && named(datacenter) && named(service) =>
            {
                let decode = |text| Some(percent_decode_str(text).decode_utf8().ok()?.into_owned());
                Some(Self::Service(Party {
                    namespace: decode(namespace)?,
                    name: decode(service)?,
                }))
            }
            ["agent", "client", "dc", datacenter, "id", id] if named(datacenter) && named(id) => {
                Some(Self::Other)
            }
            [""] if host.split_once('.').is_some_and(|(id, _)| named(id)) => Some(Self::Other),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &str) -> String {
        decode(body.as_bytes(), true)
            .and_then(|asked| check(&asked))
            .unwrap_err()
    }

    #[test]
    fn the_asking_service_stands_in_the_uri() {
        let body =
            r#"{"Target":"web","clientcerturi":"spiffe://d.consul/ns/default/dc/dc1/svc/a%20b"}"#;
        assert_eq!(
            decode(body.as_bytes(), true)
                .and_then(|asked| check(&asked))
                .unwrap()
                .name,
            "a b"
        );
    }

    #[test]
    fn refusals_have_consuls_words() {
        for (body, words) in [
            ("", "Request decode failed: EOF"),
            ("{}", "Target service must be specified"),
            (
                r#"{"Targ":"a"}"#,
                "Request decode failed: json: unknown field \"Targ\"",
            ),
            (
                r#"{"Target":"a"}"#,
                "ClientCertURI not a valid Connect identifier",
            ),
            (
                r#"{"Target":"a","ClientCertURI":"spiffe://i.consul"}"#,
                "ClientCertURI not a valid Service identifier",
            ),
            (
                r#"{"Target":"a","ClientCertURI":"spiffe://i.consul/agent/client/dc/d/id/n"}"#,
                "ClientCertURI not a valid Service identifier",
            ),
            (
                r#"{"Target":"a","ClientCertURI":"https://i.consul/ns/a/dc/b/svc/c"}"#,
                "ClientCertURI not a valid Connect identifier",
            ),
        ] {
            assert_eq!(refusal(body), words, "{body}");
        }
    }
}
