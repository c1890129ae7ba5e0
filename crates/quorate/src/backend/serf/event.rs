//! Events on Serf.

use bytes::Bytes;
use quorate_serf::{self as native, Change, EventFilter, EventStream, UserEvent};

use super::SerfBackend;
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxFuture, BoxStream, EventBackend};
use crate::{Delivery, Error, Event, EventOptions, FireOptions, Result};

impl EventBackend for SerfBackend {
    /// `event`. Its id is empty: Serf's agents do not say when they sent it.
    fn fire<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        options: &'a FireOptions,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let operation = || format!("fire event `{name}`");
            if name.is_empty() {
                return Err(
                    Error::invalid(operation(), "name: it is empty").with_target(self.url.as_str())
                );
            }
            if !options.is_for_all() {
                let detail = "on Serf an event is for all members";
                return Err(Error::unsupported(operation(), detail).with_target(self.url.as_str()));
            }
            let fired = self.client.event(name, payload).await;
            fired.map_err(|error| self.error(error, operation()))?;
            Ok(String::new())
        })
    }

    /// `stream`
    fn watch<'a>(
        &'a self,
        options: &'a EventOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Delivery>>>> {
        Box::pin(async move {
            let operation = match &options.name {
                Some(name) => format!("watch event `{name}`"),
                None => "watch the events".to_owned(),
            };
            if options.replay {
                let detail = "Serf's agents keep no events";
                return Err(Error::unsupported(operation, detail).with_target(self.url.as_str()));
            }
            let filter = [EventFilter::User(options.name.clone())];
            let stream = self.client.stream(&filter).await;
            let stream = stream.map_err(|error| self.error(error, operation.as_str()))?;
            let deliveries = Deliveries {
                stream,
                operation,
                backend: self.clone(),
            };
            Ok(unfolded(deliveries, |mut deliveries| {
                Box::pin(async move {
                    let next = deliveries.next().await;
                    (deliveries, next)
                })
            }))
        })
    }
}

/// An event. Members see the same event at the same time of the clock that they share, and tell it
/// once: time, name and payload are what it is known by.
fn event(native: UserEvent) -> Event {
    let mut hash = Fnv::default();
    hash.write(native.name.as_bytes());
    hash.write(&[0]);
    hash.write(&native.payload);
    let id = format!("{:x}-{:016x}", native.ltime, hash.0);
    let mut event = Event::new(id, native.name, native.payload);
    event.time = native.ltime;
    event
}

/// FNV-1a: the same wherever it is computed.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}

/// The client's events.
struct Deliveries {
    stream: EventStream,
    operation: String,
    backend: SerfBackend,
}

impl Deliveries {
    async fn next(&mut self) -> Option<Result<Delivery>> {
        loop {
            return Some(match self.stream.next().await? {
                Ok(Change::Event(native::Event::User(told))) => Ok(Delivery::Event(event(told))),
                Ok(Change::Missed(_) | Change::Resumed) => Ok(Delivery::Gap),
                Ok(_) => continue,
                Err(error) => Err(self.backend.error(error, self.operation.as_str())),
            });
        }
    }
}
