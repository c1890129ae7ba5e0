//! Queries: questions to everybody, and their answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::backend::{QueryBackend, Reply};
use crate::gate::Gate;
use crate::{Feed, Result};

/// The questions: [`Coordinator::queries`](crate::Coordinator::queries).
///
/// They and their answers travel by gossip: short, quick, and with no promise that all arrive.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let uptime = |_| std::future::ready(Some("3 days".into()));
/// # let config = quorate_agent::AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
/// # let config = config.with_event_handler(quorate_agent::EventHandler::call("query:uptime", uptime)?);
/// # let agent = quorate_agent::Agent::start(config.with_node_name("web-1")).await?;
/// # let url = format!("serf://{}", agent.serf_rpc()[0].addr().expect("an address"));
/// let coordinator = quorate::connect(&url).await?; // serf://127.0.0.1:7373
/// let answers = coordinator.queries().ask("uptime", "").await?;
/// for (member, uptime) in answers.collect().await?.responses {
///     println!("{member}: {}", String::from_utf8_lossy(&uptime));
/// #   assert_eq!((&member[..], &uptime[..]), ("web-1", &b"3 days"[..]));
/// }
/// # coordinator.close().await?;
/// # agent.shutdown().await;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Queries {
    backend: Arc<dyn QueryBackend>,
    gate: Gate,
}

/// Whom to ask, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// Names of members that are asked. Default, with none: all.
    pub members: Vec<String>,
    /// Regular expressions for the tags of members that are asked: each must match some part of its
    /// tag. Default, with none: all.
    pub tags: BTreeMap<String, String>,
    /// Whether members say that they received the question. Default no.
    pub acks: bool,
    /// How many others pass each answer on too, so that a lost packet does less harm. Default 0.
    pub relays: u8,
    /// How long answers are taken. Default what suits the size of the cluster: on Serf 3.2 s for
    /// up to 9 members.
    pub timeout: Option<Duration>,
}

impl QueryOptions {
    /// Asks this member, and others that are named.
    #[must_use]
    pub fn with_member(mut self, name: impl Into<String>) -> Self {
        self.members.push(name.into());
        self
    }

    /// Asks only members with such a tag.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, pattern: impl Into<String>) -> Self {
        self.tags.insert(name.into(), pattern.into());
        self
    }

    /// Lets members say that they received the question.
    #[must_use]
    pub fn with_acks(mut self) -> Self {
        self.acks = true;
        self
    }

    /// Says how many others pass each answer on too.
    #[must_use]
    pub fn with_relays(mut self, relays: u8) -> Self {
        self.relays = relays;
        self
    }

    /// Says how long answers are taken.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// What comes of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// This member received it.
    Ack(String),
    /// This member answers.
    Response {
        /// Its name.
        from: String,
        /// The answer.
        payload: Bytes,
    },
    /// So many of these came here faster than they were read, and are lost.
    Missed(u64),
}

/// All that came of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnswerSet {
    /// Who received it, if that was asked for.
    pub acks: BTreeSet<String>,
    /// What each member answered, by its name.
    pub responses: BTreeMap<String, Bytes>,
    /// How many of them were lost on this side.
    pub missed: u64,
}

/// The answers to a question, as they come. It ends when all that were asked have answered, as far
/// as that can be known, and when their time is over. Dropping it ends the interest in them, not the
/// question.
#[derive(Debug)]
#[must_use = "the answers come only to who reads them"]
pub struct Answers(Feed<Answer>);

impl Answers {
    /// The next answer. `None` after the last.
    ///
    /// # Errors
    /// When the connection is lost: then it ends, and who else answered is not known.
    ///
    /// # Cancel safety
    /// Dropping this future loses nothing.
    pub async fn next(&mut self) -> Option<Result<Answer>> {
        self.0.next().await
    }

    /// All of them.
    ///
    /// # Errors
    /// As [`next`](Self::next); what came before is lost.
    pub async fn collect(mut self) -> Result<AnswerSet> {
        let mut set = AnswerSet::default();
        while let Some(answer) = self.next().await {
            match answer? {
                Answer::Ack(from) => {
                    set.acks.insert(from);
                }
                Answer::Response { from, payload } => {
                    set.responses.insert(from, payload);
                }
                Answer::Missed(missed) => set.missed += missed,
            }
        }
        Ok(set)
    }
}

/// A question that somebody asks, which can be answered once.
#[derive(Debug)]
#[non_exhaustive]
pub struct Question {
    /// Its name.
    pub name: String,
    /// What came with it.
    pub payload: Bytes,
    /// When it was asked, by the clock that the questions of the cluster share.
    pub time: u64,
    reply: Box<dyn Reply>,
}

impl Question {
    /// A question, and how it is answered.
    #[must_use]
    pub fn new(name: impl Into<String>, payload: Bytes, time: u64, reply: Box<dyn Reply>) -> Self {
        Self {
            name: name.into(),
            payload,
            time,
            reply,
        }
    }

    /// Answers it in the name of the agent that told of it, while its time is not over.
    ///
    /// # Errors
    /// `NotFound` when its time is over; `AlreadyExists` when it was answered before;
    /// `InvalidArgument` when the answer is too long (Serf: about 980 bytes); `Unavailable` when the
    /// connection that it came on has ended.
    ///
    /// # Cancel safety
    /// The answer may be given although the future was dropped.
    pub async fn answer(&self, payload: impl Into<Bytes>) -> Result<()> {
        self.reply.send(payload.into()).await
    }
}

/// What a feed of questions tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum Inquiry {
    /// Somebody asks something.
    Question(Question),
    /// Questions may be missing here.
    Gap,
}

impl Queries {
    pub(crate) fn new(backend: Arc<dyn QueryBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Asks all members.
    ///
    /// # Errors
    /// As [`ask_with`](Self::ask_with).
    ///
    /// # Cancel safety
    /// As [`ask_with`](Self::ask_with).
    pub async fn ask(&self, name: &str, payload: impl Into<Bytes>) -> Result<Answers> {
        self.ask_with(name, payload, &QueryOptions::default()).await
    }

    /// [`ask`](Self::ask) those that `options` name.
    ///
    /// # Errors
    /// `InvalidArgument` for a name that belongs to Serf itself (`_serf_…`), an expression that is
    /// none, and when name and payload are too long together (Serf: about 1,000 bytes);
    /// `Indeterminate` when the answer was lost. Else those of every write.
    ///
    /// # Cancel safety
    /// The question may be asked although the future was dropped.
    pub async fn ask_with(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: &QueryOptions,
    ) -> Result<Answers> {
        let operation = || format!("ask `{name}`");
        let asked = self.backend.ask(name, payload.into(), options);
        let answers = self.gate.run(operation, asked).await?;
        Ok(Answers(Feed::new(operation(), answers, self.gate.closed())))
    }

    /// Follows the questions of this name, or all with `None`, from now on.
    ///
    /// # Errors
    /// Those of every read; `Unsupported`; `Closed`.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn watch(&self, name: Option<&str>) -> Result<Feed<Inquiry>> {
        let subject = match name {
            Some(name) => format!("watch query `{name}`"),
            None => "watch the queries".to_owned(),
        };
        let watch = self.backend.watch(name);
        let questions = self.gate.run(|| subject.clone(), watch).await?;
        Ok(Feed::new(subject, questions, self.gate.closed()))
    }
}
