//! A key that goes with a lease: who made it has it, for as long as the lease is kept.

use std::time::Duration;

use quorate::etcd::v3::{Client, Cond, Error, LeaseKeeper, LostReason, PutOptions, Txn, TxnOp};
use tokio::time::Instant;

/// The key is ours while the lease is valid.
#[derive(Debug)]
pub struct Leased {
    keeper: LeaseKeeper,
    token: i64,
}

impl Leased {
    /// Makes the key, if it is not there.
    ///
    /// # Errors
    /// What any write answers. What was granted is given back.
    pub async fn take(client: &Client, key: &str, ttl: Duration) -> Result<Option<Self>, Error> {
        let keeper = client.leases().hold(ttl).await?;
        let with = PutOptions::new().with_lease(keeper.id());
        let make = Txn::new().when(Cond::missing(key)).then(TxnOp::put_with(
            key,
            keeper.id().to_string(),
            &with,
        ));
        let made = client.kv().txn(&make).await?;
        if made.succeeded {
            let token = made.header.revision;
            return Ok(Some(Self { keeper, token }));
        }
        keeper.revoke().await?;
        Ok(None)
    }

    /// The revision at which the key was made: greater than that of every earlier owner.
    #[must_use]
    pub fn fencing_token(&self) -> i64 {
        self.token
    }

    /// Whether the lease may be relied on.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.keeper.is_valid()
    }

    /// When the lease counts as lost unless it is renewed before.
    #[must_use]
    pub fn valid_until(&self) -> Instant {
        self.keeper.valid_until()
    }

    /// Resolves when the lease can't be relied on any more.
    ///
    /// # Cancel safety
    /// Safe: dropping it only stops the waiting.
    pub fn lost(&self) -> impl Future<Output = LostReason> + Send + 'static + use<> {
        self.keeper.lost()
    }

    /// Ends the lease: the key is gone.
    ///
    /// # Errors
    /// As [`LeaseKeeper::revoke`].
    ///
    /// # Cancel safety
    /// As [`LeaseKeeper::revoke`].
    pub async fn release(self) -> Result<(), Error> {
        self.keeper.revoke().await
    }
}
