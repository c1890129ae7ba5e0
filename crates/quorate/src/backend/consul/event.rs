//! Events on Consul.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_core::Stream;
use quorate_consul::event::{EventWatch, EventWatchOptions};
use quorate_consul::{EventFilter, UserEvent};

use super::ConsulBackend;
use crate::backend::{BoxFuture, BoxStream, EventBackend};
use crate::{Delivery, Event, EventOptions, FireOptions, Result};

impl EventBackend for ConsulBackend {
    /// `PUT /v1/event/fire/:name`
    fn fire<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        options: &'a FireOptions,
    ) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let options = quorate_consul::FireOptions::new().with_filter(filter(options));
            let events = self.client.event();
            let fired = events.fire_with(name, payload, &options).await;
            let operation = || format!("fire event `{name}`");
            Ok(fired.map_err(|error| self.error(error, operation()))?.id)
        })
    }

    /// `GET /v1/event/list`, blocking.
    fn watch<'a>(
        &'a self,
        options: &'a EventOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Delivery>>>> {
        Box::pin(async move {
            let name = options.name.as_deref();
            let operation = match name {
                Some(name) => format!("watch event `{name}`"),
                None => "watch the events".to_owned(),
            };
            let native = match options.replay {
                true => EventWatchOptions::new().with_replay(),
                false => EventWatchOptions::new(),
            };
            let mut watch = self.client.event().watch_with(name, native);
            let begun = watch.begin().await;
            begun.map_err(|error| self.error(error, operation.as_str()))?;
            let deliveries: BoxStream<'static, _> = Box::pin(Deliveries {
                watch: Box::pin(watch),
                waiting: None,
                operation,
                backend: self.clone(),
            });
            Ok(deliveries)
        })
    }
}

fn filter(options: &FireOptions) -> EventFilter {
    let mut filter = EventFilter::new();
    filter.node.clone_from(&options.node);
    filter.service.clone_from(&options.service);
    filter.tag.clone_from(&options.tag);
    filter
}

fn event(native: UserEvent) -> Event {
    let mut event = Event::new(native.id, native.name, native.payload);
    event.time = native.ltime;
    event
}

/// The client's events, each gap as an item of its own.
struct Deliveries {
    watch: Pin<Box<EventWatch>>,
    waiting: Option<Delivery>,
    operation: String,
    backend: ConsulBackend,
}

impl Stream for Deliveries {
    type Item = Result<Delivery>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some(delivery) = this.waiting.take() {
            return Poll::Ready(Some(Ok(delivery)));
        }
        let told = match ready!(this.watch.as_mut().poll_next(cx)) {
            None => return Poll::Ready(None),
            Some(Ok(told)) => told,
            Some(Err(error)) => {
                let error = this.backend.error(error, this.operation.as_str());
                return Poll::Ready(Some(Err(error)));
            }
        };
        let next = Delivery::Event(event(told.event));
        if !told.gap {
            return Poll::Ready(Some(Ok(next)));
        }
        this.waiting = Some(next);
        Poll::Ready(Some(Ok(Delivery::Gap)))
    }
}
