//! Sessions that are kept alive, and that say when they are lost.

mod lease;
mod task;
mod tenants;
mod turnstile;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::SessionRequest;
use quorate_wire::consul::session::MAX_TTL;
use tokio::sync::{OwnedRwLockReadGuard, RwLock, mpsc, oneshot};
use tokio::time::Instant;

pub use lease::{Lease, LostReason};
use task::{Keeping, Kept, Order, Origin};
pub(crate) use tenants::Tenants;
pub(crate) use turnstile::{Turn, Turnstile};

use crate::error::Class;
use crate::{Client, Error, ErrorKind, WriteOptions};

/// A session that a task keeps alive for as long as a handle of it exists.
///
/// The session is renewed after a third of its TTL, less a random tenth. Each renewal gets a third
/// of the TTL to be answered. The deadline is the start of the last renewal that succeeded + TTL,
/// on the local monotonic clock; [`lost`](Self::lost) resolves then at the latest. A server that
/// answers a longer TTL is obeyed. After the deadline the session counts as lost for good, even if
/// a renewal would succeed.
///
/// Clones are handles of the same session, and one session can hold many locks
/// ([`LockOptions::with_session`](crate::lock::LockOptions::with_session)). When the last handle is
/// dropped the task destroys the session in the background: two tries of one second. If even that
/// fails, or the runtime ends, the server ends it after at most twice its TTL.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use std::time::Duration;
/// use quorate_consul::{SessionKeeper, SessionRequest};
///
/// let request = SessionRequest::new().with_name("worker").with_ttl(Duration::from_secs(15));
/// let session = SessionKeeper::start(&client, request).await?;
/// assert!(client.kv().acquire("jobs/a", "me", session.id()).await?);
/// tokio::select! {
///     reason = session.lost() => return Err(format!("lost: {reason}").into()),
///     () = work() => session.destroy().await?,
/// }
/// assert!(!session.is_alive());
/// # async fn work() {}
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SessionKeeper(Arc<Inner>);

struct Inner {
    id: String,
    ttl: Duration,
    lease: Lease,
    /// Dropping the last one is the message that the session is not needed any more.
    orders: mpsc::UnboundedSender<Order>,
    /// Which keys this process holds, or is about to, with this session. The server takes a second
    /// acquire by one session for a repetition of the first, so two tasks that share a session
    /// have to be kept apart here.
    claims: Turnstile,
    /// Read by every claim. The keeper's task waits for the write side before a session ends because
    /// the client is closed.
    using: Arc<RwLock<()>>,
}

impl SessionKeeper {
    /// Creates a session (`PUT /v1/session/create`) and keeps it.
    ///
    /// `request` must have a TTL: 10 s to 24 h, or less where
    /// [`Limits::min_session_ttl`](crate::Limits) allows it.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a TTL that is missing or out of bounds; whatever `create` answers.
    ///
    /// # Cancel safety
    ///
    /// Safe: if it is dropped, a session that came to exist is destroyed in the background.
    pub async fn start(client: &Client, request: SessionRequest) -> Result<Self, Error> {
        Self::start_with(client, request, WriteOptions::default()).await
    }

    /// [`start`](Self::start) in another datacenter. Renewals and the end go there too.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    ///
    /// # Cancel safety
    ///
    /// As [`start`](Self::start).
    pub async fn start_with(
        client: &Client,
        request: SessionRequest,
        options: WriteOptions,
    ) -> Result<Self, Error> {
        let ttl = checked_ttl(client, &request, "create session")?;
        Self::keep(client, Origin::Create(Box::new(request), ttl), options).await
    }

    /// Keeps a session that exists already, after it was renewed once to learn its TTL. It is
    /// destroyed at the end like one that was created here.
    ///
    /// # Errors
    ///
    /// `LeaseLost` if it does not exist, `InvalidArgument` if it has no TTL or `id` is no UUID.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the session is destroyed in the background.
    pub async fn adopt(client: &Client, id: impl Into<String>) -> Result<Self, Error> {
        Self::adopt_with(client, id, WriteOptions::default()).await
    }

    /// [`adopt`](Self::adopt) in another datacenter.
    ///
    /// # Errors
    ///
    /// As [`adopt`](Self::adopt).
    ///
    /// # Cancel safety
    ///
    /// As [`adopt`](Self::adopt).
    pub async fn adopt_with(
        client: &Client,
        id: impl Into<String>,
        options: WriteOptions,
    ) -> Result<Self, Error> {
        let id = id.into();
        if id.is_empty() {
            return Err(Error::invalid("keep session", "id: must not be empty"));
        }
        Self::keep(client, Origin::Adopt(id), options).await
    }

    async fn keep(client: &Client, origin: Origin, options: WriteOptions) -> Result<Self, Error> {
        let operation = match &origin {
            Origin::Create(..) => "create session".to_owned(),
            Origin::Adopt(id) => format!("keep session `{id}`"),
        };
        let (orders, receiver) = mpsc::unbounded_channel();
        let (sender, ready) = oneshot::channel();
        let keeping = Keeping {
            client: client.clone(),
            options,
            orders: receiver,
            using: Arc::default(),
        };
        // The task, and not this future, makes the requests: one whose answer nobody waits for
        // any more is still followed by a destroy.
        let closed = || {
            Error::new(Class::refused(ErrorKind::Closed), operation).with_detail(LostReason::Closed)
        };
        let tasks = client.tasks();
        if tasks.is_cancelled() {
            return Err(closed());
        }
        tasks.spawn(keeping.run(origin, sender, tasks.cancelled()));
        match ready.await {
            Ok(kept) => kept.map(|kept| Self::from_kept(kept, orders)),
            Err(_) => Err(closed()),
        }
    }

    fn from_kept(kept: Kept, orders: mpsc::UnboundedSender<Order>) -> Self {
        let Kept {
            id,
            ttl,
            lease,
            using,
        } = kept;
        Self(Arc::new(Inner {
            id,
            ttl,
            lease,
            orders,
            claims: Turnstile::default(),
            using,
        }))
    }

    /// The session's UUID.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The TTL that was asked for, or that an adopted session had.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.0.ttl
    }

    /// When the session counts as lost unless a renewal succeeds before: start of the last one
    /// that did + TTL.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.0.lease.valid_until()
    }

    /// Whether the session may be relied on at this moment.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.0.lease.is_valid()
    }

    /// A handle on the session's validity that does not keep it alive.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.0.lease.clone()
    }

    /// Resolves when the session can't be relied on any more: the deadline passed, the server says
    /// that it is gone, or it was destroyed here.
    ///
    /// # Cancel safety
    ///
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.0.lease.lost()
    }

    /// Destroys the session now (`PUT /v1/session/destroy/:id`), for every clone. Keys that it
    /// still holds are released or deleted, and can't be acquired for the lock-delay. Nothing
    /// happens if it was lost or destroyed before.
    ///
    /// # Errors
    ///
    /// Whatever `destroy` answers. The session counts as lost all the same, and ends by its TTL.
    ///
    /// # Cancel safety
    ///
    /// Once polled, the session is destroyed even if this is dropped.
    pub async fn destroy(&self) -> Result<(), Error> {
        let (sender, done) = oneshot::channel();
        if self.0.orders.send(sender).is_err() {
            return Ok(());
        }
        // No answer: the task found another reason to end at the same moment.
        done.await.unwrap_or(Ok(()))
    }

    /// Waits until no other task of this process has `key` with this session.
    pub(crate) async fn claim(&self, key: &str) -> Claim {
        self.claimed(self.0.claims.enter(key).await)
    }

    /// The same, unless another has it.
    pub(crate) fn try_claim(&self, key: &str) -> Option<Claim> {
        self.0.claims.try_enter(key).map(|turn| self.claimed(turn))
    }

    fn claimed(&self, turn: Turn) -> Claim {
        // Taken by the keeper's task only when everything ends; then nothing is claimed any more.
        let using = Arc::clone(&self.0.using).try_read_owned().ok();
        Claim {
            _turn: turn,
            _using: using,
        }
    }
}

/// The right to use a session for a key. When the client is closed, the session ends after its
/// claims, so that what it holds can be given back first.
#[derive(Debug)]
pub(crate) struct Claim {
    _turn: Turn,
    _using: Option<OwnedRwLockReadGuard<()>>,
}

/// The TTL of `request`, or what is wrong with it.
pub(crate) fn checked_ttl(
    client: &Client,
    request: &SessionRequest,
    operation: &str,
) -> Result<Duration, Error> {
    let min = client.limits().min_session_ttl;
    match request.ttl {
        Some(ttl) if ttl >= min && ttl <= MAX_TTL && !ttl.is_zero() => Ok(ttl),
        Some(ttl) => {
            let why = format!("ttl: {ttl:?} is not between {min:?} and {MAX_TTL:?}");
            Err(Error::invalid(operation, why))
        }
        None => Err(Error::invalid(
            operation,
            "ttl: needed, a session without one needs no keeper",
        )),
    }
}

impl fmt::Debug for SessionKeeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionKeeper")
            .field("id", &self.0.id)
            .field("lease", &self.0.lease)
            .finish()
    }
}
