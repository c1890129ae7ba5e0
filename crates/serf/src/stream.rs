//! Following what happens in the cluster.

use std::sync::Arc;

use bytes::Bytes;
use quorate_net::call::Operation;
use quorate_wire::msgpack::{Decode, Encode};
use quorate_wire::serf::{
    Command, EventFilter, EventRecord, Member, MemberChange, Members, Respond, StreamRequest,
};

use crate::attempts::Connect;
use crate::call::Call;
use crate::client::Client;
use crate::error::{Class, Error, ErrorKind};
use crate::following::{self, Followed, Following};
use crate::link::{Link, Records};
use crate::membership::Membership;

/// Something that happened in the cluster.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Something happened to members.
    Member {
        /// What.
        change: MemberChange,
        /// To whom. Never empty.
        members: Vec<Member>,
    },
    /// A user event.
    User(UserEvent),
    /// A question to all members.
    Query(QueryEvent),
}

/// An event that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UserEvent {
    /// Its name.
    pub name: String,
    /// What came with it.
    pub payload: Bytes,
    /// When it was sent, by the clock that the events of the cluster share. Several may have the
    /// same time.
    pub ltime: u64,
    /// Whether only the last of several events with this name is told.
    pub coalesce: bool,
}

/// A question to all members, which can be answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct QueryEvent {
    /// Its name.
    pub name: String,
    /// What came with it.
    pub payload: Bytes,
    /// When it was asked, by the clock that the queries of the cluster share.
    pub ltime: u64,
    /// Its id on the connection that it came on.
    pub id: u64,
    link: Arc<Link>,
}

impl QueryEvent {
    /// Answers it, once, in the name of the agent. The message that is made of the payload has 1,024
    /// bytes at most, so that some 980 bytes of payload are safe.
    ///
    /// Protocol: `respond`, on the connection that the query came on, since no other knows it.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`](crate::ErrorKind) when its time is over,
    /// [`ErrorKind::AlreadyExists`](crate::ErrorKind) when it was answered before,
    /// [`ErrorKind::TooLarge`](crate::ErrorKind), and [`ErrorKind::Unavailable`](crate::ErrorKind) or
    /// [`ErrorKind::Indeterminate`](crate::ErrorKind) when the connection has ended.
    ///
    /// # Cancel safety
    /// The answer may be sent.
    pub async fn respond(&self, payload: impl Into<Bytes>) -> Result<(), Error> {
        let body = Respond {
            id: self.id,
            payload: payload.into(),
        }
        .to_msgpack();
        let operation = Operation::new("answer query", &self.name);
        match self.link.ask_soon(Command::Respond, &body).await {
            Ok(answered) if answered.error.is_empty() => Ok(()),
            Ok(answered) => Err(Error::refused(operation.to_string(), &answered.error)),
            Err(lost) => {
                let class = match lost.sent {
                    true => Class::unknown(true, ErrorKind::Unavailable),
                    // No other connection knows the query.
                    false => Class::refused(ErrorKind::Unavailable),
                };
                Err(Error::new(class, operation.to_string()).with_source((*lost.why).clone()))
            }
        }
    }
}

/// What a stream tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Change {
    /// Something happened.
    Event(Event),
    /// So many events came here that the reader was too slow for, and are lost. What they told of
    /// members follows as events, if the stream tells of all changes of members.
    Missed(u64),
    /// The stream goes on after a connection was lost, at the same agent or another one. Events of
    /// the time between are lost. What happened to members in it follows as events, if the stream
    /// tells of all changes of members.
    Resumed,
}

/// What a stream tells of, besides its filters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StreamOptions {
    /// Whether the stream begins with a [`MemberChange::Join`] of all members that are there. Only
    /// for streams that tell of all changes of members. Default no.
    pub present_members: bool,
}

impl StreamOptions {
    /// Sets whether the stream begins with the members that are there.
    #[must_use]
    pub fn with_present_members(mut self, present: bool) -> Self {
        self.present_members = present;
        self
    }
}

impl Client {
    /// Follows events: those that match one of the filters, or all without any.
    ///
    /// The agent tells events as it learns of them: user events at once, changes of members within
    /// a second. All that happens once this has returned is told, whoever did it. The stream comes back by
    /// itself when its connection is lost.
    ///
    /// Protocol: `stream`, then a `stop` of nothing or `members`: Serf follows only after it has answered.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) for a name with a comma, which the protocol
    /// can't say. Otherwise as of every call, until the agent has accepted.
    ///
    /// # Cancel safety
    /// Safe: a stream that nobody reads is stopped.
    pub async fn stream(&self, filters: &[EventFilter]) -> Result<EventStream, Error> {
        self.stream_with(filters, StreamOptions::default()).await
    }

    /// Follows events, with options.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn stream_with(
        &self,
        filters: &[EventFilter],
        options: StreamOptions,
    ) -> Result<EventStream, Error> {
        let filter = EventFilter::format_list(filters);
        let filter = filter.map_err(|error| Error::invalid("follow events", error))?;
        let mut stream = EventStream {
            following: Following::new(self.clone()),
            follows_members: follows_members(filters),
            filter,
            membership: Membership::default(),
        };
        stream.subscribe().await?;
        if options.present_members && stream.follows_members {
            let members = stream.membership.alive();
            let change = MemberChange::Join;
            let first = Change::Event(Event::Member { change, members });
            stream.following.ready.push_front(first);
        }
        Ok(stream)
    }
}

/// Whether all changes of members are told, so that a list of them can be kept.
fn follows_members(filters: &[EventFilter]) -> bool {
    let all = filters.is_empty() || filters.contains(&EventFilter::All);
    all || MemberChange::ALL
        .iter()
        .all(|change| filters.contains(&EventFilter::Member(*change)))
}

/// Events as they happen. Stops the stream on the agent when dropped.
///
/// The connection is read whether the stream is or not, so that a slow reader holds up nobody. What
/// it has no room for is counted ([`Limits`](crate::Limits)) and told in its place.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let config = quorate_agent::AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
/// # let agent = quorate_agent::Agent::start(config.with_node_name("web-1")).await?;
/// # let address = agent.serf_rpc()[0].addr().expect("an address").to_string();
/// # let client = quorate_serf::Client::connect(&address).await?;
/// use quorate_serf::{Change, Event, StreamOptions};
///
/// let options = StreamOptions::default().with_present_members(true);
/// let mut stream = client.stream_with(&[], options).await?;
/// client.event("deploy", "v17").await?;
/// loop {
///     match stream.next().await.expect("it goes on")? {
///         Change::Event(Event::Member { change, members }) => {
///             println!("{}: {}", change.as_str(), members[0].name); // first those that are there
///         }
///         Change::Event(Event::User(event)) => {
///             assert_eq!((event.name.as_str(), &event.payload[..]), ("deploy", &b"v17"[..]));
///             break;
///         }
///         Change::Event(Event::Query(query)) => query.respond("an answer").await?,
///         gap => println!("something may be missing: {gap:?}"),
///     }
/// }
/// # client.close();
/// # agent.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct EventStream {
    following: Following<Change>,
    filter: String,
    follows_members: bool,
    membership: Membership,
}

impl EventStream {
    /// The next thing that happens. `None` after the client was closed.
    ///
    /// An error is told when the connection is lost and each time that it can't be made again; the
    /// stream goes on trying, with pauses of up to 5 s, for as long as it is read.
    ///
    /// # Errors
    /// Those of the connection, in between.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<Change, Error>> {
        following::next(self).await
    }

    /// Stops it, and waits until the agent has taken note.
    ///
    /// # Errors
    /// As of every call; the stream has ended all the same.
    pub async fn stop(mut self) -> Result<(), Error> {
        let Some(records) = self.following.end() else {
            return Ok(());
        };
        let stopped = records.stop().await;
        stopped.map_err(|lost| {
            Error::lost(
                Operation::new("stop following events", &self.filter),
                &lost.why,
            )
        })
    }

    /// Takes over who is there now, and tells what has changed.
    fn tell(&mut self, now: Vec<Member>) {
        let changes = self.membership.replace(Membership::new(now));
        let changes = changes.into_iter();
        let events = changes.map(|(change, members)| Event::Member { change, members });
        self.following.ready.extend(events.map(Change::Event));
    }
}

impl Followed for EventStream {
    type Item = Change;

    fn operation(&self) -> Operation<'_> {
        Operation::new("follow events", &self.filter)
    }

    fn following(&mut self) -> &mut Following<Change> {
        &mut self.following
    }

    /// Asks for events, and for what happened to members while nobody was asked.
    async fn subscribe(&mut self) -> Result<(), Error> {
        let operation = self.operation();
        let body = StreamRequest {
            filter: self.filter.clone(),
        };
        let call = Call::read(operation, Command::Stream, &body);
        let records = self.following.client.follow(&call, Connect::Shared).await?;
        let now = match self.follows_members {
            true => Some(members(&records, operation).await?),
            false => {
                let begun = records.begun().await;
                begun.map_err(|lost| Error::lost(operation, &lost.why))?;
                None
            }
        };
        let first = self.following.goes_on(records);
        if !first {
            self.following.ready.push_back(Change::Resumed);
        }
        match now {
            Some(now) if first => self.membership = Membership::new(now),
            Some(now) => self.tell(now),
            None => {}
        }
        Ok(())
    }

    /// Takes a record in.
    fn record(&mut self, record: &[u8], link: Arc<Link>) -> Result<(), Error> {
        let event = EventRecord::from_msgpack(record).map_err(|error| {
            Error::protocol("follow events", false, "an event cannot be decoded").with_source(error)
        })?;
        let event = match event {
            EventRecord::Member { change, members } => {
                let members = match self.follows_members {
                    true => self.membership.apply(change, members),
                    false => members,
                };
                if members.is_empty() {
                    return Ok(());
                }
                Event::Member { change, members }
            }
            EventRecord::User {
                coalesce,
                ltime,
                name,
                payload,
            } => Event::User(UserEvent {
                name,
                payload,
                ltime,
                coalesce,
            }),
            EventRecord::Query {
                id,
                ltime,
                name,
                payload,
            } => Event::Query(QueryEvent {
                name,
                payload,
                ltime,
                id,
                link,
            }),
            other => {
                tracing::debug!(?other, "an event that is not known");
                return Ok(());
            }
        };
        self.following.ready.push_back(Change::Event(event));
        Ok(())
    }

    fn missed(&mut self, count: u64) {
        self.following.gap = self.follows_members;
        self.following.ready.push_back(Change::Missed(count));
    }

    /// Asks for what happened to members while the reader was too slow.
    async fn fill(&mut self) -> Result<(), Error> {
        if let Some(records) = self.following.records() {
            let now = members(records, self.operation()).await;
            self.following.gap = false;
            self.tell(now?);
        }
        Ok(())
    }
}

/// The members that the agent of a stream knows, asked after the stream was accepted, so that what
/// happens from then on is in the stream.
async fn members(records: &Records, operation: Operation<'_>) -> Result<Vec<Member>, Error> {
    let answered = records.link().ask_soon(Command::Members, &[]).await;
    let answered = answered.map_err(|lost| Error::lost(operation, &lost.why))?;
    if !answered.error.is_empty() {
        return Err(Error::refused(operation.to_string(), &answered.error));
    }
    let call = Call::bare(operation, Command::Members);
    Ok(crate::attempts::decode::<Members>(&call, answered)?.members)
}
