//! What an agent does when something happens in its cluster.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quorate_gossip::Event;
use quorate_wire::serf::EventFilter;

use crate::error::AgentError;

/// How long a handler may take unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(60);

type Answer = Pin<Box<dyn Future<Output = Option<Bytes>> + Send>>;

/// What a handler does.
#[derive(Clone)]
pub(crate) enum Action {
    Script(String),
    Call(Arc<dyn Fn(Event) -> Answer + Send + Sync>),
}

/// What an agent does when something happens in its cluster: it runs a script, or calls a closure.
///
/// A handler gets one event after the other, in their order. One that is slow does not keep others
/// from theirs; 512 events wait for it, further ones are dropped, which the log says.
///
/// A script gets what Serf's agent gives: the environment variables `SERF_EVENT`,
/// `SERF_SELF_NAME`, `SERF_SELF_ROLE`, `SERF_TAG_…` for each tag, `SERF_USER_EVENT` and
/// `SERF_USER_LTIME`, `SERF_QUERY_NAME` and `SERF_QUERY_LTIME`; and on its standard input a line for
/// each member (name, address, role and tags, with tabs between them), or the payload. It is run by
/// `/bin/sh -c`. What it writes answers a query: the last 8 KiB, of which an answer takes about 1 KiB.
///
/// ```
/// use quorate_agent::gossip::{Event, serf::QuerySpec};
/// use quorate_agent::{Agent, AgentConfig, EventHandler, GossipConfig};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let script: EventHandler = "query:who=echo $SERF_SELF_NAME, a $SERF_TAG_ROLE server".parse()?;
/// let closure = EventHandler::call("query:ping", |event| async move {
///     let Event::Query(query) = event else { return None };
///     Some(query.payload)
/// })?;
/// let gossip = GossipConfig::new(([127, 0, 0, 1], 0).into()).with_tag("role", "web");
/// let config = AgentConfig::memory().with_node_name("web-1").with_gossip(gossip);
/// let agent = Agent::start(config.with_event_handler(script).with_event_handler(closure)).await?;
///
/// let member = agent.membership().expect("it is one");
/// # #[cfg(unix)]
/// for (question, answer) in [("who", "web-1, a web server\n"), ("ping", "hello")] {
///     let asked = member.query(QuerySpec::new(question).with_payload("hello")).await?;
///     assert_eq!(asked.answers(1).await, [("web-1".to_owned(), answer.into())]);
/// }
/// agent.shutdown().await;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct EventHandler {
    pub(crate) filters: Vec<EventFilter>,
    pub(crate) action: Action,
    pub(crate) timeout: Duration,
}

impl EventHandler {
    /// Runs a script, in the words of Serf's option `-event-handler`: `SCRIPT` for everything, or
    /// `TYPE[:NAME][,TYPE[:NAME]…]=SCRIPT`. The types are `member-join`, `member-leave`,
    /// `member-failed`, `member-update`, `member-reap`, `user`, `query` and `*`; `user` and `query`
    /// may have a name.
    ///
    /// # Errors
    /// [`AgentError::InvalidEventHandler`] for another type, and when there is no script.
    pub fn script(text: &str) -> Result<Self, AgentError> {
        let (filter, script) = text.split_once('=').unwrap_or(("*", text));
        if script.trim().is_empty() {
            let reason = "there is no script".to_owned();
            let text = text.to_owned();
            return Err(AgentError::InvalidEventHandler { text, reason });
        }
        Self::new(filter, Action::Script(script.to_owned()), text)
    }

    /// Calls a closure for each event that the filter lets through (as in
    /// [`script`](Self::script); empty for everything). What it gives answers a query, and is
    /// ignored otherwise. It runs on the agent's runtime: it must not block the thread.
    ///
    /// # Errors
    /// [`AgentError::InvalidEventHandler`] when the filter is none.
    pub fn call<F, A>(filter: &str, handler: F) -> Result<Self, AgentError>
    where
        F: Fn(Event) -> A + Send + Sync + 'static,
        A: Future<Output = Option<Bytes>> + Send + 'static,
    {
        let call = move |event| Box::pin(handler(event)) as Answer;
        Self::new(filter, Action::Call(Arc::new(call)), filter)
    }

    fn new(filter: &str, action: Action, text: &str) -> Result<Self, AgentError> {
        let filters = EventFilter::parse_list(filter);
        let filters = filters.map_err(|error| AgentError::InvalidEventHandler {
            text: text.to_owned(),
            reason: error.to_string(),
        })?;
        Ok(Self {
            filters,
            action,
            timeout: TIMEOUT,
        })
    }

    /// How long it may take for one event; then a script is killed with all that it started, and a
    /// closure is dropped. Default: 60 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

impl FromStr for EventHandler {
    type Err = AgentError;

    fn from_str(text: &str) -> Result<Self, AgentError> {
        Self::script(text)
    }
}

impl fmt::Debug for EventHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHandler")
            .field("filters", &self.filters)
            .field("action", &self.action.name())
            .field("timeout", &self.timeout)
            .finish()
    }
}

impl Action {
    /// How the log and the statistics call it.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Script(script) => script,
            Self::Call(_) => "(closure)",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_written_as_for_serf() {
        let everything = EventHandler::script("/bin/true").unwrap();
        assert_eq!(everything.filters, [EventFilter::All]);
        let some = EventHandler::script("user:deploy,member-join=X=1 run").unwrap();
        assert_eq!(some.action.name(), "X=1 run");
        assert_eq!(some.filters.len(), 2);
        for text in ["foo=bar", "user, query=bar", "user=", "", " "] {
            let error = EventHandler::script(text).unwrap_err();
            assert!(
                matches!(error, AgentError::InvalidEventHandler { .. }),
                "{text}"
            );
        }
    }
}
