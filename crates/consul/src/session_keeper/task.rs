//! The task that keeps one session alive, and ends it.

use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::SessionRequest;
use tokio::sync::{RwLock, mpsc, oneshot};
use tokio::time::{Instant, timeout};

use super::lease::{Lease, LostReason, Renewal, Validity};
use crate::error::Class;
use crate::{Client, Error, ErrorKind, WriteOptions};

/// How often a session that nobody waits for is destroyed, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a session outlives its client's closing, for what it holds to be given back.
const CLOSING_GRACE: Duration = Duration::from_millis(2_500);

/// Destroy the session and answer. When every sender is gone: destroy it.
pub(super) type Order = oneshot::Sender<Result<(), Error>>;

/// Where the session comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Create(Box<SessionRequest>, Duration),
    Adopt(String),
}

/// A session that is being kept.
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) ttl: Duration,
    pub(super) lease: Lease,
    pub(super) using: Arc<RwLock<()>>,
}

pub(super) struct Keeping {
    pub(super) client: Client,
    pub(super) options: WriteOptions,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    /// Read by those who use the session.
    pub(super) using: Arc<RwLock<()>>,
}

/// The session as the server last confirmed it.
struct Confirmed {
    id: String,
    ttl: Duration,
    validity: Validity,
}

impl Keeping {
    /// Gets the session, tells `ready`, keeps it until there is a reason not to, and destroys it.
    pub(super) async fn run(
        self,
        origin: Origin,
        ready: oneshot::Sender<Result<Kept, Error>>,
        stop: impl Future<Output = ()> + Unpin,
    ) {
        let session = match self.obtain(origin).await {
            Ok(session) => session,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let kept = Kept {
            id: session.id.clone(),
            ttl: session.ttl,
            lease: session.validity.lease(),
            using: Arc::clone(&self.using),
        };
        // When nobody waits any more, the handle and with it the orders are gone as well.
        let _ = ready.send(Ok(kept));
        self.keep(session, stop).await;
    }

    async fn obtain(&self, origin: Origin) -> Result<Confirmed, Error> {
        let begun = Instant::now();
        let (id, ttl) = match origin {
            Origin::Create(request, ttl) => (
                self.client
                    .session()
                    .create_with(&request, &self.options)
                    .await?,
                ttl,
            ),
            Origin::Adopt(id) => {
                let ttl = self.adopt(&id).await?;
                (id, ttl)
            }
        };
        let validity = Validity::new(begun + ttl);
        Ok(Confirmed { id, ttl, validity })
    }

    /// Renews a session that exists already, to learn its TTL.
    async fn adopt(&self, id: &str) -> Result<Duration, Error> {
        let operation = || format!("keep session `{id}`");
        let renewed = self.client.session().renew_with(id, &self.options).await?;
        let session = renewed.ok_or_else(|| {
            Error::new(Class::refused(ErrorKind::LeaseLost), operation())
                .with_detail(LostReason::SessionGone)
        })?;
        session.ttl().ok_or_else(|| {
            Error::invalid(
                operation(),
                "ttl: the session has none, so it needs no keeper",
            )
        })
    }

    async fn keep(mut self, session: Confirmed, stop: impl Future<Output = ()> + Unpin) {
        let (reason, reply) = self.until_lost(&session, stop).await;
        // Whoever asks learns it before the network is asked for anything.
        session.validity.lose(reason);
        if matches!(reason, LostReason::DeadlinePassed | LostReason::SessionGone) {
            tracing::warn!(session = %session.id, %reason, "session lost");
        }
        if reason == LostReason::Closed {
            // What the session holds is given back first: its end would start a lock-delay.
            let _ = timeout(CLOSING_GRACE, self.using.write()).await;
        }
        match reply {
            Some(reply) => {
                let destroyed = self
                    .client
                    .session()
                    .destroy_with(&session.id, &self.options)
                    .await;
                let _ = reply.send(destroyed);
            }
            None if reason == LostReason::SessionGone => {}
            None => self.part(&session.id).await,
        }
    }

    /// Renews the session until it is lost or somebody wants it destroyed.
    async fn until_lost(
        &mut self,
        session: &Confirmed,
        mut stop: impl Future<Output = ()> + Unpin,
    ) -> (LostReason, Option<Order>) {
        let (client, options) = (&self.client, &self.options);
        let renew = || renew(client, options, session);
        tokio::select! {
            biased;
            order = self.orders.recv() => (LostReason::Destroyed, order),
            () = &mut stop => (LostReason::Closed, None),
            reason = session.validity.keep(session.ttl, renew) => (reason, None),
        }
    }

    /// Destroys the session as well as that can be done in a short time; the TTL does the rest.
    async fn part(&self, id: &str) {
        for _ in 0..PARTING_TRIES {
            let sessions = self.client.session();
            let destroy = sessions.destroy_with(id, &self.options);
            if let Ok(Ok(())) = timeout(PARTING_TIMEOUT, destroy).await {
                return;
            }
        }
        tracing::debug!(session = %id, "left to its TTL: it could not be destroyed");
    }
}

async fn renew(client: &Client, options: &WriteOptions, session: &Confirmed) -> Renewal {
    match client.session().renew_with(&session.id, options).await {
        // Under load the server may answer a longer one than was asked for.
        Ok(Some(answer)) => Renewal::For(answer.ttl().unwrap_or(session.ttl)),
        Ok(None) => Renewal::Gone(LostReason::SessionGone),
        Err(error) if error.kind() == ErrorKind::LeaseLost => {
            Renewal::Gone(LostReason::SessionGone)
        }
        Err(error) => {
            tracing::debug!(session = %session.id, %error, "renewal failed");
            Renewal::Failed
        }
    }
}
