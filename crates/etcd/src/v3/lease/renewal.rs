//! Renewing one lease, and until when it may be relied on.

use std::time::Duration;

use quorate_net::lease as net;
use tokio::time::{Instant, timeout};

use super::{Lease, LeaseGrant, LeaseId, Leases, LostReason};
use crate::lease::Validity;
use crate::v3::error::{Error, ErrorKind};

/// How often a lease that nobody needs any more is revoked, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);

/// A lease that is renewed.
#[derive(Debug)]
pub(crate) struct Renewal {
    leases: Leases,
    pub(crate) id: LeaseId,
    /// How long its owner may rely on a renewal.
    pub(crate) ttl: Duration,
    /// How much longer it lives on the servers.
    delay: Duration,
    validity: Validity,
}

impl Renewal {
    /// Of a lease whose grant or last renewal was asked for at `begun`.
    pub(crate) fn new(leases: Leases, grant: LeaseGrant, begun: Instant) -> Self {
        Self::with_delay(leases, grant, begun, Duration::ZERO)
    }

    /// The same of a lease whose owner counts on `delay` less than the servers grant.
    pub(crate) fn with_delay(
        leases: Leases,
        grant: LeaseGrant,
        begun: Instant,
        delay: Duration,
    ) -> Self {
        let ttl = grant.ttl.saturating_sub(delay);
        Self {
            leases,
            id: grant.id,
            ttl,
            delay,
            validity: Validity::new(begun + ttl),
        }
    }

    pub(crate) fn lease(&self) -> Lease {
        self.validity.lease()
    }

    /// Says that it is lost, unless that was said before.
    pub(crate) fn lose(&self, reason: LostReason) {
        self.validity.lose(reason);
    }

    /// Renews it until it is lost, and says why it is.
    pub(crate) async fn keep(&self) -> LostReason {
        self.validity.keep(self.ttl, || self.renew()).await
    }

    async fn renew(&self) -> net::Renewal<LostReason> {
        // One server that stands still must leave time for the others.
        match self.leases.renew_within(self.id, Some(self.ttl / 3)).await {
            Ok(Some(ttl)) => net::Renewal::For(ttl.saturating_sub(self.delay)),
            Ok(None) => net::Renewal::Gone(LostReason::EntryGone),
            Err(error) => {
                tracing::debug!(lease = %self.id, %error, "renewal failed");
                net::Renewal::Failed
            }
        }
    }

    /// Revokes it.
    pub(crate) async fn revoke(&self) -> Result<(), Error> {
        self.leases.revoke(self.id).await
    }

    /// Revokes it as well as that can be done in a short time; the TTL does the rest.
    pub(crate) async fn part(&self) {
        for _ in 0..PARTING_TRIES {
            match timeout(PARTING_TIMEOUT, self.leases.revoke(self.id)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) if error.kind() == ErrorKind::NotFound => return,
                Ok(Err(_)) | Err(_) => {}
            }
        }
        tracing::debug!(lease = %self.id, "left to its TTL: it could not be revoked");
    }
}
