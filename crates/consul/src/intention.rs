//! Intentions: `/v1/connect/intentions`.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::intention::{IntentionCheck, IntentionCreated, IntentionMatches};
use quorate_wire::consul::{Intention, IntentionRequest, IntentionSide, path};
use serde::Serialize;

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::session::check_id;
use crate::url::Url;

/// Intentions: which services may connect to which others.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::IntentionRequest;
///
/// let intentions = client.intentions();
/// intentions.create(&IntentionRequest::deny("*", "db")).await?;
/// let id = intentions.create(&IntentionRequest::allow("web", "db")).await?;
/// assert!(intentions.check("web", "db").await?, "the more exact one counts");
/// assert!(!intentions.check("mail", "db").await?);
///
/// intentions.delete(&id).await?;
/// assert!(!intentions.check("web", "db").await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Intentions {
    client: Client,
}

impl Intentions {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All intentions, those that count first in front.
    ///
    /// `GET /v1/connect/intentions`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Vec<Intention>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options, a filter for one, and metadata.
    ///
    /// # Errors
    /// As [`list`](Self::list); `InvalidArgument` for a filter that is wrong.
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Intention>>, Error> {
        let operation = Operation::new("list intentions", "");
        let mut call = self
            .client
            .read(operation, Url::new(path::INTENTIONS), options);
        call.listing = true;
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// One intention, or `None` if there is none with this id.
    ///
    /// `GET /v1/connect/intentions/ID`
    ///
    /// # Errors
    /// `InvalidArgument` when the id is no UUID, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn get(&self, id: &str) -> Result<Option<Intention>, Error> {
        self.get_with(id, &QueryOptions::default()).await
    }

    /// [`get`](Self::get) with options. Servers send no metadata here, so it can't be followed.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Option<Intention>, Error> {
        let operation = Operation::new("get intention", id);
        check_id(operation, id)?;
        let url = Url::named(path::INTENTION, id);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        // With words in it: "Intention not found". Without, there is no such route.
        if reply.status == StatusCode::NOT_FOUND && !reply.body.is_empty() {
            return Ok(None);
        }
        let answer = reply.answer(|body| serde_json::from_slice(body))?;
        Ok(Some(answer.value))
    }

    /// Creates an intention and returns its id, a UUID.
    ///
    /// `POST /v1/connect/intentions`
    ///
    /// # Errors
    /// `InvalidArgument` when the server refuses it, and says why; `AlreadyExists` when there is
    /// one for the same services; `Indeterminate` when the answer was lost.
    pub async fn create(&self, request: &IntentionRequest) -> Result<String, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &IntentionRequest,
        options: &WriteOptions,
    ) -> Result<String, Error> {
        let operation = Operation::new("create an intention for", &request.destination_name);
        let url = Url::new(path::INTENTIONS);
        let mut call = self.client.write(operation, Method::POST, url, options);
        call.body = body_of(operation, request)?;
        let reply = self.client.execute(call).await?;
        let created = reply.answer(|body| serde_json::from_slice::<IntentionCreated>(body))?;
        Ok(created.value.id)
    }

    /// Replaces everything that an intention says. Repeated when the answer is lost.
    ///
    /// `PUT /v1/connect/intentions/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none of this id, else as [`create`](Self::create).
    pub async fn update(&self, id: &str, request: &IntentionRequest) -> Result<(), Error> {
        let options = WriteOptions::default();
        self.update_with(id, request, &options).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        id: &str,
        request: &IntentionRequest,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("update intention", id);
        check_id(operation, id)?;
        let url = Url::named(path::INTENTION, id);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = body_of(operation, request)?;
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success().map(drop)
    }

    /// Deletes an intention.
    ///
    /// `DELETE /v1/connect/intentions/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none of this id; `InvalidArgument` when it is no UUID.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.delete_with(id, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, id: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete intention", id);
        check_id(operation, id)?;
        let url = Url::named(path::INTENTION, id);
        let call = self.client.write(operation, Method::DELETE, url, options);
        self.client.execute(call).await?.truth().map(drop)
    }

    /// The intentions that concern each of `names` on that side, with those for any service, and
    /// those that count first in front.
    ///
    /// `GET /v1/connect/intentions/match?by=SIDE&name=NAME`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn matching<I>(
        &self,
        side: IntentionSide,
        names: I,
    ) -> Result<IntentionMatches, Error>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let options = QueryOptions::default();
        self.matching_with(side, names, &options).await
    }

    /// [`matching`](Self::matching) with options. Servers send no metadata here, so it can't be
    /// followed; [`watch`](Self::watch) can.
    ///
    /// # Errors
    /// As [`matching`](Self::matching).
    pub async fn matching_with<I>(
        &self,
        side: IntentionSide,
        names: I,
        options: &QueryOptions,
    ) -> Result<IntentionMatches, Error>
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let operation = Operation::new("match intentions by", side.as_str());
        let mut url = Url::new(path::INTENTION_MATCH);
        url.pair("by", side.as_str());
        for name in names {
            url.pair("name", name.as_ref());
        }
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        Ok(reply.answer(|body| serde_json::from_slice(body))?.value)
    }

    /// Whether the service `source` may connect to the service `destination`.
    ///
    /// `GET /v1/connect/intentions/check?source=SOURCE&destination=DESTINATION`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn check(&self, source: &str, destination: &str) -> Result<bool, Error> {
        let options = QueryOptions::default();
        self.check_with(source, destination, &options).await
    }

    /// [`check`](Self::check) with options.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub async fn check_with(
        &self,
        source: &str,
        destination: &str,
        options: &QueryOptions,
    ) -> Result<bool, Error> {
        let operation = Operation::new("check connections to", destination);
        let mut url = Url::new(path::INTENTION_CHECK);
        url.pair("source", source);
        url.pair("destination", destination);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        let answer = reply.answer(|body| serde_json::from_slice::<IntentionCheck>(body))?;
        Ok(answer.value.allowed)
    }

    /// Follows all intentions.
    pub fn watch(&self) -> Blocking<Vec<Intention>> {
        let api = self.clone();
        Blocking::new(QueryOptions::default(), move |options| {
            let api = api.clone();
            Box::pin(async move { api.list_with(&options).await })
        })
    }
}

pub(crate) fn body_of<T: Serialize>(operation: Operation<'_>, value: &T) -> Result<Bytes, Error> {
    let body = serde_json::to_vec(value);
    body.map(Bytes::from)
        .map_err(|error| Error::invalid(operation.to_string(), "request").with_source(error))
}
