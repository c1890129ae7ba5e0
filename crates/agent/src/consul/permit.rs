//! What a request may do.
//!
//! Endpoints ask a [`Permit`] for each thing that they show or change, and leave out or refuse what
//! it does not allow. Where access rules are off, every question costs one branch.

use std::sync::Arc;

use http::StatusCode;
use quorate_wire::consul::{Intention, SecretText};

use super::blocking::Reading;
use super::front::Front;
use super::reply::{Refused, Reply};
use super::request::Request;
use super::resolver::Unresolved;
use crate::acl::{Access, Authorizer, Fallback, Resource};
use crate::engine::consul::State;

/// What the holder of a request's token may do.
#[derive(Clone, Debug)]
pub(crate) struct Permit(Option<Held>);

#[derive(Clone, Debug)]
struct Held {
    secret: SecretText,
    authorizer: Arc<Authorizer>,
}

/// Status 403 in Consul's words.
pub(crate) fn denied() -> Reply {
    Reply::text(StatusCode::FORBIDDEN, "Permission denied")
}

/// The same, with what would have been needed.
pub(crate) fn denied_without(what: impl std::fmt::Display) -> Reply {
    let text = format!("Permission denied: Missing {what}");
    Reply::text(StatusCode::FORBIDDEN, text)
}

/// Status 403 for what does not exist.
pub(crate) fn not_found() -> Reply {
    Reply::text(StatusCode::FORBIDDEN, "ACL not found")
}

/// `Ok` if it is allowed, or else status 403.
pub(crate) fn require(allowed: bool) -> Result<(), Refused> {
    match allowed {
        true => Ok(()),
        false => Err(denied().into()),
    }
}

impl Unresolved {
    fn reply(self) -> Reply {
        match self {
            Self::NotFound => not_found(),
            Self::Root => Reply::server_error("Cannot resolve root ACL"),
        }
    }
}

impl Front {
    /// Whether services may connect that no intention speaks of: it follows from the agent's default
    /// policy alone, whoever asks.
    pub(crate) fn intention_default_allow(&self) -> bool {
        let acl = self.acl.as_ref();
        acl.is_none_or(|acl| acl.fallback() != Fallback::Deny)
    }
}

impl Request<'_> {
    /// The secret of the request: of its parameter, its header, the scheme `Bearer`, or else what
    /// the agent uses for requests without one. Empty for the anonymous token.
    pub(crate) fn secret(&self) -> SecretText {
        let given = self.given_secret();
        match (&self.front.acl, given.is_empty()) {
            (Some(acl), true) => acl.own.default_token(),
            _ => given,
        }
    }

    fn given_secret(&self) -> SecretText {
        if let Some(token) = self.params.text("token") {
            return token.into();
        }
        let header = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(token) = header("x-consul-token").filter(|token| !token.is_empty()) {
            return token.into();
        }
        let bearer = header("authorization").and_then(|value| value.trim().split_once(' '));
        let bearer = bearer.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        bearer.map_or_else(SecretText::default, |(_, token)| token.trim().into())
    }

    /// What the request may do.
    ///
    /// # Errors
    /// Status 403 when its token does not exist.
    pub(crate) fn permit(&self) -> Result<Permit, Refused> {
        Permit::of(self.front, || self.secret())
    }

    /// As [`Request::permit`], for the endpoints that answer with the headers of a read even when
    /// they fail.
    pub(crate) fn permit_of_read(&self) -> Result<Permit, Refused> {
        self.permit()
            .map_err(|refused| refused.with_no_leader().into())
    }

    /// As [`Request::permit`], for a token that the body names; an empty one is the request's own.
    pub(crate) fn permit_of(&self, secret: &str) -> Result<Permit, Refused> {
        Permit::of(self.front, || match secret {
            "" => self.secret(),
            secret => secret.into(),
        })
    }
}

impl Permit {
    fn of(front: &Front, secret: impl FnOnce() -> SecretText) -> Result<Self, Refused> {
        let Some(acl) = &front.acl else {
            return Ok(Self(None));
        };
        let secret = secret();
        let found = acl.resolve(&secret, front.snapshot().consul());
        match found {
            Ok(authorizer) => Ok(Self(Some(Held { secret, authorizer }))),
            Err(unresolved) => Err(unresolved.reply().into()),
        }
    }

    /// To do everything: for what is open to all.
    pub(crate) fn unrestricted() -> Self {
        Self(None)
    }

    /// The same permit as of `state`, for a read that waited meanwhile.
    ///
    /// # Errors
    /// As of [`Request::permit`].
    pub(crate) fn renewed(&self, front: &Front, state: &State) -> Result<Self, Refused> {
        let (Some(held), Some(acl)) = (&self.0, &front.acl) else {
            return Ok(self.clone());
        };
        match acl.resolve(&held.secret, state) {
            Ok(authorizer) => Ok(Self(Some(Held {
                secret: held.secret.clone(),
                authorizer,
            }))),
            Err(unresolved) => Err(unresolved.reply().into()),
        }
    }

    /// Whether anything could be refused at all.
    pub(crate) fn is_restricted(&self) -> bool {
        self.0.is_some()
    }

    fn ask(&self, question: impl FnOnce(&Authorizer) -> bool) -> bool {
        let held = self.0.as_ref();
        held.is_none_or(|held| question(&held.authorizer))
    }

    /// Whether one thing may be accessed.
    pub(super) fn allows(&self, resource: Resource, name: &str, wanted: Access) -> bool {
        self.ask(|it| it.allows(resource, name.as_bytes(), wanted))
    }

    pub(crate) fn acl_read(&self) -> bool {
        self.ask(Authorizer::acl_read)
    }

    /// To change access rules, and to see secrets.
    pub(crate) fn acl_write(&self) -> bool {
        self.ask(Authorizer::acl_write)
    }

    pub(crate) fn snapshot(&self) -> bool {
        self.ask(Authorizer::snapshot)
    }

    pub(crate) fn keyring_read(&self) -> bool {
        self.ask(|it| it.keyring(Access::Read))
    }

    pub(crate) fn keyring_write(&self) -> bool {
        self.ask(|it| it.keyring(Access::Write))
    }

    pub(crate) fn operator_read(&self) -> bool {
        self.ask(|it| it.operator(Access::Read))
    }

    pub(crate) fn operator_write(&self) -> bool {
        self.ask(|it| it.operator(Access::Write))
    }

    pub(crate) fn key_read(&self, key: &[u8]) -> bool {
        self.ask(|it| it.key_read(key))
    }

    pub(crate) fn key_list(&self, prefix: &[u8]) -> bool {
        self.ask(|it| it.key_list(prefix))
    }

    pub(crate) fn key_write(&self, key: &[u8]) -> bool {
        self.ask(|it| it.key_write(key))
    }

    /// To write everything under a prefix.
    pub(crate) fn key_write_under(&self, prefix: &[u8]) -> bool {
        self.ask(|it| it.key_write_under(prefix))
    }

    pub(crate) fn agent_read(&self, node: &str) -> bool {
        self.allows(Resource::Agent, node, Access::Read)
    }

    pub(crate) fn agent_write(&self, node: &str) -> bool {
        self.allows(Resource::Agent, node, Access::Write)
    }

    pub(crate) fn event_read(&self, name: &str) -> bool {
        self.allows(Resource::Event, name, Access::Read)
    }

    pub(crate) fn event_write(&self, name: &str) -> bool {
        self.allows(Resource::Event, name, Access::Write)
    }

    pub(crate) fn node_read(&self, name: &str) -> bool {
        self.allows(Resource::Node, name, Access::Read)
    }

    pub(crate) fn node_write(&self, name: &str) -> bool {
        self.allows(Resource::Node, name, Access::Write)
    }

    pub(crate) fn query_read(&self, name: &str) -> bool {
        self.allows(Resource::Query, name, Access::Read)
    }

    pub(crate) fn query_write(&self, name: &str) -> bool {
        self.allows(Resource::Query, name, Access::Write)
    }

    pub(crate) fn service_read(&self, name: &str) -> bool {
        self.allows(Resource::Service, name, Access::Read)
    }

    pub(crate) fn service_write(&self, name: &str) -> bool {
        self.allows(Resource::Service, name, Access::Write)
    }

    pub(crate) fn session_read(&self, node: &str) -> bool {
        self.allows(Resource::Session, node, Access::Read)
    }

    pub(crate) fn session_write(&self, node: &str) -> bool {
        self.allows(Resource::Session, node, Access::Write)
    }

    /// To see the intentions of a service; `*` is for those of any.
    pub(crate) fn intention_read(&self, service: &str) -> bool {
        self.ask(|it| it.intention_read(service))
    }

    /// To change the intentions of a service; `*` is for those of all.
    pub(crate) fn intention_write(&self, service: &str) -> bool {
        self.ask(|it| it.intention_write(service))
    }

    /// What is answered to who asks for the proxies of a service that he may not see: an empty list,
    /// as of a read that never took place.
    pub(crate) fn check_proxied(&self, service: &str) -> Option<Reading> {
        let hidden = self.is_restricted() && !self.service_read(service);
        // Nobody waits for what he may not see.
        hidden.then(|| Reading::without_headers(u64::MAX, Reply::json("[]").with_no_leader()))
    }

    /// To see this intention: the rules of either side will do.
    pub(crate) fn intention_seen(&self, intention: &Intention) -> bool {
        let sides = [&intention.source_name, &intention.destination_name];
        let mut sides = sides.into_iter().filter(|name| !name.is_empty());
        !self.is_restricted() || sides.any(|name| self.intention_read(name))
    }

    /// To change this intention: the rules of its destination count, and without one nobody may.
    pub(crate) fn intention_changed(&self, intention: &Intention) -> bool {
        let name = &intention.destination_name;
        !self.is_restricted() || (!name.is_empty() && self.intention_write(name))
    }
}
