//! The service `Lock`.

use std::time::Duration;

use bytes::Bytes;
use quorate_etcd_proto::v3lockpb as pb;

use super::FOR_EVER;
use crate::v3::call::{Call, Operation, Rpc};
use crate::v3::client::Client;
use crate::v3::error::Error;
use crate::v3::lease::LeaseId;

/// Servers take two with the same lease for one, so that it can be repeated.
const LOCK: Rpc<pb::LockRequest, pb::LockResponse> = Rpc::idempotent("/v3lockpb.Lock/Lock");
/// The key is of one lease, and gone or not.
const UNLOCK: Rpc<pb::UnlockRequest, pb::UnlockResponse> = Rpc::idempotent("/v3lockpb.Lock/Unlock");

/// The service `Lock`. From [`Client::lock_service`]; clones are the same.
#[derive(Clone, Debug)]
pub struct LockService {
    client: Client,
}

impl Client {
    /// The service `Lock`, for leases that are kept elsewhere.
    #[must_use]
    pub fn lock_service(&self) -> LockService {
        LockService {
            client: self.clone(),
        }
    }
}

impl LockService {
    /// Waits until the lock is of this lease, or for `patience`. Tells the key, which is there as
    /// long as the lock is held; with a lease that holds it already, at once.
    ///
    /// `Lock.Lock`
    ///
    /// # Errors
    /// `NotFound` if there is no such lease; `LeaseLost` if it ended meanwhile (servers notice
    /// that when the lock becomes free, no sooner); `Indeterminate` when the time is over.
    ///
    /// # Cancel safety
    /// The server takes the key back when it notices.
    pub async fn lock(
        &self,
        name: impl AsRef<[u8]>,
        lease: LeaseId,
        patience: Option<Duration>,
    ) -> Result<Bytes, Error> {
        let title = name.as_ref().escape_ascii().to_string();
        let request = pb::LockRequest {
            name: Bytes::copy_from_slice(name.as_ref()),
            lease: lease.number(),
        };
        let call = Call::new(Operation::new("lock", &title), &LOCK, &request);
        let call = call.within(Some(patience.unwrap_or(FOR_EVER)));
        let response: pb::LockResponse = self.client.send(&call).await?;
        Ok(response.key)
    }

    /// Deletes the key of a lock, whoever's it is.
    ///
    /// `Lock.Unlock`
    ///
    /// # Errors
    /// What any write answers; none if there is no such key.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn unlock(&self, key: impl AsRef<[u8]>) -> Result<(), Error> {
        let title = key.as_ref().escape_ascii().to_string();
        let request = pb::UnlockRequest {
            key: Bytes::copy_from_slice(key.as_ref()),
        };
        let operation = Operation::new("unlock", &title);
        self.client.ask(operation, &UNLOCK, &request).await?;
        Ok(())
    }
}
