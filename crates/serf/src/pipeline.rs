//! Several commands at once.

use std::sync::Arc;

use bytes::Bytes;
use quorate_net::call::Operation;
use quorate_wire::msgpack::{Decode, Encode};
use quorate_wire::serf::{
    Command, CoordinateRequest, ForceLeave, Join, MemberFilter, Members, Stats, Tags,
};

use crate::attempts::{Attempt, Connect, NoAnswer};
use crate::call::{Call, Effect, Lane};
use crate::client::Client;
use crate::error::Error;
use crate::event::{self, EventOptions};
use crate::filter;
use crate::link::{Answered, Link, Lost};
use crate::member::{ForceLeaveOptions, JoinOptions, TagChanges};
use crate::raw::RawReply;

/// Commands that are sent together and answered in order.
///
/// They are done by one agent on one connection, in the order in which they were added; one that is
/// refused does not hold up the next. Made for many commands at once: each call on a [`Client`]
/// waits for its own answer.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let config = quorate_agent::AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
/// # let agent = quorate_agent::Agent::start(config.with_node_name("web-1")).await?;
/// # let address = agent.serf_rpc()[0].addr().expect("an address").to_string();
/// # let client = quorate_serf::Client::connect(&address).await?;
/// let replies = client.pipeline().event("deploy", "v17").event("restart", "").members().send().await?;
/// for reply in &replies {
///     println!("{}: {}", reply.command, if reply.is_success() { "done" } else { reply.error() });
/// }
/// assert_eq!(replies[2].members()?[0].name, "web-1");
/// # client.close();
/// # agent.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent before `send`"]
pub struct Pipeline {
    client: Client,
    commands: Vec<(Command, Vec<u8>)>,
    wrong: Option<String>,
}

/// The answer to a command of a pipeline.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Reply {
    /// The command.
    pub command: Command,
    raw: RawReply,
}

impl Reply {
    /// Whether the agent did it. A join of which nobody could be reached is refused.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.raw.is_success()
    }

    /// Why the agent refused; empty when it did not.
    #[must_use]
    pub fn error(&self) -> &str {
        &self.raw.error
    }

    /// The answer as it came.
    #[must_use]
    pub fn raw(&self) -> &RawReply {
        &self.raw
    }

    /// The members, if this is the answer to `members` or `members-filtered`.
    ///
    /// # Errors
    /// When the agent refused, or this is the answer to something else.
    pub fn members(&self) -> Result<Vec<quorate_wire::serf::Member>, Error> {
        self.body::<Members>().map(|members| members.members)
    }

    /// The statistics, if this is the answer to `stats`.
    ///
    /// # Errors
    /// When the agent refused, or this is the answer to something else.
    pub fn stats(&self) -> Result<Stats, Error> {
        self.body()
    }

    /// Whatever is in the body: [`Joined`](crate::Joined) for `join`,
    /// [`CoordinateResponse`](crate::CoordinateResponse) for `get-coordinate`.
    ///
    /// # Errors
    /// When the agent refused, or something else is in it.
    pub fn body<T: Decode>(&self) -> Result<T, Error> {
        let operation = self.command.as_str();
        if !self.raw.error.is_empty() {
            return Err(Error::refused(operation, &self.raw.error));
        }
        let call = Call::bare(Operation::new(operation, ""), self.command);
        let answered = Answered {
            error: String::new(),
            body: self.raw.body.clone(),
        };
        crate::attempts::decode(&call, answered)
    }
}

impl Client {
    /// Collects commands that are sent at once.
    pub fn pipeline(&self) -> Pipeline {
        Pipeline {
            client: self.clone(),
            commands: Vec::new(),
            wrong: None,
        }
    }
}

impl Pipeline {
    /// Adds `members`.
    pub fn members(self) -> Self {
        self.bare(Command::Members)
    }

    /// Adds `members-filtered`.
    pub fn members_filtered(mut self, filter: &MemberFilter) -> Self {
        if let Err(error) = filter::check_members("list members", filter) {
            self.wrong.get_or_insert(error.to_string());
        }
        self.with(Command::MembersFiltered, filter)
    }

    /// Adds `event`.
    pub fn event(self, name: &str, payload: impl Into<Bytes>) -> Self {
        self.event_with(name, payload, EventOptions::default())
    }

    /// Adds `event`, with options.
    pub fn event_with(self, name: &str, payload: impl Into<Bytes>, options: EventOptions) -> Self {
        let body = event::request(name, payload.into(), options);
        self.with(Command::Event, &body)
    }

    /// Adds `join`.
    pub fn join<S: AsRef<str>>(self, addresses: &[S], options: JoinOptions) -> Self {
        let existing = addresses
            .iter()
            .map(|address| address.as_ref().to_owned())
            .collect();
        self.with(
            Command::Join,
            &Join {
                existing,
                replay: options.replay,
            },
        )
    }

    /// Adds `force-leave`.
    pub fn force_leave(self, node: &str, options: ForceLeaveOptions) -> Self {
        self.with(
            Command::ForceLeave,
            &ForceLeave {
                node: node.to_owned(),
                prune: options.prune,
            },
        )
    }

    /// Adds `tags`.
    pub fn set_tags(self, changes: &TagChanges) -> Self {
        let body = Tags {
            tags: changes.set.clone(),
            delete_tags: changes.remove.clone(),
        };
        self.with(Command::Tags, &body)
    }

    /// Adds `stats`.
    pub fn stats(self) -> Self {
        self.bare(Command::Stats)
    }

    /// Adds `get-coordinate`.
    pub fn coordinate(self, node: &str) -> Self {
        self.with(
            Command::GetCoordinate,
            &CoordinateRequest {
                node: node.to_owned(),
            },
        )
    }

    /// Adds `leave`. Nothing after it is done.
    pub fn leave(self) -> Self {
        self.bare(Command::Leave)
    }

    fn bare(mut self, command: Command) -> Self {
        self.commands.push((command, Vec::new()));
        self
    }

    fn with(mut self, command: Command, body: &impl Encode) -> Self {
        self.commands.push((command, body.to_msgpack()));
        self
    }

    /// Sends all of them, and gives their answers in the same order. A refusal is an answer.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) when one of them is wrong: then none is
    /// sent. When the connection ends, [`ErrorKind::Indeterminate`](crate::ErrorKind): some of them
    /// may have been done.
    ///
    /// # Cancel safety
    /// Some of them may be done.
    pub async fn send(self) -> Result<Vec<Reply>, Error> {
        let operation = Operation::new("send a pipeline", "");
        if let Some(wrong) = self.wrong {
            return Err(Error::invalid(operation.verb, wrong));
        }
        let call = Call {
            effect: Effect::Write,
            lane: Lane::Slow,
            patience: self
                .client
                .inner
                .timeouts
                .attempt
                .saturating_mul(u32::try_from(self.commands.len()).unwrap_or(u32::MAX)),
            ..Call::bare(operation, Command::Stop)
        };
        let batch = Batch(&self.commands);
        let answers = self.client.attempts(&call, Connect::Shared, &batch).await?;
        let answers = answers.into_iter().zip(&self.commands);
        Ok(answers
            .map(|(answered, (command, _))| Reply {
                command: *command,
                raw: RawReply {
                    error: answered.error,
                    body: answered.body,
                },
            })
            .collect())
    }
}

/// Commands that go together on one connection.
struct Batch<'a>(&'a [(Command, Vec<u8>)]);

impl Attempt for Batch<'_> {
    type Answer = Vec<Answered>;

    async fn on(&self, link: &Arc<Link>) -> Result<Vec<Answered>, NoAnswer> {
        let mut pending = Vec::with_capacity(self.0.len());
        for (command, body) in self.0 {
            let one = link.submit(*command, body, None).await;
            pending.push(one.map_err(after(pending.len()))?);
        }
        let mut answers = Vec::with_capacity(pending.len());
        for one in pending {
            answers.push(one.answer().await.map_err(after(answers.len()))?);
        }
        Ok(answers)
    }
}

/// A loss after others of the pipeline were sent is a loss after sending.
fn after(others: usize) -> impl Fn(Lost) -> NoAnswer {
    move |lost| {
        NoAnswer::from(Lost {
            sent: lost.sent || others > 0,
            ..lost
        })
    }
}
