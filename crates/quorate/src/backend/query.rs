//! What a backend does for questions.

use std::fmt::Debug;

use bytes::Bytes;

use super::{BoxFuture, BoxStream};
use crate::{Answer, Inquiry, QueryOptions, Result};

/// Questions to everybody.
pub trait QueryBackend: Debug + Send + Sync {
    /// Asks. The stream ends after the last answer, and after an error.
    fn ask<'a>(
        &'a self,
        name: &'a str,
        payload: Bytes,
        options: &'a QueryOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Answer>>>>;

    /// Follows the questions of this name, or all. What is asked after the future is ready is told.
    /// The stream never ends; it works only while it is polled.
    fn watch<'a>(
        &'a self,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Inquiry>>>>;
}

/// The right to answer a question.
pub trait Reply: Debug + Send + Sync {
    /// Answers it.
    fn send(&self, payload: Bytes) -> BoxFuture<'_, Result<()>>;
}
