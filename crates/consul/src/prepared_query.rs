//! Prepared queries: `/v1/query`.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::prepared_query::{
    PreparedQueryCreated, PreparedQueryExplained, PreparedQueryResult, decode_queries,
};
use quorate_wire::consul::{PreparedQuery, path};
use serde::de::DeserializeOwned;

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Call, Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Prepared queries: searches for instances of a service that are stored on the servers and run
/// by their name.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::PreparedQuery;
///
/// let queries = client.prepared_query();
/// let query = PreparedQuery::new("servers", "consul").only_passing().with_near("_agent");
/// let id = queries.create(&query).await?;
/// let found = queries.execute("servers").await?;
/// assert_eq!(found.nodes.len(), 1);
///
/// // One template answers for every service.
/// let template = PreparedQuery::template("find-", "${name.suffix}");
/// queries.create(&template).await?;
/// let found = queries.execute("find-consul").await?;
/// assert_eq!((found.service.as_str(), found.nodes.len()), ("consul", 1));
/// queries.delete(&id).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PreparedQueryApi {
    client: Client,
}

/// How a prepared query is run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ExecuteOptions {
    /// The most instances to answer (`limit`); `None` is all of them.
    pub limit: Option<u32>,
    /// Whether proxies and native instances of the mesh are meant (`connect`), whatever the query
    /// says.
    pub connect: bool,
    /// Everything else. `near` goes before the one that the query has; `_ip` in it means the node
    /// at the client's address. Queries do not block.
    pub query: QueryOptions,
}

impl ExecuteOptions {
    /// All instances, sorted as the query says.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the most instances to answer; 0 is all of them.
    #[must_use]
    pub fn with_limit(mut self, limit: u32) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Finds proxies and native instances of the mesh.
    #[must_use]
    pub fn with_connect(mut self) -> Self {
        self.connect = true;
        self
    }

    /// Sets token, timeout, datacenter, consistency, cache and `near`.
    #[must_use]
    pub fn with_query(mut self, query: QueryOptions) -> Self {
        self.query = query;
        self
    }
}

impl PreparedQueryApi {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Creates a query and returns its id, a UUID.
    ///
    /// `POST /v1/query`
    ///
    /// # Errors
    /// `AlreadyExists` when another query has the name; `LeaseLost` when its session does not
    /// exist; `InvalidArgument` for what servers do not take, such as a query without a name, a
    /// session or a template; `Indeterminate` when the answer was lost: then there may be a query
    /// of that name.
    ///
    /// # Cancel safety
    /// Dropping the future may leave the query created.
    pub async fn create(&self, query: &PreparedQuery) -> Result<String, Error> {
        self.create_with(query, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        query: &PreparedQuery,
        options: &WriteOptions,
    ) -> Result<String, Error> {
        let operation = Operation::new("create prepared query", &query.name);
        let url = Url::new(path::QUERY);
        let mut call = self.client.write(operation, Method::POST, url, options);
        call.body = encode(operation, query)?;
        let reply = self.client.execute(call).await?.success()?;
        let created: PreparedQueryCreated = reply.decode(|body| serde_json::from_slice(body))?;
        if created.id.is_empty() {
            Err(reply.unexpected("no id"))
        } else {
            Ok(created.id)
        }
    }

    /// Replaces all of the query of that id. Repeated when the answer is lost.
    ///
    /// `PUT /v1/query/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none, else as [`create`](Self::create). A query whose token is
    /// hidden can't be written back as it was read.
    pub async fn update(&self, id: &str, query: &PreparedQuery) -> Result<(), Error> {
        self.update_with(id, query, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        id: &str,
        query: &PreparedQuery,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("update prepared query", id);
        let url = named(operation, id, "")?;
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = encode(operation, query)?;
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success()?;
        Ok(())
    }

    /// Deletes the query of that id.
    ///
    /// `DELETE /v1/query/ID`
    ///
    /// # Errors
    /// `NotFound` when there is none; `InvalidArgument` for what is no id.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        self.delete_with(id, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(&self, id: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete prepared query", id);
        let url = named(operation, id, "")?;
        let call = self.client.write(operation, Method::DELETE, url, options);
        self.client.execute(call).await?.success()?;
        Ok(())
    }

    /// All queries that the token may see, by id. Those without a name are only for those who
    /// know their id.
    ///
    /// `GET /v1/query`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Vec<PreparedQuery>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options. It can block.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<PreparedQuery>>, Error> {
        let operation = Operation::new("list prepared queries", "");
        let mut call = self.client.read(operation, Url::new(path::QUERY), options);
        call.listing = true;
        self.client.execute(call).await?.answer(decode_queries)
    }

    /// Follows the list of all queries.
    pub fn watch(&self) -> Blocking<Vec<PreparedQuery>> {
        let api = self.clone();
        Blocking::new(QueryOptions::default(), move |options| {
            let api = api.clone();
            Box::pin(async move { api.list_with(&options).await })
        })
    }

    /// The query of that id; `None` if there is none.
    ///
    /// `GET /v1/query/ID`
    ///
    /// # Errors
    /// `InvalidArgument` for what is no id: names are none. Else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn read(&self, id: &str) -> Result<Option<PreparedQuery>, Error> {
        Ok(self.read_with(id, &QueryOptions::default()).await?.value)
    }

    /// [`read`](Self::read) with options. It can block.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub async fn read_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<PreparedQuery>>, Error> {
        let operation = Operation::new("read prepared query", id);
        let url = named(operation, id, "")?;
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        if is_absent(reply.status, &reply.body) {
            return Ok(Answer::new(None, reply.meta()));
        }
        let found = reply.answer(decode_queries)?;
        Ok(found.map(|queries| queries.into_iter().next()))
    }

    /// Runs the query of that id or name, or the template with the longest prefix of the name, and
    /// answers the healthy instances in random order, or by their distance if the query says so.
    ///
    /// `GET /v1/query/NAME/execute`
    ///
    /// # Errors
    /// `NotFound` when the name leads to no query, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn execute(&self, name: &str) -> Result<PreparedQueryResult, Error> {
        let options = ExecuteOptions::default();
        Ok(self.execute_with(name, &options).await?.value)
    }

    /// [`execute`](Self::execute) with options.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn execute_with(
        &self,
        name: &str,
        options: &ExecuteOptions,
    ) -> Result<Answer<PreparedQueryResult>, Error> {
        let operation = Operation::new("execute prepared query", name);
        let mut url = named(operation, name, "/execute")?;
        if let Some(limit) = options.limit {
            url.pair("limit", &limit.to_string());
        }
        if options.connect {
            url.pair("connect", "true");
        }
        let mut call = self.client.read(operation, url, &options.query);
        call.listing = true;
        self.one(call).await
    }

    /// The query that a name leads to, as it would run: with everything in a template replaced.
    ///
    /// `GET /v1/query/NAME/explain`
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn explain(&self, name: &str) -> Result<PreparedQuery, Error> {
        let options = QueryOptions::default();
        Ok(self.explain_with(name, &options).await?.value)
    }

    /// [`explain`](Self::explain) with options.
    ///
    /// # Errors
    /// As [`explain`](Self::explain).
    pub async fn explain_with(
        &self,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<PreparedQuery>, Error> {
        let operation = Operation::new("explain prepared query", name);
        let url = named(operation, name, "/explain")?;
        let call = self.client.read(operation, url, options);
        let explained: Answer<PreparedQueryExplained> = self.one(call).await?;
        Ok(explained.map(|explained| explained.query))
    }

    async fn one<T: DeserializeOwned>(&self, call: Call<'_>) -> Result<Answer<T>, Error> {
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }
}

/// Whether it says that there is no such query, and not that there is no such endpoint.
fn is_absent(status: StatusCode, body: &[u8]) -> bool {
    status == StatusCode::NOT_FOUND && !body.is_empty()
}

fn encode(operation: Operation<'_>, query: &PreparedQuery) -> Result<Bytes, Error> {
    // A server gives the id, and refuses one that is given to it.
    let mut query = query.clone();
    query.id.clear();
    let body = serde_json::to_vec(&query)
        .map_err(|error| Error::invalid(operation.to_string(), "the query").with_source(error))?;
    Ok(Bytes::from(body))
}

/// The path of a query and what is done with it.
fn named(operation: Operation<'_>, name: &str, verb: &str) -> Result<Url, Error> {
    if let Err(error) = path::check_key(name) {
        let why = "the name of the query";
        return Err(Error::invalid(operation.to_string(), why).with_source(error));
    }
    let name = path::encode_segment(name);
    Ok(Url::new(&format!("{}/{name}{verb}", path::QUERY)))
}
