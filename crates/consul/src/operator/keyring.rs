//! The keys of the gossip encryption: `/v1/operator/keyring`.

use http::Method;
use quorate_net::secret::Secret;
use quorate_wire::consul::operator::{KeyRequest, Keyring};
use quorate_wire::consul::path;

use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// The most nodes that a question about keys may be relayed by.
const MAX_RELAY_FACTOR: u8 = 5;

/// How a question about keys travels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyringOptions {
    /// By how many further nodes each node sends its answer too, against losses: 0 to 5.
    pub relay_factor: u8,
    /// Whether to list only the keys that the agent's own datacenter has; not for changes.
    pub local_only: bool,
}

impl KeyringOptions {
    /// No relays; every datacenter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets by how many further nodes each node sends its answer too: 0 to 5.
    #[must_use]
    pub fn with_relay_factor(mut self, nodes: u8) -> Self {
        self.relay_factor = nodes;
        self
    }

    /// Sets whether to list only what the agent's own datacenter has.
    #[must_use]
    pub fn with_local_only(mut self, local_only: bool) -> Self {
        self.local_only = local_only;
        self
    }
}

/// The keys of the gossip encryption: 16, 24 or 32 bytes in base64.
///
/// To change the key of a cluster: [`install`](Self::install) the new one,
/// [`use_key`](Self::use_key) it, then [`remove`](Self::remove) the old one.
///
/// Where gossip is not encrypted every call is
/// [`Unsupported`](crate::ErrorKind::Unsupported). Keys travel in the body and are never printed.
#[derive(Clone, Debug)]
pub struct Keyrings {
    client: Client,
}

impl Keyrings {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The keys of every pool of nodes: the one of all servers first.
    ///
    /// `GET /v1/operator/keyring`
    ///
    /// # Errors
    /// `Unsupported` where gossip is not encrypted; `PermissionDenied` without `keyring:read`.
    pub async fn list(&self) -> Result<Vec<Keyring>, Error> {
        let (keyring, options) = (KeyringOptions::default(), QueryOptions::default());
        Ok(self.list_with(&keyring, &options).await?.value)
    }

    /// [`list`](Self::list) with options.
    ///
    /// # Errors
    /// As [`list`](Self::list); `InvalidArgument` for a relay factor above 5.
    pub async fn list_with(
        &self,
        keyring: &KeyringOptions,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<Keyring>>, Error> {
        let operation = Operation::new("list the keys of the gossip encryption", "");
        let mut url = url(operation, keyring)?;
        if keyring.local_only {
            url.pair("local-only", "true");
        }
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// Gives every node a key, which messages may be encrypted with from now on.
    ///
    /// `POST /v1/operator/keyring`
    ///
    /// # Errors
    /// `InvalidArgument` for a key of another length; `Unsupported` where gossip is not encrypted;
    /// `PermissionDenied` without `keyring:write`.
    pub async fn install(&self, key: &Secret) -> Result<(), Error> {
        let (keyring, options) = (KeyringOptions::default(), WriteOptions::default());
        self.install_with(key, &keyring, &options).await
    }

    /// [`install`](Self::install) with options.
    ///
    /// # Errors
    /// As [`install`](Self::install); `InvalidArgument` for a relay factor above 5.
    pub async fn install_with(
        &self,
        key: &Secret,
        keyring: &KeyringOptions,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("install a key of the gossip encryption", "");
        self.change(operation, Method::POST, key, keyring, options)
            .await
    }

    /// Makes every node encrypt its messages with a key that it has.
    ///
    /// `PUT /v1/operator/keyring`
    ///
    /// # Errors
    /// `NotFound` when a node does not have it; else as [`install`](Self::install).
    pub async fn use_key(&self, key: &Secret) -> Result<(), Error> {
        let (keyring, options) = (KeyringOptions::default(), WriteOptions::default());
        self.use_key_with(key, &keyring, &options).await
    }

    /// [`use_key`](Self::use_key) with options.
    ///
    /// # Errors
    /// As [`use_key`](Self::use_key); `InvalidArgument` for a relay factor above 5.
    pub async fn use_key_with(
        &self,
        key: &Secret,
        keyring: &KeyringOptions,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("use a key of the gossip encryption", "");
        self.change(operation, Method::PUT, key, keyring, options)
            .await
    }

    /// Takes a key from every node, which messages may not be encrypted with from now on. It is no
    /// error if nobody has it.
    ///
    /// `DELETE /v1/operator/keyring`
    ///
    /// # Errors
    /// `InvalidArgument` for the key that is in use; else as [`install`](Self::install).
    pub async fn remove(&self, key: &Secret) -> Result<(), Error> {
        let (keyring, options) = (KeyringOptions::default(), WriteOptions::default());
        self.remove_with(key, &keyring, &options).await
    }

    /// [`remove`](Self::remove) with options.
    ///
    /// # Errors
    /// As [`remove`](Self::remove); `InvalidArgument` for a relay factor above 5.
    pub async fn remove_with(
        &self,
        key: &Secret,
        keyring: &KeyringOptions,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("remove a key of the gossip encryption", "");
        self.change(operation, Method::DELETE, key, keyring, options)
            .await
    }

    /// Each change is the same when it is made twice.
    async fn change(
        &self,
        operation: Operation<'_>,
        method: Method,
        key: &Secret,
        keyring: &KeyringOptions,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let url = url(operation, keyring)?;
        if keyring.local_only {
            let why = "local_only: only a list can be of one datacenter";
            return Err(Error::invalid(operation.to_string(), why));
        }
        let body = serde_json::to_vec(&KeyRequest::new(key.expose()))
            .map_err(|error| Error::invalid(operation.to_string(), "key").with_source(error))?;
        let mut call = self.client.write(operation, method, url, options);
        call.body = body.into();
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success().map(drop)
    }
}

fn url(operation: Operation<'_>, keyring: &KeyringOptions) -> Result<Url, Error> {
    let mut url = Url::new(path::OPERATOR_KEYRING);
    match keyring.relay_factor {
        0 => {}
        factor @ 1..=MAX_RELAY_FACTOR => url.pair("relay-factor", &factor.to_string()),
        factor => {
            let why = format!("relay_factor: {factor} is more than {MAX_RELAY_FACTOR}");
            return Err(Error::invalid(operation.to_string(), why));
        }
    }
    Ok(url)
}
