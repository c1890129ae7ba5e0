//! Who follows events.

use std::sync::{Arc, Mutex, PoisonError};

use quorate_wire::serf::EventFilter;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::event::Told;
use crate::log::{AgentLog, LogLevel};

/// How many events wait for a client that is slow. Further ones are dropped.
const QUEUE: usize = 512;

/// All who follow events.
#[derive(Debug, Default)]
pub(super) struct Subscribers(Mutex<Vec<Subscriber>>);

#[derive(Debug)]
struct Subscriber {
    filters: Vec<EventFilter>,
    events: mpsc::Sender<Arc<Told>>,
    client: Arc<str>,
    dropped: u64,
}

impl Subscribers {
    /// Follows what the filters let through, until the receiver is dropped.
    pub(super) fn add(
        &self,
        filters: Vec<EventFilter>,
        client: Arc<str>,
    ) -> mpsc::Receiver<Arc<Told>> {
        let (events, receiver) = mpsc::channel(QUEUE);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|subscriber| !subscriber.events.is_closed());
        all.push(Subscriber {
            filters,
            events,
            client,
            dropped: 0,
        });
        receiver
    }

    /// Tells all who want it.
    pub(super) fn tell(&self, told: &Arc<Told>, log: &AgentLog) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain_mut(|subscriber| subscriber.hear(told, log));
    }
}

impl Subscriber {
    /// `false` when nobody follows any more.
    fn hear(&mut self, told: &Arc<Told>, log: &AgentLog) -> bool {
        if !self.filters.iter().any(|one| one.matches(&told.record)) {
            return !self.events.is_closed();
        }
        match self.events.try_send(Arc::clone(told)) {
            Ok(()) => {
                if self.dropped > 0 {
                    let said = format!("Dropped {} events to {}", self.dropped, self.client);
                    log.record(LogLevel::Warn, "agent.ipc", &said, &[]);
                    self.dropped = 0;
                }
                true
            }
            Err(TrySendError::Full(_)) => {
                if self.dropped == 0 {
                    let said = format!("Dropping events to {}: it is too slow", self.client);
                    log.record(LogLevel::Warn, "agent.ipc", &said, &[]);
                }
                self.dropped += 1;
                true
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use quorate_wire::serf::EventRecord;

    fn user(name: &str) -> Arc<Told> {
        let record = EventRecord::User {
            coalesce: false,
            ltime: 1,
            name: name.into(),
            payload: Bytes::new(),
        };
        Arc::new(Told {
            record,
            encoded: Vec::new(),
            query: None,
        })
    }

    #[tokio::test]
    async fn a_slow_client_loses_events_and_the_log_says_how_many() {
        let log = AgentLog::new();
        log.keep();
        let all = Subscribers::default();
        let wanted = vec![EventFilter::User(Some("a".into()))];
        let mut events = all.add(wanted, "rpc client 1".into());
        for _ in 0..QUEUE + 3 {
            all.tell(&user("a"), &log);
            all.tell(&user("b"), &log);
        }
        assert_eq!(events.len(), QUEUE);
        events.recv().await.unwrap();
        all.tell(&user("a"), &log);
        let (lines, _) = log.replay(LogLevel::Warn);
        let text = |at: usize| std::str::from_utf8(&lines[at]).unwrap();
        assert_eq!(lines.len(), 2);
        assert!(
            text(0).ends_with("[WARN] agent.ipc: Dropping events to rpc client 1: it is too slow")
        );
        assert!(text(1).ends_with("[WARN] agent.ipc: Dropped 3 events to rpc client 1"));
        drop(events);
        all.tell(&user("a"), &log);
        assert!(all.0.lock().unwrap().is_empty());
    }
}
