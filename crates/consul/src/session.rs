//! Sessions: `/v1/session`.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::path::{self, check_key};
use quorate_wire::consul::session::{MAX_TTL, SessionCreated, decode_sessions};
use quorate_wire::consul::{Session, SessionRequest};

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Sessions: what locks are held by.
///
/// A session ends when it is destroyed, when it is not renewed within its TTL (servers may take up
/// to twice as long), or when its node or one of its checks fails. Then the keys that it holds are
/// released or deleted.
///
/// Sessions live on the servers, so these calls may go to any of the client's addresses. One that
/// is created without a node belongs to the node of the agent that took the call.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use std::time::Duration;
/// use quorate_consul::SessionRequest;
///
/// let request = SessionRequest::new().with_name("worker").with_ttl(Duration::from_secs(15));
/// let id = client.session().create(&request).await?;
/// assert!(client.kv().acquire("jobs/a", "me", &id).await?);
/// assert!(client.session().renew(&id).await?.is_some());
/// client.session().destroy(&id).await?;
/// assert!(client.session().renew(&id).await?.is_none(), "it has ended");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct SessionApi {
    client: Client,
}

impl SessionApi {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Creates a session and returns its id, a UUID.
    ///
    /// `PUT /v1/session/create`
    ///
    /// # Errors
    /// `InvalidArgument` for a TTL outside of [`Limits::min_session_ttl`](crate::Limits) (10 s) to
    /// 24 h; `NotFound` when the node or a check is not registered, `Conflict` when a check is
    /// critical; `Indeterminate` when the answer was lost: then there may be a session that
    /// nobody renews.
    ///
    /// # Cancel safety
    /// Dropping the future may leave a session behind, which ends with its TTL if it has one.
    pub async fn create(&self, request: &SessionRequest) -> Result<String, Error> {
        self.create_with(request, &WriteOptions::default()).await
    }

    /// [`create`](Self::create) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_with(
        &self,
        request: &SessionRequest,
        options: &WriteOptions,
    ) -> Result<String, Error> {
        let name = request.name.as_deref().unwrap_or_default();
        let operation = Operation::new("create session", name);
        self.check_request(operation, request)?;
        let body = serde_json::to_vec(request)
            .map_err(|error| Error::invalid(operation.to_string(), "request").with_source(error))?;
        let url = Url::new(path::SESSION_CREATE);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = Bytes::from(body);
        let reply = self.client.execute(call).await?.success()?;
        let created = reply.decode(|body| serde_json::from_slice::<SessionCreated>(body))?;
        if created.id.is_empty() {
            Err(reply.unexpected("no id"))
        } else {
            Ok(created.id)
        }
    }

    /// Creates a session that no check can end, only its TTL and [`destroy`](Self::destroy):
    /// what `request` says of checks is left out.
    ///
    /// `PUT /v1/session/create`
    ///
    /// # Errors
    /// As [`create`](Self::create).
    ///
    /// # Cancel safety
    /// As [`create`](Self::create).
    pub async fn create_no_checks(&self, request: &SessionRequest) -> Result<String, Error> {
        self.create_no_checks_with(request, &WriteOptions::default())
            .await
    }

    /// [`create_no_checks`](Self::create_no_checks) with options.
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub async fn create_no_checks_with(
        &self,
        request: &SessionRequest,
        options: &WriteOptions,
    ) -> Result<String, Error> {
        self.create_with(&request.clone().without_checks(), options)
            .await
    }

    /// Ends a session; the keys that it holds are released or deleted, and its lock-delay runs.
    /// It is no error if there is none. Repeated when the answer is lost: an id is never used
    /// again.
    ///
    /// `PUT /v1/session/destroy/ID`
    ///
    /// # Errors
    /// `InvalidArgument` when the id is no UUID, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn destroy(&self, id: &str) -> Result<(), Error> {
        self.destroy_with(id, &WriteOptions::default()).await
    }

    /// [`destroy`](Self::destroy) with options.
    ///
    /// # Errors
    /// As [`destroy`](Self::destroy).
    pub async fn destroy_with(&self, id: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("destroy session", id);
        check_id(operation, id)?;
        let url = Url::named(path::SESSION_DESTROY, id);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.truth().map(drop)
    }

    /// Starts a session's TTL anew and returns the session, or `None` if it has ended. The TTL in
    /// the answer counts: a server may ask for a longer one than was asked for. Repeated when the
    /// answer is lost.
    ///
    /// `PUT /v1/session/renew/ID`
    ///
    /// # Errors
    /// `InvalidArgument` when the id is no UUID, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn renew(&self, id: &str) -> Result<Option<Session>, Error> {
        self.renew_with(id, &WriteOptions::default()).await
    }

    /// [`renew`](Self::renew) with options.
    ///
    /// # Errors
    /// As [`renew`](Self::renew).
    pub async fn renew_with(
        &self,
        id: &str,
        options: &WriteOptions,
    ) -> Result<Option<Session>, Error> {
        let operation = Operation::new("renew session", id);
        check_id(operation, id)?;
        let url = Url::named(path::SESSION_RENEW, id);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.effect = Effect::Idempotent;
        let reply = self.client.execute(call).await?;
        // With words in it: "Session id '…' not found". Without, there is no such route.
        if reply.status == StatusCode::NOT_FOUND && !reply.body.is_empty() {
            return Ok(None);
        }
        Ok(reply.answer(decode_sessions)?.value.pop())
    }

    /// One session, or `None` if there is none with this id.
    ///
    /// `GET /v1/session/info/ID`
    ///
    /// # Errors
    /// `InvalidArgument` when the id is no UUID, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn info(&self, id: &str) -> Result<Option<Session>, Error> {
        Ok(self.info_with(id, &QueryOptions::default()).await?.value)
    }

    /// [`info`](Self::info) with options and metadata.
    ///
    /// # Errors
    /// As [`info`](Self::info).
    pub async fn info_with(
        &self,
        id: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Session>>, Error> {
        let operation = Operation::new("get session", id);
        check_id(operation, id)?;
        let url = Url::named(path::SESSION_INFO, id);
        Ok(self
            .get(operation, url, options)
            .await?
            .map(|mut sessions| sessions.pop()))
    }

    /// The sessions of a node; none for a node that is unknown.
    ///
    /// `GET /v1/session/node/NODE`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be sent, else see [`ErrorKind`](crate::ErrorKind).
    pub async fn node(&self, node: &str) -> Result<Vec<Session>, Error> {
        Ok(self.node_with(node, &QueryOptions::default()).await?.value)
    }

    /// [`node`](Self::node) with options and metadata.
    ///
    /// # Errors
    /// As [`node`](Self::node).
    pub async fn node_with(
        &self,
        node: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<Session>>, Error> {
        let operation = Operation::new("list the sessions of node", node);
        check_key(node)
            .map_err(|error| Error::invalid(operation.to_string(), "node").with_source(error))?;
        self.get(operation, Url::named(path::SESSION_NODE, node), options)
            .await
    }

    /// All sessions of the datacenter.
    ///
    /// `GET /v1/session/list`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self) -> Result<Vec<Session>, Error> {
        Ok(self.list_with(&QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options and metadata.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Session>>, Error> {
        let operation = Operation::new("list sessions", "");
        self.get(operation, Url::new(path::SESSION_LIST), options)
            .await
    }

    /// Follows one session: what it is now, and `None` once it has ended.
    pub fn watch(&self, id: &str) -> Blocking<Option<Session>> {
        self.watch_with(id, QueryOptions::default())
    }

    /// [`watch`](Self::watch) with options; their index is where it starts.
    pub fn watch_with(&self, id: &str, options: QueryOptions) -> Blocking<Option<Session>> {
        let (api, id) = (self.clone(), id.to_owned());
        Blocking::new(options, move |options| {
            let (api, id) = (api.clone(), id.clone());
            Box::pin(async move { api.info_with(&id, &options).await })
        })
    }

    /// Follows all sessions of the datacenter.
    pub fn watch_list(&self, options: QueryOptions) -> Blocking<Vec<Session>> {
        let api = self.clone();
        Blocking::new(options, move |options| {
            let api = api.clone();
            Box::pin(async move { api.list_with(&options).await })
        })
    }

    async fn get(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<Session>>, Error> {
        let mut call = self.client.read(operation, url, options);
        call.listing = true;
        self.client.execute(call).await?.answer(decode_sessions)
    }

    fn check_request(
        &self,
        operation: Operation<'_>,
        request: &SessionRequest,
    ) -> Result<(), Error> {
        let min = self.client.limits().min_session_ttl;
        match request.ttl {
            // Servers take zero for none, which a caller who sets a TTL can't mean.
            Some(ttl) if ttl < min || ttl > MAX_TTL || ttl.is_zero() => {
                let why = format_args!("ttl: {ttl:?} is not between {min:?} and {MAX_TTL:?}");
                Err(Error::invalid(operation.to_string(), why))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses an id that is no UUID: servers do too, and one in a path might even name another route.
pub(crate) fn check_id(operation: Operation<'_>, id: &str) -> Result<(), Error> {
    let is_uuid = id.len() == 36
        && id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    if is_uuid {
        return Ok(());
    }
    let shown: String = id.chars().take(40).collect();
    let why = format_args!("session: {shown:?} is not a UUID");
    Err(Error::invalid(operation.to_string(), why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn api() -> SessionApi {
        Client::new("127.0.0.1:1").unwrap().session()
    }

    #[test]
    fn only_a_uuid_is_an_id() {
        let operation = Operation::new("x", "");
        assert!(check_id(operation, "8b2d03ab-7e39-f617-1dd0-7db72d2a2cd2").is_ok());
        for id in ["", "..", "8b2d03ab", "8b2d03ab-7e39-f617-1dd0-7db72d2a2cdg"] {
            let error = check_id(operation, id).unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument, "{id}");
            assert!(error.to_string().contains("session"), "{error}");
        }
    }

    #[test]
    fn a_ttl_out_of_bounds_is_refused_with_its_bounds() {
        let operation = Operation::new("x", "");
        let check = |api: &SessionApi, ttl| {
            api.check_request(operation, &SessionRequest::new().with_ttl(ttl))
        };
        for ttl in [Duration::from_secs(10), MAX_TTL] {
            assert!(check(&api(), ttl).is_ok());
        }
        for ttl in [
            Duration::ZERO,
            Duration::from_secs(9),
            MAX_TTL + Duration::from_secs(1),
        ] {
            let error = check(&api(), ttl).unwrap_err();
            assert!(
                error.to_string().contains("between 10s and 86400s"),
                "{error}"
            );
        }
        let limits = crate::Limits::default().with_min_session_ttl(Duration::from_millis(500));
        let client = Client::builder().limits(limits).build().unwrap();
        assert!(check(&client.session(), Duration::from_secs(1)).is_ok());
        assert!(check(&client.session(), Duration::ZERO).is_err());
    }

    #[test]
    fn no_lock_delay_is_a_lock_delay() {
        let request = SessionRequest::new().with_lock_delay(Duration::ZERO);
        assert!(
            api()
                .check_request(Operation::new("x", ""), &request)
                .is_ok()
        );
        assert!(
            serde_json::to_string(&request)
                .unwrap()
                .contains("\"LockDelay\":\"0ms\"")
        );
    }
}
