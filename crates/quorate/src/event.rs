//! Events: short messages to everybody.

use std::sync::Arc;

use bytes::Bytes;

use crate::backend::EventBackend;
use crate::gate::Gate;
use crate::{Feed, Result};

/// The events: [`Coordinator::events`](crate::Coordinator::events).
///
/// They travel by gossip where there is more than one node. An event may come late or never, and
/// two nodes may see two events in different orders: say with them that something can be looked
/// up, not what it is.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::{Delivery, EventOptions};
///
/// let coordinator = quorate::connect("memory:").await?;
/// let mut deploys = coordinator.events().watch("deploy").await?;
/// coordinator.events().fire("deploy", "release 17").await?;
/// match deploys.next().await.unwrap()? {
///     Delivery::Event(event) => assert_eq!(event.payload, "release 17"),
///     // More were fired than the server keeps: look everything up anew.
///     gap => panic!("{gap:?}"),
/// }
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Events {
    backend: Arc<dyn EventBackend>,
    gate: Gate,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// Tells it from others; the same wherever it is seen.
    pub id: String,
    /// What happened.
    pub name: String,
    /// What else there is to know.
    pub payload: Bytes,
    /// The logical time at which it arrived: later events have later times, with gaps.
    pub time: u64,
}

impl Event {
    /// An event.
    pub fn new(id: impl Into<String>, name: impl Into<String>, payload: impl Into<Bytes>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            payload: payload.into(),
            time: 0,
        }
    }
}

/// What a feed of events tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// An event that was not told before.
    Event(Event),
    /// Events may be missing here: more came between two looks than the server keeps.
    Gap,
}

/// How an event is fired.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FireOptions {
    /// Only nodes whose name matches this regular expression take it.
    pub node: Option<String>,
    /// Only nodes with an instance of a service whose id matches this regular expression take it.
    pub service: Option<String>,
    /// … and which has a tag that matches this one; needs a service.
    pub tag: Option<String>,
}

impl FireOptions {
    /// Only for nodes whose name matches this regular expression.
    #[must_use]
    pub fn with_node(mut self, pattern: impl Into<String>) -> Self {
        self.node = Some(pattern.into());
        self
    }

    /// Only for nodes with an instance of a service whose id matches this regular expression.
    #[must_use]
    pub fn with_service(mut self, pattern: impl Into<String>) -> Self {
        self.service = Some(pattern.into());
        self
    }

    /// Only where that instance has a tag that matches this regular expression; needs a service.
    #[must_use]
    pub fn with_tag(mut self, pattern: impl Into<String>) -> Self {
        self.tag = Some(pattern.into());
        self
    }

    /// Whether everybody takes it.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        *self == Self::default()
    }
}

/// Which events are followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventOptions {
    /// Only those of this name: default all.
    pub name: Option<String>,
    /// Begins with those that the server has seen before (Consul: up to 256). Default: only those
    /// from now on.
    pub replay: bool,
}

impl EventOptions {
    /// Only those of this name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Begins with those that the server has seen before.
    #[must_use]
    pub fn with_replay(mut self) -> Self {
        self.replay = true;
        self
    }
}

impl Events {
    pub(crate) fn new(backend: Arc<dyn EventBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Fires the event `name` for everybody, and gives its id.
    ///
    /// # Errors
    /// As [`fire_with`](Self::fire_with).
    ///
    /// # Cancel safety
    /// As [`fire_with`](Self::fire_with).
    pub async fn fire(&self, name: &str, payload: impl Into<Bytes>) -> Result<String> {
        self.fire_with(name, payload, &FireOptions::default()).await
    }

    /// [`fire`](Self::fire) for those that `options` name.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty name, for a tag without a service, or when name and payload
    /// are too long together (Consul: about 400 bytes); `Indeterminate` when the answer was lost:
    /// firing again may fire it twice. Else those of every write.
    ///
    /// # Cancel safety
    /// The event may be fired although the future was dropped.
    pub async fn fire_with(
        &self,
        name: &str,
        payload: impl Into<Bytes>,
        options: &FireOptions,
    ) -> Result<String> {
        let operation = || format!("fire event `{name}`");
        let fired = self.backend.fire(name, payload.into(), options);
        self.gate.run(operation, fired).await
    }

    /// Follows the events of this name, from now on.
    ///
    /// # Errors
    /// As [`watch_with`](Self::watch_with).
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn watch(&self, name: &str) -> Result<Feed<Delivery>> {
        self.watch_with(&EventOptions::default().with_name(name))
            .await
    }

    /// Follows events: whatever is fired after this returned is told, and nothing twice, however
    /// often it is seen.
    ///
    /// # Errors
    /// Those of every read; `Unsupported`; `Closed`.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn watch_with(&self, options: &EventOptions) -> Result<Feed<Delivery>> {
        let subject = match &options.name {
            Some(name) => format!("watch event `{name}`"),
            None => "watch the events".to_owned(),
        };
        let watch = self.backend.watch(options);
        let events = self.gate.run(|| subject.clone(), watch).await?;
        Ok(Feed::new(subject, events, self.gate.closed()))
    }
}
