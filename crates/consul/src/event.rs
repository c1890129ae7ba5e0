//! User events: `/v1/event`.

mod watch;

use bytes::Bytes;
use http::Method;
use quorate_wire::consul::event::{EventFilter, decode_event, decode_events, max_payload};
use quorate_wire::consul::path;
use quorate_wire::consul::{UserEvent, event};

use crate::answer::Answer;
use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

pub use watch::{Delivery, EventWatch, EventWatchOptions};

/// User events: short messages to every agent, or to those that a filter matches.
///
/// They travel by gossip. An event may come late, twice or never, and two agents may see two
/// events in different orders: say with them that something can be looked up, not what it is.
///
/// An event is fired through any of the client's addresses, and listed by the agent behind the
/// first one, which keeps the newest 256.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let fired = client.event().fire("deploy", "release 17").await?;
/// let seen = client.event().list(Some("deploy")).await?;
/// assert_eq!((&seen[0].id, &seen[0].payload[..]), (&fired.id, &b"release 17"[..]));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    client: Client,
}

/// How an event is fired.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FireOptions {
    /// Which agents take it.
    pub filter: EventFilter,
    /// Token, timeout and datacenter.
    pub write: WriteOptions,
}

impl FireOptions {
    /// An event for every agent of the client's datacenter.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets which agents take it (`node`, `service`, `tag`).
    #[must_use]
    pub fn with_filter(mut self, filter: EventFilter) -> Self {
        self.filter = filter;
        self
    }

    /// Sets token, timeout and datacenter.
    #[must_use]
    pub fn with_write(mut self, write: WriteOptions) -> Self {
        self.write = write;
        self
    }
}

impl Event {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Fires an event, and returns it as it is on its way, without its logical time.
    ///
    /// `PUT /v1/event/fire/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for an empty name, or when name and payload together are too long for
    /// any server (see [`max_payload`]); `Indeterminate` when the answer was lost: firing again
    /// may fire it twice. Else see [`ErrorKind`](crate::ErrorKind).
    ///
    /// # Cancel safety
    /// The event may be fired although the future was dropped.
    pub async fn fire(&self, name: &str, payload: impl Into<Bytes>) -> Result<UserEvent, Error> {
        self.fire_with(name, payload, &FireOptions::default()).await
    }

    /// [`fire`](Self::fire) with options.
    ///
    /// # Errors
    /// As [`fire`](Self::fire); `InvalidArgument` for a tag filter without a service filter, and
    /// for a regular expression that the server does not take.
    pub async fn fire_with(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: &FireOptions,
    ) -> Result<UserEvent, Error> {
        let payload = payload.into();
        let operation = Operation::new("fire event", name);
        check(operation, name, &payload, &options.filter)?;
        let mut url = Url::named(path::EVENT_FIRE, name);
        options
            .filter
            .for_each_pair(|name, value| url.pair(name, value));
        let mut call = self
            .client
            .write(operation, Method::PUT, url, &options.write);
        call.body = payload;
        let reply = self.client.execute(call).await?.success()?;
        reply.decode(decode_event)
    }

    /// The events that the agent has seen, oldest first: those of one name, or all. At most 256.
    ///
    /// `GET /v1/event/list`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self, name: Option<&str>) -> Result<Vec<UserEvent>, Error> {
        Ok(self.list_with(name, &QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options. Token, timeout, index and wait matter here.
    ///
    /// The index of a list is the one of its last event ([`UserEvent::index`]), or 1. It has no
    /// order: with an index, the agent waits for as long as it is that one. What is new in a list
    /// comes behind the event whose index was given, or is all of it if that event is gone.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        name: Option<&str>,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<UserEvent>>, Error> {
        let operation = Operation::new("list events", name.unwrap_or_default());
        let mut url = Url::new(path::EVENT_LIST);
        if let Some(name) = name {
            url.pair("name", name);
        }
        let call = self.client.read_local(operation, url, options);
        self.client.execute(call).await?.answer(decode_events)
    }

    /// Follows events: those of one name, or all; only those from now on. Each is told once.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let agent = quorate_agent::Agent::start(Default::default()).await?;
    /// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
    /// use quorate_consul::event::EventWatchOptions;
    ///
    /// client.event().fire("deploy", "release 17").await?;
    /// let options = EventWatchOptions::new().with_replay();
    /// let mut events = client.event().watch_with(Some("deploy"), options);
    /// assert_eq!(events.next().await?.event.payload, "release 17");
    /// client.event().fire("deploy", "release 18").await?;
    /// assert_eq!(events.next().await?.event.payload, "release 18");
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, name: Option<&str>) -> EventWatch {
        self.watch_with(name, EventWatchOptions::default())
    }

    /// [`watch`](Self::watch) with options.
    pub fn watch_with(&self, name: Option<&str>, options: EventWatchOptions) -> EventWatch {
        EventWatch::new(self.clone(), name.map(str::to_owned), options)
    }

    /// The index of an event's id; `None` for what is no UUID. See [`event::id_to_index`].
    #[must_use]
    pub fn id_to_index(id: &str) -> Option<u64> {
        event::id_to_index(id)
    }
}

fn check(
    operation: Operation<'_>,
    name: &str,
    payload: &Bytes,
    filter: &EventFilter,
) -> Result<(), Error> {
    let invalid = |why: String| Err(Error::invalid(operation.to_string(), why));
    if let Err(error) = path::check_key(name) {
        return invalid(format!("the name: {error}"));
    }
    if filter.tag.is_some() && filter.service.is_none() {
        return invalid("the filter has a tag and no service".into());
    }
    match max_payload(name, filter) {
        None => invalid("name and filter are too long for an event".into()),
        Some(most) if payload.len() > most => invalid(format!(
            "the payload has {} bytes, and {most} fit beside this name and filter",
            payload.len()
        )),
        Some(_) => Ok(()),
    }
}
