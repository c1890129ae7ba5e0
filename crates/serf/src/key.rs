//! The keys with which the cluster encrypts.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_net::call::Operation;
use quorate_net::secret::Secret;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{Command, Key, KeyResponse};

use crate::call::{Call, Effect};
use crate::client::Client;
use crate::error::Error;

/// How long members are waited for, in a cluster of up to 9,999 of them.
const PATIENCE: Duration = Duration::from_secs(13);

/// The keys of the cluster. A cluster is given another key in three steps, each after the one
/// before was done by all members: [`install`](Self::install), [`use_key`](Self::use_key),
/// [`remove`](Self::remove) of the old one.
///
/// Every change goes to all members. One that some of them did not make is an error
/// ([`ErrorKind::Partial`](crate::ErrorKind)) that has what each of them said
/// ([`Error::keys`]); doing it again is right once they are back.
#[derive(Clone, Debug)]
pub struct Keys {
    client: Client,
}

/// How many members have which keys.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyCounts {
    /// How many members have each key, which is in base64. Never printed.
    pub keys: BTreeMap<String, u64>,
    /// How many members there are.
    pub members: u64,
}

impl std::fmt::Debug for KeyCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyCounts")
            .field("keys", &self.keys.len())
            .field("members", &self.members)
            .finish()
    }
}

impl Client {
    /// The keys of the cluster.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys {
            client: self.clone(),
        }
    }
}

impl Keys {
    /// Adds a key, with which members can then decrypt: 16, 24 or 32 bytes in base64.
    ///
    /// Protocol: `install-key`.
    ///
    /// # Errors
    /// [`ErrorKind::Partial`](crate::ErrorKind); [`ErrorKind::Refused`](crate::ErrorKind) when it is
    /// no base64.
    ///
    /// # Cancel safety
    /// Members may make the change all the same.
    pub async fn install(&self, key: &Secret) -> Result<KeyResponse, Error> {
        self.change("install a key", Command::InstallKey, key).await
    }

    /// Encrypts with this key from now on. All members must have it.
    ///
    /// Protocol: `use-key`.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    ///
    /// # Cancel safety
    /// Members may make the change all the same.
    pub async fn use_key(&self, key: &Secret) -> Result<KeyResponse, Error> {
        self.change("use a key", Command::UseKey, key).await
    }

    /// Removes a key. The one that is used can't be removed.
    ///
    /// Protocol: `remove-key`.
    ///
    /// # Errors
    /// As [`install`](Self::install).
    ///
    /// # Cancel safety
    /// Members may make the change all the same.
    pub async fn remove(&self, key: &Secret) -> Result<KeyResponse, Error> {
        self.change("remove a key", Command::RemoveKey, key).await
    }

    /// Counts the keys of all members.
    ///
    /// Protocol: `list-keys`.
    ///
    /// # Errors
    /// [`ErrorKind::Partial`](crate::ErrorKind) when some do not encrypt, or do not answer.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn list(&self) -> Result<KeyCounts, Error> {
        let call = Call::bare(Operation::new("list keys", ""), Command::ListKeys);
        let answer = self.ask(&call.slow(PATIENCE)).await?;
        Ok(KeyCounts {
            keys: answer.keys.unwrap_or_default(),
            members: answer.num_nodes,
        })
    }

    async fn change(
        &self,
        verb: &'static str,
        command: Command,
        key: &Secret,
    ) -> Result<KeyResponse, Error> {
        let body = Key {
            key: key.expose().to_owned(),
        };
        let call = Call::write(Operation::new(verb, ""), command, &body);
        self.ask(&Call {
            effect: Effect::Write,
            ..call.slow(PATIENCE)
        })
        .await
    }

    /// The answer, which is also there when some members refused.
    async fn ask(&self, call: &Call<'_>) -> Result<KeyResponse, Error> {
        let answered = self.client.ask_raw(call).await?;
        if answered.error.is_empty() {
            return crate::attempts::decode(call, answered);
        }
        let error = Error::refused(call.operation.to_string(), &answered.error);
        let keys = answered
            .body
            .and_then(|body| KeyResponse::from_msgpack(&body).ok());
        Err(match keys {
            Some(keys) => error.with_keys(keys),
            None => error,
        })
    }
}
