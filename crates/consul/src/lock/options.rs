//! What a lock is like.

use std::time::Duration;

use bytes::Bytes;
use quorate_net::secret::Secret;
use quorate_wire::consul::session::MAX_LOCK_DELAY;
use quorate_wire::consul::{SessionBehavior, SessionRequest};

use super::recipe::{Source, Terms};
use crate::session_keeper::checked_ttl;
use crate::{Client, Error, SessionKeeper};

/// The name of the sessions of locks that are given no other: the one that Consul's own tools use.
pub const LOCK_SESSION_NAME: &str = "Consul API Lock";
/// The TTL of the sessions of locks and semaphores that are given no other.
pub const DEFAULT_TTL: Duration = Duration::from_secs(15);
/// The largest value of a lock: it travels inside a transaction, whose body is limited.
pub const MAX_LOCK_VALUE_BYTES: usize = 256 * 1024;

/// What a [`Lock`](super::Lock) is like. The defaults are those of Consul's own tools.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use std::time::Duration;
/// use quorate_consul::LockOptions;
///
/// let options = LockOptions::new()
///     .with_value("worker-7")
///     .with_ttl(Duration::from_secs(30))
///     .with_lock_delay(Duration::from_secs(5));
/// let lock = client.lock("jobs/nightly").with_options(options);
/// let guard = lock.acquire().await?;
/// assert_eq!(lock.holder().await?.expect("we are").value, "worker-7");
/// # guard.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LockOptions {
    /// What the key holds while it is locked, and after that: who holds it, for others to read.
    /// Default empty; at most 256 KiB.
    pub value: Bytes,
    /// The session that each acquisition creates. Default: named [`LOCK_SESSION_NAME`], TTL 15 s,
    /// everything else as the server has it (lock-delay 15 s, keys are released, ends with the
    /// agent's node).
    pub session_request: SessionRequest,
    /// A session that somebody else keeps, instead of one for each acquisition. One session can
    /// hold many locks. It is not ended with the lock.
    pub session: Option<SessionKeeper>,
    /// The datacenter of the key and the session, instead of the client's (`dc`).
    pub datacenter: Option<String>,
    /// The ACL token of every call, instead of the client's.
    pub token: Option<Secret>,
}

impl Default for LockOptions {
    fn default() -> Self {
        Self {
            value: Bytes::new(),
            session_request: SessionRequest::new()
                .with_name(LOCK_SESSION_NAME)
                .with_ttl(DEFAULT_TTL),
            session: None,
            datacenter: None,
            token: None,
        }
    }
}

impl LockOptions {
    /// The defaults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what the key holds, at most 256 KiB: who holds it, for others to read.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<Bytes>) -> Self {
        self.value = value.into();
        self
    }

    /// Names the session. Default [`LOCK_SESSION_NAME`].
    #[must_use]
    pub fn with_session_name(mut self, name: impl Into<String>) -> Self {
        self.session_request = self.session_request.with_name(name);
        self
    }

    /// Sets the session's TTL: 10 s to 24 h, default 15 s. The shorter it is, the sooner the lock
    /// of a holder that died is free: after at most twice the TTL + lock-delay + 5 s.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.session_request = self.session_request.with_ttl(ttl);
        self
    }

    /// Sets for how long nobody can acquire the lock after its holder's session ended without a
    /// release: default 15 s, at most 60 s, zero is none. It gives a holder that does not know yet
    /// that it lost the lock the time to notice. After a release there is no delay.
    #[must_use]
    pub fn with_lock_delay(mut self, delay: Duration) -> Self {
        self.session_request = self.session_request.with_lock_delay(delay);
        self
    }

    /// Sets what happens to the key when the session ends while it holds it. Default: released.
    #[must_use]
    pub fn with_behavior(mut self, behavior: SessionBehavior) -> Self {
        self.session_request = self.session_request.with_behavior(behavior);
        self
    }

    /// Sets everything about the session. It needs a TTL.
    #[must_use]
    pub fn with_session_request(mut self, request: SessionRequest) -> Self {
        self.session_request = request;
        self
    }

    /// Uses a session that is kept elsewhere, and that may hold other locks too. Two tasks that
    /// acquire the same lock with the same session exclude each other as well.
    #[must_use]
    pub fn with_session(mut self, session: SessionKeeper) -> Self {
        self.session = Some(session);
        self
    }

    /// Sets the datacenter of the key and the session (`dc`).
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

    pub(crate) fn terms(&self) -> Terms {
        Terms {
            datacenter: self.datacenter.clone(),
            token: self.token.clone(),
        }
    }

    /// The session to contend with, after everything was checked.
    pub(super) fn source(&self, client: &Client, operation: &str) -> Result<Source, Error> {
        check_value(&self.value, operation)?;
        source(
            client,
            &self.session_request,
            self.session.as_ref(),
            operation,
        )
    }
}

/// Refuses a value that does not fit into a transaction.
pub(crate) fn check_value(value: &Bytes, operation: &str) -> Result<(), Error> {
    if value.len() > MAX_LOCK_VALUE_BYTES {
        let why = format!(
            "value: {} bytes are more than {MAX_LOCK_VALUE_BYTES}",
            value.len()
        );
        return Err(Error::invalid(operation, why));
    }
    Ok(())
}

/// The session to contend with: the shared one, or what each acquisition creates.
pub(crate) fn source(
    client: &Client,
    request: &SessionRequest,
    shared: Option<&SessionKeeper>,
    operation: &str,
) -> Result<Source, Error> {
    if let Some(keeper) = shared {
        return Ok(Source::Shared(keeper.clone()));
    }
    checked_ttl(client, request, operation)?;
    match request.lock_delay {
        Some(delay) if delay > MAX_LOCK_DELAY => Err(Error::invalid(
            operation,
            format!("lock_delay: {delay:?} is more than 60s"),
        )),
        _ => Ok(Source::Own(Box::new(request.clone()))),
    }
}
