//! Calling a function for each event.

use quorate_net::task::{Task, spawn};
use quorate_wire::serf::EventFilter;

use crate::client::Client;
use crate::error::Error;
use crate::stream::{Change, Event};

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Wait for the next event.
    Continue,
    /// Stop the stream.
    Stop,
}

/// A function that is called for each event, in a task of its own. Dropping it ends that.
#[derive(Debug)]
#[must_use = "dropping it ends it"]
pub struct Subscription {
    task: Task<()>,
}

impl Subscription {
    /// Whether it has ended: the function said so, or the client was closed.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    /// With the panic of the function, if it had one.
    pub async fn finished(self) {
        // It is only aborted when this value is dropped.
        let _ = self.task.join().await;
    }
}

impl Client {
    /// Calls a function for each event that matches one of the filters, one after the other, until it
    /// says [`Flow::Stop`]. Lost connections come back by themselves; whoever has to know of gaps
    /// reads a [`stream`](Self::stream).
    ///
    /// # Errors
    /// As [`stream`](Self::stream), until the agent has accepted.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn on<H, F>(
        &self,
        filters: &[EventFilter],
        mut handler: H,
    ) -> Result<Subscription, Error>
    where
        H: FnMut(Event) -> F + Send + 'static,
        F: Future<Output = Flow> + Send + 'static,
    {
        let mut stream = self.stream(filters).await?;
        let task = spawn(async move {
            while let Some(change) = stream.next().await {
                match change {
                    Ok(Change::Event(event)) => {
                        if handler(event).await == Flow::Stop {
                            return;
                        }
                    }
                    Ok(gap) => tracing::info!(?gap, "a handler may have missed events"),
                    Err(error) => tracing::info!(%error, "a handler waits for its connection"),
                }
            }
        });
        Ok(Subscription { task })
    }
}
