//! One task that keeps one lease.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::{Lease, LeaseGrant, LeaseId, Leases, LostReason, Renewal};
use crate::v3::error::{Class, Error, ErrorKind};

type Reply = oneshot::Sender<Result<(), Error>>;

impl Leases {
    /// Grants a lease and keeps it: it is renewed in the background, every third of its time,
    /// until the value is revoked or dropped.
    ///
    /// `Lease.LeaseGrant`, then `Lease.LeaseKeepAlive`
    ///
    /// # Errors
    /// As [`grant`](Self::grant); `Closed` after [`Client::close`](crate::v3::Client::close).
    ///
    /// # Cancel safety
    /// The lease may be granted; nobody renews it then.
    pub async fn hold(&self, ttl: Duration) -> Result<LeaseKeeper, Error> {
        let begun = Instant::now();
        let grant = self.grant(ttl).await?;
        self.keep(grant, begun)
    }

    /// Keeps a lease that exists, from a first renewal on.
    ///
    /// `Lease.LeaseKeepAlive`
    ///
    /// # Errors
    /// `NotFound` if it is gone; what any read answers; `Closed`.
    ///
    /// # Cancel safety
    /// It may be renewed or not.
    pub async fn take_over(&self, id: LeaseId) -> Result<LeaseKeeper, Error> {
        let begun = Instant::now();
        match self.renew(id).await? {
            Some(ttl) => self.keep(LeaseGrant { id, ttl }, begun),
            None => Err(Error::new(
                Class::refused(ErrorKind::NotFound),
                format!("keep lease `{id}`"),
            )),
        }
    }

    fn keep(&self, grant: LeaseGrant, begun: Instant) -> Result<LeaseKeeper, Error> {
        let tasks = &self.client.inner.tasks;
        if tasks.is_cancelled() {
            let class = Class::refused(ErrorKind::Closed);
            return Err(Error::new(class, format!("keep lease `{}`", grant.id)));
        }
        let renewal = Renewal::new(self.clone(), grant, begun);
        let (orders, receiver) = mpsc::unbounded_channel();
        let keeper = LeaseKeeper {
            id: grant.id,
            ttl: grant.ttl,
            lease: renewal.lease(),
            orders,
        };
        let stop = tasks.cancelled();
        tasks.spawn(serve(renewal, receiver, stop));
        Ok(keeper)
    }
}

/// Keeps it until there is a reason not to, and gives it back.
async fn serve(
    renewal: Renewal,
    mut orders: mpsc::UnboundedReceiver<Reply>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    let reason = {
        let mut keep = pin!(renewal.keep());
        tokio::select! {
            biased;
            order = orders.recv() => {
                renewal.lose(LostReason::Released);
                if let Some(reply) = order {
                    let revoked = renewal.revoke().await;
                    // Nobody may be waiting any more.
                    drop(reply.send(revoked));
                } else {
                    renewal.part().await;
                }
                return;
            }
            () = &mut stop => LostReason::Closed,
            reason = &mut keep => reason,
        }
    };
    // Whoever asks learns it before the network is asked for anything.
    renewal.lose(reason);
    if reason != LostReason::EntryGone {
        renewal.part().await;
    }
}

/// A lease that is kept for as long as this value lives and its deadline has not passed. Dropping
/// it revokes the lease in the background, and the keys that go with it are deleted.
///
/// The deadline is of the local monotonic clock: the start of the last renewal that succeeded plus
/// its time to live. Nothing moves it back once it has passed.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v3::Client) -> Result<(), quorate_etcd::v3::Error> {
/// use std::time::Duration;
/// use quorate_etcd::v3::PutOptions;
///
/// let lease = client.leases().hold(Duration::from_secs(10)).await?;
/// let here = PutOptions::new().with_lease(lease.id());
/// client.kv().put_with("nodes/7", "http://10.0.0.7", &here).await?;
/// lease.lost().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "dropping the keeper revokes the lease"]
pub struct LeaseKeeper {
    id: LeaseId,
    ttl: Duration,
    lease: Lease,
    orders: mpsc::UnboundedSender<Reply>,
}

impl LeaseKeeper {
    /// The lease.
    #[must_use]
    pub fn id(&self) -> LeaseId {
        self.id
    }

    /// How long it lives without being renewed.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.ttl
    }

    /// Whether it may be relied on at this moment, by the local clock and all that is known.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.lease.is_valid()
    }

    /// When it counts as lost unless it is renewed before. Renewals move it.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.lease.valid_until()
    }

    /// A handle on its validity: it can be cloned and sent, and does not keep the lease.
    #[must_use]
    pub fn lease(&self) -> Lease {
        self.lease.clone()
    }

    /// Resolves when it can't be relied on any more, and says why.
    ///
    /// # Cancel safety
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.lease.lost()
    }

    /// Ends the lease: the keys that go with it are deleted.
    ///
    /// # Errors
    /// `LeaseLost` if it was lost before; `Indeterminate` if nobody knows: then it ends by itself.
    ///
    /// # Cancel safety
    /// Once polled, it is revoked even if this is dropped.
    pub async fn revoke(self) -> Result<(), Error> {
        let lost = self.lease.lost_reason();
        let (reply, done) = oneshot::channel();
        if self.orders.send(reply).is_ok()
            && let Ok(result) = done.await
            && lost.is_none()
        {
            return result;
        }
        let reason = lost.or_else(|| self.lease.lost_reason());
        let class = Class::refused(ErrorKind::LeaseLost);
        let error = Error::new(class, format!("revoke lease `{}`", self.id));
        Err(match reason {
            Some(reason) => error.with_detail(reason),
            None => error,
        })
    }
}
