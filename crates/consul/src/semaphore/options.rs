//! What a semaphore is like.

use std::time::Duration;

use bytes::Bytes;
use quorate_net::secret::Secret;
use quorate_wire::consul::{SessionBehavior, SessionRequest};

use crate::lock::recipe::{Source, Terms};
use crate::lock::{DEFAULT_TTL, check_value, source};
use crate::{Client, Error, SessionKeeper};

/// The name of the sessions of semaphores that are given no other: the one that Consul's own tools
/// use.
pub const SEMAPHORE_SESSION_NAME: &str = "Consul API Semaphore";

/// What a [`Semaphore`](super::Semaphore) is like. The defaults are those of Consul's own tools.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::SemaphoreOptions;
///
/// let options = SemaphoreOptions::new().with_value("worker-7");
/// let converters = client.semaphore("jobs/converters", 2).with_options(options);
/// let slot = converters.acquire().await?;
/// assert_eq!(converters.holders().await?[0].value, "worker-7");
/// # slot.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SemaphoreOptions {
    /// What the contender key holds: who has the slot, for others to read. Default empty; at most
    /// 256 KiB.
    pub value: Bytes,
    /// The session that each acquisition creates. Default: named [`SEMAPHORE_SESSION_NAME`], TTL
    /// 15 s, everything else as the server has it. Its keys are always deleted at its end.
    pub session_request: SessionRequest,
    /// A session that somebody else keeps, instead of one for each acquisition. It can hold one
    /// slot of a semaphore at a time.
    pub session: Option<SessionKeeper>,
    /// The datacenter of the keys and the session, instead of the client's (`dc`).
    pub datacenter: Option<String>,
    /// The ACL token of every call, instead of the client's.
    pub token: Option<Secret>,
}

impl Default for SemaphoreOptions {
    fn default() -> Self {
        let session_request = SessionRequest::new()
            .with_name(SEMAPHORE_SESSION_NAME)
            .with_ttl(DEFAULT_TTL);
        Self {
            value: Bytes::new(),
            session_request,
            session: None,
            datacenter: None,
            token: None,
        }
    }
}

impl SemaphoreOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what the contender key holds, at most 256 KiB: who has the slot, for others to read.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<Bytes>) -> Self {
        self.value = value.into();
        self
    }

    /// Names the session. Default [`SEMAPHORE_SESSION_NAME`].
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_request = self.session_request.with_name(name);
        self
    }

    /// Sets the session's TTL: 10 s to 24 h, default 15 s. The slot of a holder that died is free
    /// after at most twice that.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.session_request = self.session_request.with_ttl(ttl);
        self
    }

    /// Sets everything about the session but what happens to its keys: they are always deleted. It
    /// needs a TTL.
    #[must_use]
    pub fn with_session_request(mut self, request: SessionRequest) -> Self {
        self.session_request = request;
        self
    }

    /// Uses a session that is kept elsewhere. Best is one whose keys are deleted when it ends
    /// ([`SessionBehavior::Delete`]); else an empty contender key is left when it is lost.
    #[must_use]
    pub fn with_session(mut self, session: SessionKeeper) -> Self {
        self.session = Some(session);
        self
    }

    /// Sets the datacenter of the keys and the session (`dc`).
    #[must_use]
    pub fn with_datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = Some(datacenter.into());
        self
    }

    /// Sets the ACL token of every call. Not that of a session from
    /// [`with_session`](Self::with_session), which has its own.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    pub(super) fn terms(&self) -> Terms {
        Terms {
            datacenter: self.datacenter.clone(),
            token: self.token.clone(),
        }
    }

    /// The session to contend with, after everything was checked.
    pub(super) fn source(&self, client: &Client, operation: &str) -> Result<Source, Error> {
        check_value(&self.value, operation)?;
        let request = self
            .session_request
            .clone()
            .with_behavior(SessionBehavior::Delete);
        source(client, &request, self.session.as_ref(), operation)
    }
}
