//! Asking everybody something.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use quorate_net::call::Operation;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{Command, MemberStatus, Query, QueryRecord, QueryRecordKind};

use crate::attempts::Connect;
use crate::call::Call;
use crate::client::Client;
use crate::error::Error;
use crate::filter;
use crate::link::{Records, Taken};

/// The first characters of names that belong to Serf itself.
const RESERVED: &str = "_serf_";

/// Whom to ask, and for how long.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryOptions {
    /// Names of members that are asked. Default, with none: all.
    pub nodes: Vec<String>,
    /// Regular expressions, not anchored, for tags of members that are asked. Default, with none:
    /// all.
    pub tags: BTreeMap<String, String>,
    /// Whether members say that they received it. Default no.
    pub acks: bool,
    /// How many other members pass each answer on too, so that a lost packet does less harm.
    /// Default 0.
    pub relay_factor: u8,
    /// How long answers are taken. Default `None`: what suits the size of the cluster, which is
    /// 3.2 s for up to 9 members.
    pub timeout: Option<Duration>,
    /// Whether the stream goes on until the time is over although all that were asked have
    /// answered. Default no: it ends with the last answer. Where [`tags`](Self::tags) say who is
    /// asked it always goes on, because the members alone know who that is.
    pub full_time: bool,
}

impl QueryOptions {
    /// Asks these members only.
    #[must_use]
    pub fn with_nodes(mut self, nodes: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.nodes = nodes.into_iter().map(Into::into).collect();
        self
    }

    /// Asks only members with such a tag.
    #[must_use]
    pub fn with_tag(mut self, name: impl Into<String>, expression: impl Into<String>) -> Self {
        self.tags.insert(name.into(), expression.into());
        self
    }

    /// Sets whether members say that they received it.
    #[must_use]
    pub fn with_acks(mut self, acks: bool) -> Self {
        self.acks = acks;
        self
    }

    /// Sets how many others pass each answer on too.
    #[must_use]
    pub fn with_relay_factor(mut self, factor: u8) -> Self {
        self.relay_factor = factor;
        self
    }

    /// Sets how long answers are taken.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets whether the stream goes on until the time is over.
    #[must_use]
    pub fn with_full_time(mut self, full: bool) -> Self {
        self.full_time = full;
        self
    }

    fn request(&self, name: &str, payload: Bytes) -> Result<Query, Error> {
        let operation = || format!("ask query `{}`", name.escape_debug());
        let ping = name == "_serf_ping" && payload.is_empty();
        if name.starts_with(RESERVED) && !ping {
            return Err(Error::invalid(
                operation(),
                "name: those that begin with _serf_ belong to Serf",
            ));
        }
        filter::check_tags(&operation(), &self.tags)?;
        let timeout = self
            .timeout
            .map_or(Ok(0), |timeout| i64::try_from(timeout.as_nanos()));
        let timeout =
            timeout.map_err(|_| Error::invalid(operation(), "timeout: more than 292 years"))?;
        Ok(Query {
            filter_nodes: self.nodes.clone(),
            filter_tags: self.tags.clone(),
            name: name.to_owned(),
            payload,
            relay_factor: self.relay_factor,
            request_ack: self.acks,
            timeout,
        })
    }
}

/// What comes of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryItem {
    /// A member received the question.
    Ack {
        /// Its name.
        from: String,
    },
    /// A member answers.
    Response {
        /// Its name.
        from: String,
        /// The answer.
        payload: Bytes,
    },
    /// So many of these came here that the reader was too slow for, and are lost.
    Missed(u64),
}

/// All that came of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryResult {
    /// Who received the question, if that was asked for.
    pub acks: BTreeSet<String>,
    /// What each member answered, by its name.
    pub responses: BTreeMap<String, Bytes>,
    /// How many answers were lost on this side.
    pub missed: u64,
}

impl Client {
    /// Asks all members a question. The answers come as they are given, until all have answered or
    /// the time is over; a member that does not know the question never answers.
    ///
    /// Protocol: `query`.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind): the message that is made of it has 1,024 bytes at
    /// most. [`ErrorKind::InvalidArgument`](crate::ErrorKind) for names that begin with `_serf_`.
    ///
    /// # Cancel safety
    /// The question may be asked.
    pub async fn query(&self, name: &str, payload: impl Into<Bytes>) -> Result<QueryStream, Error> {
        self.query_with(name, payload, &QueryOptions::default())
            .await
    }

    /// Asks a question, with options.
    ///
    /// # Errors
    /// As [`query`](Self::query). [`ErrorKind::InvalidArgument`](crate::ErrorKind) names an
    /// expression that is none.
    ///
    /// # Cancel safety
    /// The question may be asked.
    pub async fn query_with(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: &QueryOptions,
    ) -> Result<QueryStream, Error> {
        let body = options.request(name, payload.into())?;
        let expected = self.expected(options).await?;
        let call = Call::write(Operation::new("ask query", name), Command::Query, &body);
        let records = self.follow(&call, Connect::Shared).await?;
        Ok(QueryStream {
            name: name.to_owned(),
            records: Some(records),
            missing: expected.map(|answers| Missing {
                acks: match options.acks {
                    true => answers.clone(),
                    false => BTreeSet::new(),
                },
                answers,
            }),
            acked: BTreeSet::new(),
            answered: BTreeSet::new(),
        })
    }

    /// Who will answer, if that can be known.
    async fn expected(&self, options: &QueryOptions) -> Result<Option<BTreeSet<String>>, Error> {
        if options.full_time || !options.tags.is_empty() {
            return Ok(None);
        }
        let members = self.members().await?.into_iter();
        let alive = members.filter(|member| member.status == MemberStatus::Alive);
        let asked = alive.map(|member| member.name);
        let asked = asked.filter(|name| options.nodes.is_empty() || options.nodes.contains(name));
        Ok(Some(asked.collect()))
    }
}

/// What comes of a query. Dropping it ends the interest in the answers, not the query.
#[derive(Debug)]
pub struct QueryStream {
    name: String,
    records: Option<Records>,
    /// Who has not answered, or not said that it received the question. `None` if that is not known.
    missing: Option<Missing>,
    acked: BTreeSet<String>,
    answered: BTreeSet<String>,
}

/// Those that are still waited for.
#[derive(Debug)]
struct Missing {
    acks: BTreeSet<String>,
    answers: BTreeSet<String>,
}

impl Missing {
    fn is_empty(&self) -> bool {
        self.acks.is_empty() && self.answers.is_empty()
    }
}

impl QueryStream {
    /// The next ack or answer. `None` when all have answered or the time is over, and after an
    /// error.
    ///
    /// # Errors
    /// When the connection is lost: who has answered since can't be known any more.
    ///
    /// # Cancel safety
    /// Safe: nothing is lost.
    pub async fn next(&mut self) -> Option<Result<QueryItem, Error>> {
        loop {
            let records = self.records.as_ref()?;
            match records.take().await {
                Taken::Record(record) => match self.record(&record) {
                    Ok(Some(item)) => return Some(Ok(item)),
                    Ok(None) => {}
                    Err(error) => return Some(Err(error)),
                },
                Taken::Missed(missed) => {
                    // Who answered is not known any more.
                    self.missing = None;
                    return Some(Ok(QueryItem::Missed(missed)));
                }
                Taken::End(why) => {
                    self.records = None;
                    return Some(Err(Error::lost(self.operation(), &why)));
                }
            }
        }
    }

    /// Waits until it is over, and gives all that came.
    ///
    /// # Errors
    /// As [`next`](Self::next); what came before is lost.
    pub async fn collect(mut self) -> Result<QueryResult, Error> {
        let mut result = QueryResult::default();
        while let Some(item) = self.next().await {
            match item? {
                QueryItem::Ack { from } => {
                    result.acks.insert(from);
                }
                QueryItem::Response { from, payload } => {
                    result.responses.insert(from, payload);
                }
                QueryItem::Missed(missed) => result.missed += missed,
            }
        }
        Ok(result)
    }

    /// Waits for the first answer and gives it, with the name of who gave it; `None` if there is
    /// none.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn first(mut self) -> Result<Option<(String, Bytes)>, Error> {
        while let Some(item) = self.next().await {
            if let QueryItem::Response { from, payload } = item? {
                return Ok(Some((from, payload)));
            }
        }
        Ok(None)
    }

    fn operation(&self) -> Operation<'_> {
        Operation::new("read the answers to query", &self.name)
    }

    /// What a record tells, if anything.
    fn record(&mut self, record: &[u8]) -> Result<Option<QueryItem>, Error> {
        let record = QueryRecord::from_msgpack(record).map_err(|error| {
            let operation = self.operation().to_string();
            Error::protocol(operation, false, "a record cannot be decoded").with_source(error)
        })?;
        let item = match record.kind {
            QueryRecordKind::Done => {
                self.end();
                None
            }
            // Near the end of the time, real agents send many records of nobody.
            _ if record.from.is_empty() => None,
            QueryRecordKind::Ack => self.ack(record.from),
            QueryRecordKind::Response => self.response(record.from, record.payload),
            QueryRecordKind::Other(word) => {
                tracing::debug!(word, "a record of a query that is not known");
                None
            }
            _ => None,
        };
        if self.missing.as_ref().is_some_and(Missing::is_empty) {
            self.end();
        }
        Ok(item)
    }

    fn ack(&mut self, from: String) -> Option<QueryItem> {
        if let Some(missing) = &mut self.missing {
            missing.acks.remove(&from);
        }
        let first = self.acked.insert(from.clone());
        first.then_some(QueryItem::Ack { from })
    }

    fn response(&mut self, from: String, payload: Bytes) -> Option<QueryItem> {
        if let Some(missing) = &mut self.missing {
            missing.answers.remove(&from);
        }
        let first = self.answered.insert(from.clone());
        first.then_some(QueryItem::Response { from, payload })
    }

    fn end(&mut self) {
        if let Some(records) = self.records.take() {
            records.done();
        }
    }
}
