//! What is done when something happens: the agent's event handlers.

use std::sync::Arc;

use bytes::Bytes;
use quorate_gossip::Event;
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::time::timeout;

use super::Front;
use super::event::Told;
use super::script::{self, Ran};
use crate::config::{Action, EventHandler};
use crate::log::LogLevel;

/// How many events wait for a handler that is slow. Further ones are dropped.
const QUEUE: usize = 512;

/// A handler and the way to the task that runs it.
pub(super) struct Handler {
    handler: EventHandler,
    events: mpsc::Sender<Event>,
}

impl Handler {
    /// Tells it an event, if it wants it.
    pub(super) fn tell(&self, event: &Event, told: &Told, front: &Front) {
        if !self
            .handler
            .filters
            .iter()
            .any(|one| one.matches(&told.record))
        {
            return;
        }
        if let Err(TrySendError::Full(_)) = self.events.try_send(event.clone()) {
            let name = self.handler.action.name();
            let said = format!("Dropping event for handler '{name}': it is too slow");
            front.say(LogLevel::Warn, "agent", &said);
        }
    }

    /// What `stats` says of it: each filter, and what is run.
    pub(super) fn shown(&self) -> impl Iterator<Item = (String, String)> {
        let name = self.handler.action.name();
        let filters = self.handler.filters.iter();
        filters.map(move |filter| {
            let filter = filter.to_string();
            // Serf writes type and name with a colon, also where there is no name.
            let key = match filter.contains(':') {
                true => filter,
                false => format!("{filter}:"),
            };
            (key, name.to_owned())
        })
    }
}

/// Runs a handler for one event after the other until it is replaced or the agent ends.
async fn run(front: Arc<Front>, handler: EventHandler, mut events: mpsc::Receiver<Event>) {
    let mut stop = front.spawner.cancelled();
    let working = async {
        while let Some(event) = events.recv().await {
            front.handle(&handler, event).await;
        }
    };
    tokio::select! {
        () = &mut stop => {}
        () = working => {}
    }
}

impl Front {
    /// Replaces the handlers. The old ones are done with what they were told.
    pub(crate) fn set_handlers(self: &Arc<Self>, handlers: &[EventHandler]) {
        let each = handlers.iter().cloned().map(|handler| {
            let (events, told) = mpsc::channel(QUEUE);
            let work = run(Arc::clone(self), handler.clone(), told);
            self.spawner.spawn(work);
            Handler { handler, events }
        });
        self.handlers.store(Arc::new(each.collect()));
    }

    async fn handle(&self, handler: &EventHandler, event: Event) {
        let name = handler.action.name();
        let work = self.carry_out(&handler.action, &event);
        let answer = match timeout(handler.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => {
                let limit = handler.timeout;
                let said = format!("Handler '{name}' took longer than {limit:?} and was ended");
                return self.say(LogLevel::Warn, "agent", &said);
            }
        };
        let (Event::Query(query), Some(answer)) = (&event, answer) else {
            return;
        };
        if let Err(error) = self.gossip.respond(query, answer).await {
            let said = format!("Failed to respond to query '{}': {error}", query.name);
            self.say(LogLevel::Error, "agent", &said);
        }
    }

    /// What a query is to be answered, if anything.
    async fn carry_out(&self, action: &Action, event: &Event) -> Option<Bytes> {
        let script = match action {
            Action::Call(call) => return call(event.clone()).await,
            Action::Script(script) => script,
        };
        let tags = self.gossip.tags().await.unwrap_or_default();
        match script::run(script, event, self.gossip.name(), &tags).await {
            Ok(Ran {
                output,
                truncated,
                problem,
            }) => {
                if truncated {
                    let said = format!("Script '{script}' said more than is kept");
                    self.say(LogLevel::Warn, "agent", &said);
                }
                if let Some(problem) = problem {
                    let said = format!("Error invoking script '{script}': {problem}");
                    self.say(LogLevel::Error, "agent", &said);
                    return None;
                }
                (!output.is_empty()).then(|| output.into())
            }
            Err(error) => {
                let said = format!("Error invoking script '{script}': {error}");
                self.say(LogLevel::Error, "agent", &said);
                None
            }
        }
    }
}
