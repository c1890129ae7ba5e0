//! Writing files.

use std::time::Duration;

use http::Method;
use quorate_wire::etcd2::{Event, Node, Parameters};

use super::{Condition, Keys, SetOptions, checked, into_node};
use crate::v2::answer::Answer;
use crate::v2::call::{Call, Effect, Operation};
use crate::v2::error::Error;

impl Keys {
    /// Writes a file, whatever was there; it lives for ever. Missing directories are made.
    ///
    /// `PUT /v2/keys/KEY`
    ///
    /// # Errors
    /// `NotFile` over a directory; `NotDirectory` below a file; `Indeterminate` when the answer was
    /// lost; else see [`ErrorKind`](crate::v2::ErrorKind).
    ///
    /// # Cancel safety
    /// Dropping the future does not take back a write that was sent.
    pub async fn set(&self, key: &str, value: &str) -> Result<Node, Error> {
        let operation = Operation::new("set key", key);
        let answer = self.put(operation, value, &SetOptions::default()).await?;
        into_node(answer, operation)
    }

    /// Writes as the options say, and returns the whole event: the action, the node, the node
    /// before, and what the headers say. An action of `set` without a node before is a new key.
    ///
    /// `PUT /v2/keys/KEY[?ttl=…&dir=…&prevExist=…&prevValue=…&prevIndex=…&refresh=…]`
    ///
    /// # Errors
    /// As [`set`](Self::set); `NotFound` and `AlreadyExists` with `prev_exist`; `CompareFailed`
    /// with a condition; `InvalidArgument` for options that servers would ignore.
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn set_with(
        &self,
        key: &str,
        value: &str,
        options: &SetOptions,
    ) -> Result<Answer<Event>, Error> {
        self.put(Operation::new("set key", key), value, options)
            .await
    }

    /// Writes a file that must not be there.
    ///
    /// `PUT /v2/keys/KEY?prevExist=false`
    ///
    /// # Errors
    /// `AlreadyExists`; else as [`set`](Self::set). After `Indeterminate`, read the key: it may be
    /// yours.
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn create(&self, key: &str, value: &str) -> Result<Node, Error> {
        let operation = Operation::new("create key", key);
        let options = SetOptions::new().with_prev_exist(false);
        into_node(self.put(operation, value, &options).await?, operation)
    }

    /// Writes a file that must be there. A TTL that it had is gone: see [`SetOptions::ttl`].
    ///
    /// `PUT /v2/keys/KEY?prevExist=true`
    ///
    /// # Errors
    /// `NotFound`; else as [`set`](Self::set).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn update(&self, key: &str, value: &str) -> Result<Node, Error> {
        let operation = Operation::new("update key", key);
        let options = SetOptions::new().with_prev_exist(true);
        into_node(self.put(operation, value, &options).await?, operation)
    }

    /// Writes a file if the condition holds. A TTL that it had is gone.
    ///
    /// `PUT /v2/keys/KEY?prevValue=…&prevIndex=…`
    ///
    /// # Errors
    /// `CompareFailed`, with both sides as the [`cause`](Error::cause); `NotFound`; `NotFile` for a
    /// directory; else as [`set`](Self::set). After `Indeterminate`, read the key.
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn compare_and_swap(
        &self,
        key: &str,
        value: &str,
        condition: &Condition,
    ) -> Result<Node, Error> {
        let operation = Operation::new("compare and swap key", key);
        let options = SetOptions::new().with_condition(condition.clone());
        into_node(self.put(operation, value, &options).await?, operation)
    }

    /// Gives a file or a directory a new TTL. The value stays, and no watch is woken.
    ///
    /// etcd 3.5.16 refuses directories (`NotFile`).
    ///
    /// `PUT /v2/keys/KEY?refresh=true&prevExist=true&ttl=…`
    ///
    /// # Errors
    /// `NotFound`; else as [`set`](Self::set).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn refresh(&self, key: &str, ttl: Duration) -> Result<Node, Error> {
        let operation = Operation::new("refresh key", key);
        let options = SetOptions::new()
            .with_ttl(ttl)
            .with_refresh()
            .with_prev_exist(true);
        into_node(self.put(operation, "", &options).await?, operation)
    }

    pub(super) async fn put(
        &self,
        operation: Operation<'_>,
        value: &str,
        options: &SetOptions,
    ) -> Result<Answer<Event>, Error> {
        let parameters = options.parameters(value, operation)?;
        let mut call = self.form(operation, Method::PUT, &parameters)?;
        call.timeout = options.timeout;
        // The same TTL twice is the same as once.
        if options.refresh && options.prev_exist == Some(true) && options.condition.is_none() {
            call.effect = Effect::Idempotent;
        }
        self.client.execute(call).await?.event()
    }

    /// A PUT or POST whose body is not too large for a server.
    pub(super) fn form<'a>(
        &self,
        operation: Operation<'a>,
        method: Method,
        parameters: &Parameters,
    ) -> Result<Call<'a>, Error> {
        let call = Call::keys(operation, method, &checked(operation)?, parameters);
        let limit = self.client.limits().max_value_bytes;
        if call.body.len() > limit {
            let length = call.body.len();
            let why = format_args!("value: {length} bytes as sent are more than {limit}");
            return Err(Error::invalid(operation.to_string(), why));
        }
        Ok(call)
    }
}
