//! What all calls about ACLs have in common.

use bytes::Bytes;
use http::StatusCode;
use quorate_wire::consul::acl::decode_list;
use quorate_wire::consul::path::check_key;
use quorate_wire::consul::text;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::call::{Call, Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::reply::Reply;
use crate::url::Url;

/// Sends the calls of every noun of the ACLs, and reads what comes back.
#[derive(Clone, Debug)]
pub(super) struct Api {
    pub(super) client: Client,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The path of what the operation is about, if a path can carry its name.
    pub(super) fn named(
        operation: Operation<'_>,
        endpoint: &str,
        field: &'static str,
    ) -> Result<Url, Error> {
        Self::checked(operation, operation.subject, field)?;
        Ok(Url::named(endpoint, operation.subject))
    }

    /// Refuses a name that a path can't carry.
    pub(super) fn checked(
        operation: Operation<'_>,
        name: &str,
        field: &'static str,
    ) -> Result<(), Error> {
        check_key(name)
            .map_err(|error| Error::invalid(operation.to_string(), field).with_source(error))
    }

    pub(super) fn body<T: Serialize + ?Sized>(
        operation: Operation<'_>,
        request: &T,
    ) -> Result<Bytes, Error> {
        let body = serde_json::to_vec(request);
        let invalid = |error| Error::invalid(operation.to_string(), "request").with_source(error);
        body.map(Bytes::from).map_err(invalid)
    }

    /// A read of what is always there.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<T>, Error> {
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// A read of what may be absent.
    pub(super) async fn find<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<Option<T>>, Error> {
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        if is_absent(&reply) {
            return Ok(Answer::new(None, reply.meta()));
        }
        reply.answer(|body| serde_json::from_slice(body).map(Some))
    }

    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<T>>, Error> {
        let mut call = self.client.read(operation, url, options);
        call.listing = true;
        self.client.execute(call).await?.answer(decode_list)
    }

    /// Sends a call that is ready and reads the JSON that it is answered with.
    pub(super) async fn done<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<T, Error> {
        let reply = self.client.execute(call).await?.success()?;
        reply.decode(|body| serde_json::from_slice(body))
    }

    /// The same for text.
    pub(super) async fn text(&self, call: Call<'_>) -> Result<String, Error> {
        let reply = self.client.execute(call).await?.success()?;
        reply.decode(|body| std::str::from_utf8(body).map(str::to_owned))
    }

    /// Makes something, which happens once.
    pub(super) async fn create<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        request: &impl Serialize,
        options: &WriteOptions,
    ) -> Result<T, Error> {
        let mut call = self
            .client
            .write(operation, http::Method::PUT, url, options);
        call.body = Self::body(operation, request)?;
        self.done(call).await
    }

    /// Replaces something, which may happen twice.
    pub(super) async fn update<T: DeserializeOwned>(
        &self,
        operation: Operation<'_>,
        url: Url,
        request: &impl Serialize,
        options: &WriteOptions,
    ) -> Result<T, Error> {
        let mut call = self
            .client
            .write(operation, http::Method::PUT, url, options);
        call.effect = Effect::Idempotent;
        call.body = Self::body(operation, request)?;
        self.done(call).await
    }

    /// Removes something, which may happen twice, and which need not be there.
    pub(super) async fn delete(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let mut call = self
            .client
            .write(operation, http::Method::DELETE, url, options);
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.truth().map(drop)
    }
}

/// Whether the answer says that there is no such thing.
///
/// Roles, auth methods and binding rules are 404. Tokens and policies are 403 `ACL not found`,
/// which is also what an unknown token gets that asks; but that one is stopped before the leader
/// is asked, so its answer knows none.
fn is_absent(reply: &Reply<'_>) -> bool {
    match reply.status {
        StatusCode::NOT_FOUND => true,
        StatusCode::FORBIDDEN => {
            reply.body.trim_ascii() == text::ACL_NOT_FOUND.as_bytes()
                && reply.meta().known_leader == Some(true)
        }
        _ => false,
    }
}
