//! Sessions: `/v1/session/…`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::duration::GoDuration;

/// The shortest TTL that a server takes by default.
pub const MIN_TTL: Duration = Duration::from_secs(10);
/// The longest TTL that a server takes.
pub const MAX_TTL: Duration = Duration::from_secs(24 * 60 * 60);
/// The lock-delay of a session that asks for none.
pub const DEFAULT_LOCK_DELAY: Duration = Duration::from_secs(15);
/// The longest lock-delay that takes effect.
pub const MAX_LOCK_DELAY: Duration = Duration::from_secs(60);

/// What happens to the keys that a session holds when it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SessionBehavior {
    /// They are released.
    #[default]
    Release,
    /// They are deleted.
    Delete,
}

impl SessionBehavior {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Delete => "delete",
        }
    }
}

/// The body of `PUT /v1/session/create`. Whatever is left out gets the server's default.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct SessionRequest {
    /// A name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The node that the session belongs to; default the agent's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// For how long the keys of the ended session can't be acquired: default 15 s, at most 60 s.
    /// Zero is sent, and means none.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "millis")]
    pub lock_delay: Option<Duration>,
    /// What happens to the session's keys when it ends: default release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<SessionBehavior>,
    /// The session ends when it is not renewed for this long: 10 s to 24 h; none by default.
    /// Servers take up to twice as long, never less.
    #[serde(
        rename = "TTL",
        skip_serializing_if = "Option::is_none",
        serialize_with = "millis"
    )]
    pub ttl: Option<Duration>,
    /// Which of the node's checks keep the session alive: default `serfHealth`; empty is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node_checks: Option<Vec<String>>,
    /// Which service checks keep the session alive.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub service_checks: Vec<ServiceCheck>,
    /// The form of the checks before Consul 1.7: empty is no checks at all; others come on top of
    /// the default node checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
}

fn millis<S: serde::Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.collect_str(&GoDuration::millis_text(*duration)),
        None => serializer.serialize_none(),
    }
}

impl SessionRequest {
    /// A session with the server's defaults: no TTL, tied to the node's `serfHealth` check.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name for people.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Ties the session to `node` instead of the agent's own.
    #[must_use]
    pub fn with_node(mut self, node: impl Into<String>) -> Self {
        self.node = Some(node.into());
        self
    }

    /// Sets the TTL: 10 s to 24 h.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Sets the lock-delay: 0 (none) to 60 s.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.lock_delay = Some(delay);
        self
    }

    /// Sets what happens to the session's keys when it ends.
    #[must_use]
    pub fn with_behavior(mut self, behavior: SessionBehavior) -> Self {
        self.behavior = Some(behavior);
        self
    }

    /// Ties the session to these checks of its node.
    #[must_use]
    pub fn with_node_checks<I: IntoIterator<Item = S>, S: Into<String>>(mut self, ids: I) -> Self {
        self.node_checks = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Ties the session to this service check too.
    #[must_use]
    pub fn with_service_check(mut self, id: impl Into<String>) -> Self {
        self.service_checks.push(ServiceCheck {
            id: id.into(),
            namespace: String::new(),
        });
        self
    }

    /// Ties the session to no check at all: its TTL and `destroy` end it, and that its node is taken
    /// out of the catalog. Consul's autopilot does that within seconds with the node of a server
    /// that failed, unless `cleanup_dead_servers` is off. Understood by servers of every age.
    #[must_use]
    pub fn without_checks(mut self) -> Self {
        self.checks = Some(Vec::new());
        self.node_checks = Some(Vec::new());
        self.service_checks.clear();
        self
    }
}

/// A service check that a session is tied to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ServiceCheck {
    /// The check's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// An enterprise field, empty otherwise.
    #[serde(rename = "Namespace")]
    pub namespace: String,
}

/// A session as the server shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Session {
    /// The UUID that the server gave it.
    #[serde(rename = "ID")]
    pub id: String,
    /// The name for people.
    pub name: String,
    /// The node that it belongs to.
    pub node: String,
    /// Nanoseconds; see [`Session::lock_delay`].
    #[serde(rename = "LockDelay")]
    pub lock_delay_nanos: i64,
    /// `release` or `delete`, as the server writes it.
    pub behavior: String,
    /// The TTL as text, empty without one; see [`Session::ttl`].
    #[serde(rename = "TTL")]
    pub ttl_text: String,
    /// The node's checks that keep it alive.
    pub node_checks: Option<Vec<String>>,
    /// The service checks that keep it alive.
    pub service_checks: Option<Vec<ServiceCheck>>,
    /// All checks, in the form of servers before 1.7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checks: Option<Vec<String>>,
    /// The index of its creation.
    pub create_index: u64,
    /// The index of its last change.
    pub modify_index: u64,
}

impl Session {
    /// The TTL, or `None` when the session has none. The server may answer a longer one than was
    /// asked for: the answered one counts.
    #[must_use]
    pub fn ttl(&self) -> Option<Duration> {
        let ttl: GoDuration = self.ttl_text.parse().ok()?;
        ttl.to_duration().filter(|ttl| !ttl.is_zero())
    }

    /// For how long its keys can't be acquired after it ended; negative ones count as none.
    #[must_use]
    pub fn lock_delay(&self) -> Duration {
        GoDuration::from_nanos(self.lock_delay_nanos)
            .to_duration()
            .unwrap_or_default()
    }

    /// What happens to its keys when it ends.
    #[must_use]
    pub fn behavior(&self) -> SessionBehavior {
        if self.behavior == "delete" {
            SessionBehavior::Delete
        } else {
            SessionBehavior::Release
        }
    }

    /// The ids of every check that keeps it alive, whichever form the server used.
    pub fn check_ids(&self) -> impl Iterator<Item = &str> {
        let node = self.node_checks.iter().flatten().map(String::as_str);
        let service = self
            .service_checks
            .iter()
            .flatten()
            .map(|check| check.id.as_str());
        let old = self.checks.iter().flatten().map(String::as_str);
        let old = old.filter(|_| self.node_checks.is_none());
        node.chain(service).chain(old)
    }
}

/// The answer of `PUT /v1/session/create`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCreated {
    /// The new session's UUID.
    #[serde(rename = "ID")]
    pub id: String,
}

/// Reads the body of `info`, `list`, `node` and `renew`.
///
/// # Errors
/// When the body is not a list of sessions.
pub fn decode_sessions(body: &[u8]) -> Result<Vec<Session>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<Session>>>(body)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_sends_only_what_was_set() {
        assert_eq!(serde_json::to_string(&SessionRequest::new()).unwrap(), "{}");
        let request = SessionRequest::new()
            .with_name("n")
            .with_ttl(Duration::from_secs(15))
            .with_lock_delay(Duration::ZERO)
            .with_behavior(SessionBehavior::Delete)
            .with_service_check("service:web");
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"Name":"n","LockDelay":"0ms","Behavior":"delete","TTL":"15000ms","ServiceChecks":[{"ID":"service:web","Namespace":""}]}"#
        );
    }

    #[test]
    fn no_checks_is_said_to_old_and_new_servers() {
        let request = SessionRequest::new().without_checks();
        assert_eq!(
            serde_json::to_string(&request).unwrap(),
            r#"{"NodeChecks":[],"Checks":[]}"#
        );
    }

    #[test]
    fn old_and_new_forms_of_checks_are_read() {
        let old: Session = serde_json::from_str(r#"{"ID":"a","Checks":["serfHealth"]}"#).unwrap();
        assert_eq!(old.check_ids().collect::<Vec<_>>(), ["serfHealth"]);
        let new = r#"{"NodeChecks":["x"],"ServiceChecks":[{"ID":"s","Namespace":""}]}"#;
        let new: Session = serde_json::from_str(new).unwrap();
        assert_eq!(new.check_ids().collect::<Vec<_>>(), ["x", "s"]);
    }

    #[test]
    fn a_session_without_ttl_has_none() {
        let mut session = Session::default();
        assert_eq!(session.ttl(), None);
        session.ttl_text = "0s".into();
        assert_eq!(session.ttl(), None);
        session.ttl_text = "1m30s".into();
        assert_eq!(session.ttl(), Some(Duration::from_secs(90)));
        session.lock_delay_nanos = -1;
        assert_eq!(session.lock_delay(), Duration::ZERO);
    }
}
