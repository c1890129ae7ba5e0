//! What a backend does for events.

use std::fmt::Debug;

use bytes::Bytes;

use super::{BoxFuture, BoxStream};
use crate::{Delivery, EventOptions, FireOptions, Result};

/// Short messages to everybody.
pub trait EventBackend: Debug + Send + Sync {
    /// Fires the event `name`, and gives its id.
    fn fire<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        options: &'a FireOptions,
    ) -> BoxFuture<'a, Result<String>>;

    /// Follows events, each told once. What is fired after the future is ready is told. The stream
    /// never ends; it works only while it is polled.
    fn watch<'a>(
        &'a self,
        options: &'a EventOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Delivery>>>>;
}
