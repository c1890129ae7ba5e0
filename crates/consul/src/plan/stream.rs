//! A plan that runs.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use super::{Plan, PlanChange, PlanState, PlanTarget};
use crate::agent::ServiceWatch;
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::client::Client;
use crate::error::Error;
use crate::event::{EventWatch, EventWatchOptions};
use crate::options::QueryOptions;

/// Follows what a plan says; from [`Client::watch`].
///
/// The first change is the state as it is now. After it come real changes only: an index that
/// moved without a change of what is followed tells nothing, nor does a write of what was there
/// already. Something that was removed and is back before anybody looked is told if it can be told
/// apart, by its indexes for example.
///
/// It never ends by itself, and it never goes quiet because of an error: errors are items, and the
/// next call waits (200 ms to 30 s, at random), reads everything anew, and tells what is different
/// from what was told last. So a server that restarts, moves, loses its leader or restores a
/// snapshot is followed further. There is no task behind it: it asks while somebody waits. So whoever
/// looks only now and then hears of a restored snapshot, whose indexes are older, when the wait of
/// the next read is over (5 minutes, unless [`Plan::options`] say otherwise), and of all else at once.
///
/// Some errors do not pass by themselves: a plan for a mesh that is off
/// ([`Unsupported`](crate::ErrorKind::Unsupported)), a token that may not read it, a key that can't
/// be addressed. Their [`advice`](Error::advice) is [`Never`](crate::RetryAdvice::Never); whoever
/// goes on all the same hears of it as soon as it was changed on the server, and of the error again
/// until then.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{ErrorKind, Plan, RetryAdvice};
///
/// // The mesh is always off on an embedded agent.
/// let error = client.watch(&Plan::connect_leaf("web")).next().await.unwrap_err();
/// assert_eq!((error.kind(), error.advice()), (ErrorKind::Unsupported, RetryAdvice::Never));
/// # Ok(())
/// # }
/// ```
#[must_use = "it asks nothing unless polled"]
pub struct PlanStream {
    source: Source,
}

enum Source {
    /// Anything that blocks on an index.
    Indexed(Box<Blocking<PlanState>>),
    Events(Box<EventWatch>),
    /// By its digest.
    AgentService(Box<ServiceWatch>),
}

impl PlanStream {
    pub(super) fn new(client: &Client, plan: &Plan) -> Self {
        let options = plan.options.clone();
        let source = match &plan.target {
            PlanTarget::Event(name) => {
                let mut how = EventWatchOptions::new().with_query(options);
                how.replay = plan.replay;
                let watch = client.event().watch_with(name.as_deref(), how);
                Source::Events(Box::new(watch))
            }
            PlanTarget::AgentService(id) => {
                let watch = client.agent().watch_service_with(id, options);
                Source::AgentService(Box::new(watch))
            }
            indexed => {
                let (client, target) = (client.clone(), indexed.clone());
                let watch = Blocking::new(options, move |options| {
                    let (client, target) = (client.clone(), target.clone());
                    Box::pin(async move { read(&client, target, &options).await })
                });
                Source::Indexed(Box::new(watch))
            }
        };
        Self { source }
    }

    /// The next change, or why it can't be told now.
    ///
    /// # Errors
    /// Those of the reads. They are not the end: call it again, and it waits and goes on.
    ///
    /// # Cancel safety
    /// Safe: a read on its way stays on its way, and no change is lost.
    pub async fn next(&mut self) -> Result<PlanChange, Error> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<PlanChange, Error>> {
        match &mut self.source {
            Source::Indexed(watch) => {
                let change = ready!(watch.poll_change(cx))?;
                Poll::Ready(Ok(PlanChange {
                    state: change.value,
                    index: Some(change.index),
                    restarted: change.restarted,
                }))
            }
            Source::Events(watch) => {
                let events = ready!(watch.poll_batch(cx))?;
                Poll::Ready(Ok(PlanChange {
                    state: PlanState::Events(events),
                    index: Some(watch.index()),
                    restarted: false,
                }))
            }
            Source::AgentService(watch) => {
                let service = ready!(watch.poll_change(cx))?;
                Poll::Ready(Ok(PlanChange {
                    state: PlanState::AgentService(service.map(Box::new)),
                    index: None,
                    restarted: false,
                }))
            }
        }
    }
}

/// One read of what a plan follows.
async fn read(
    client: &Client,
    target: PlanTarget,
    options: &QueryOptions,
) -> Result<Answer<PlanState>, Error> {
    let (health, agent) = (client.health(), client.agent());
    Ok(match target {
        PlanTarget::Key(key) => client
            .kv()
            .get_with(&key, options)
            .await?
            .map(PlanState::Key),
        PlanTarget::KeyPrefix(prefix) => {
            let found = client.kv().list_with(&prefix, options).await?;
            found.map(PlanState::KeyPrefix)
        }
        PlanTarget::Services => {
            let found = client.catalog().services_with(options).await?;
            found.map(PlanState::Services)
        }
        PlanTarget::Nodes => {
            let found = client.catalog().nodes_with(options).await?;
            found.map(PlanState::Nodes)
        }
        PlanTarget::Service(query) => {
            let found = health.service_with(query, options).await?;
            found.map(PlanState::Service)
        }
        PlanTarget::ChecksOf(service) => {
            let found = health.checks_with(&service, options).await?;
            found.map(PlanState::Checks)
        }
        PlanTarget::ChecksIn(status) => {
            let found = health.state_with(&status, options).await?;
            found.map(PlanState::Checks)
        }
        PlanTarget::ConnectRoots => {
            let found = agent.ca_roots_with(options).await?;
            found.map(PlanState::ConnectRoots)
        }
        PlanTarget::ConnectLeaf(service) => {
            let found = agent.ca_leaf_with(&service, options).await?;
            found.map(PlanState::ConnectLeaf)
        }
        // The others have a source of their own.
        PlanTarget::Checks | PlanTarget::Event(_) | PlanTarget::AgentService(_) => {
            health.any_with(options).await?.map(PlanState::Checks)
        }
    })
}

impl Stream for PlanStream {
    type Item = Result<PlanChange, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_change(cx).map(Some)
    }
}

impl fmt::Debug for PlanStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source: &dyn fmt::Debug = match &self.source {
            Source::Indexed(watch) => watch,
            Source::Events(watch) => watch,
            Source::AgentService(watch) => watch,
        };
        f.debug_tuple("PlanStream").field(source).finish()
    }
}
