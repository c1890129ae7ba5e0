//! Questions on Serf.

use bytes::Bytes;
use quorate_serf::{
    self as native, Change, EventFilter, EventStream, QueryEvent, QueryItem, QueryStream,
};

use super::SerfBackend;
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxFuture, BoxStream, QueryBackend, Reply};
use crate::{Answer, Inquiry, QueryOptions, Question, Result};

impl QueryBackend for SerfBackend {
    /// `query`
    fn ask<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        options: &'a QueryOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Answer>>>> {
        Box::pin(async move {
            let operation = format!("ask `{name}`");
            let asked = self
                .client
                .query_with(name, payload, &native_options(options))
                .await;
            let stream = asked.map_err(|error| self.error(error, operation.as_str()))?;
            let answers = Answers {
                stream,
                operation,
                backend: self.clone(),
            };
            Ok(unfolded(answers, |mut answers| {
                Box::pin(async move {
                    let next = answers.next().await;
                    (answers, next)
                })
            }))
        })
    }

    /// `stream`
    fn watch<'a>(
        &'a self,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Inquiry>>>> {
        Box::pin(async move {
            let operation = match name {
                Some(name) => format!("watch query `{name}`"),
                None => "watch the queries".to_owned(),
            };
            let filter = [EventFilter::Query(name.map(str::to_owned))];
            let stream = self.client.stream(&filter).await;
            let stream = stream.map_err(|error| self.error(error, operation.as_str()))?;
            let inquiries = Inquiries {
                stream,
                operation,
                backend: self.clone(),
            };
            Ok(unfolded(inquiries, |mut inquiries| {
                Box::pin(async move {
                    let next = inquiries.next().await;
                    (inquiries, next)
                })
            }))
        })
    }
}

fn native_options(options: &QueryOptions) -> native::QueryOptions {
    let mut native = native::QueryOptions::default()
        .with_nodes(&options.members)
        .with_acks(options.acks)
        .with_relay_factor(options.relays);
    native.tags.clone_from(&options.tags);
    native.timeout = options.timeout;
    native
}

/// The client's answers.
struct Answers {
    stream: QueryStream,
    operation: String,
    backend: SerfBackend,
}

impl Answers {
    async fn next(&mut self) -> Option<Result<Answer>> {
        loop {
            return Some(match self.stream.next().await? {
                Ok(QueryItem::Ack { from }) => Ok(Answer::Ack(from)),
                Ok(QueryItem::Response { from, payload }) => Ok(Answer::Response { from, payload }),
                Ok(QueryItem::Missed(missed)) => Ok(Answer::Missed(missed)),
                Ok(_) => continue,
                Err(error) => Err(self.backend.error(error, self.operation.as_str())),
            });
        }
    }
}

/// The client's questions.
struct Inquiries {
    stream: EventStream,
    operation: String,
    backend: SerfBackend,
}

impl Inquiries {
    async fn next(&mut self) -> Option<Result<Inquiry>> {
        loop {
            return Some(match self.stream.next().await? {
                Ok(Change::Event(native::Event::Query(query))) => Ok(self.question(query)),
                Ok(Change::Missed(_) | Change::Resumed) => Ok(Inquiry::Gap),
                Ok(_) => continue,
                Err(error) => Err(self.backend.error(error, self.operation.as_str())),
            });
        }
    }

    fn question(&self, query: QueryEvent) -> Inquiry {
        let (name, payload, time) = (query.name.clone(), query.payload.clone(), query.ltime);
        let reply = Box::new(Asker {
            query,
            backend: self.backend.clone(),
        });
        Inquiry::Question(Question::new(name, payload, time, reply))
    }
}

/// Whoever asked.
#[derive(Debug)]
struct Asker {
    query: QueryEvent,
    backend: SerfBackend,
}

impl Reply for Asker {
    /// `respond`
    fn send(&self, payload: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let operation = || format!("answer query `{}`", self.query.name);
            let sent = self.query.respond(payload).await;
            sent.map_err(|error| self.backend.error(error, operation()))
        })
    }
}
