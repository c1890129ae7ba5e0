//! Writing and deleting keys.

use bytes::Bytes;
use http::Method;
use quorate_wire::consul::kv::{KvPrecondition, KvWrite};

use super::{Kv, PutOptions, key, prefix};
use crate::call::Operation;
use crate::error::{Class, Error, ErrorKind};
use crate::options::WriteOptions;
use crate::session::check_id;
use crate::url::Url;

impl Kv {
    /// Writes a key. Over a locked one too: locks are advisory. Flags become 0.
    ///
    /// `PUT /v1/kv/KEY`
    ///
    /// # Errors
    /// `InvalidArgument` for a key that can't be addressed or a value above
    /// [`Limits::max_value_bytes`](crate::Limits); `Indeterminate` when the answer was lost; else
    /// see [`ErrorKind`].
    ///
    /// # Cancel safety
    /// Dropping the future does not take back a write that was sent.
    pub async fn put(&self, key: &str, value: impl Into<Bytes>) -> Result<(), Error> {
        if self.put_with(key, value, &PutOptions::default()).await? {
            return Ok(());
        }
        let operation = Operation::new("put key", key).to_string();
        let class = Class::refused(ErrorKind::Conflict);
        Err(Error::new(class, operation).with_detail("the server answered false"))
    }

    /// Writes a key if its precondition holds. `false` means that it did not, and that nothing
    /// changed.
    ///
    /// `PUT /v1/kv/KEY[?flags=…][&cas=…|&acquire=…|&release=…]`
    ///
    /// # Errors
    /// As [`put`](Self::put); `LeaseLost` when the session has ended (an `acquire` during a
    /// lock-delay is `false` even then), `InvalidArgument` when its id is no UUID.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn put_with(
        &self,
        key: &str,
        value: impl Into<Bytes>,
        options: &PutOptions,
    ) -> Result<bool, Error> {
        let write = KvWrite {
            flags: options.flags,
            precondition: options.precondition.clone(),
        };
        let operation = Operation::new(verb(&options.precondition), key);
        self.write(operation, value.into(), &write, &options.write)
            .await
    }

    /// Writes a key if its ModifyIndex is `index`; 0 means that it must not exist. Flags become 0.
    ///
    /// `PUT /v1/kv/KEY?cas=INDEX`
    ///
    /// # Errors
    /// As [`put`](Self::put). After `Indeterminate`, read the key: it may be yours.
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn cas(&self, key: &str, value: impl Into<Bytes>, index: u64) -> Result<bool, Error> {
        self.put_with(key, value, &PutOptions::new().with_cas(index))
            .await
    }

    /// Takes a key for a session and writes it. `true` too if the session held it before, `false`
    /// if another holds it or a lock-delay runs. Flags become 0.
    ///
    /// `PUT /v1/kv/KEY?acquire=SESSION`
    ///
    /// # Errors
    /// As [`put_with`](Self::put_with).
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn acquire(
        &self,
        key: &str,
        value: impl Into<Bytes>,
        session: &str,
    ) -> Result<bool, Error> {
        self.put_with(key, value, &PutOptions::new().with_acquire(session))
            .await
    }

    /// Gives a key back and writes it: the value is replaced, also by an empty one. `false` if the
    /// session does not hold it. Flags become 0.
    ///
    /// `PUT /v1/kv/KEY?release=SESSION`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn release(
        &self,
        key: &str,
        value: impl Into<Bytes>,
        session: &str,
    ) -> Result<bool, Error> {
        self.put_with(key, value, &PutOptions::new().with_release(session))
            .await
    }

    /// Deletes a key, locked or not. It is no error if there is none.
    ///
    /// `DELETE /v1/kv/KEY`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        self.delete_with(key, &WriteOptions::default()).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn delete_with(&self, name: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete key", name);
        key(operation)?;
        self.remove(operation, Url::key(name), options)
            .await
            .map(drop)
    }

    /// Deletes every key that starts with `prefix`. **An empty prefix deletes all keys**, and
    /// `a` deletes `ab` too: end it with a slash.
    ///
    /// `DELETE /v1/kv/PREFIX?recurse`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn delete_tree(&self, prefix: &str) -> Result<(), Error> {
        self.delete_tree_with(prefix, &WriteOptions::default())
            .await
    }

    /// [`delete_tree`](Self::delete_tree) with options.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn delete_tree_with(&self, name: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("delete prefix", name);
        prefix(operation)?;
        let mut url = Url::key(name);
        url.flag("recurse");
        self.remove(operation, url, options).await.map(drop)
    }

    /// Deletes a key if its ModifyIndex is `index`. `true` too if there is no such key; with 0 an
    /// existing key is never deleted.
    ///
    /// `DELETE /v1/kv/KEY?cas=INDEX`
    ///
    /// # Errors
    /// As [`put`](Self::put).
    ///
    /// # Cancel safety
    /// As [`put`](Self::put).
    pub async fn delete_cas(&self, key: &str, index: u64) -> Result<bool, Error> {
        self.delete_cas_with(key, index, &WriteOptions::default())
            .await
    }

    /// [`delete_cas`](Self::delete_cas) with options.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    pub async fn delete_cas_with(
        &self,
        name: &str,
        index: u64,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        let operation = Operation::new("delete key", name);
        key(operation)?;
        let mut url = Url::key(name);
        url.pair("cas", &index.to_string());
        self.remove(operation, url, options).await
    }

    async fn write(
        &self,
        operation: Operation<'_>,
        value: Bytes,
        write: &KvWrite,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        key(operation)?;
        let limit = self.client.limits().max_value_bytes;
        if value.len() > limit {
            let why = format_args!("value: it has {} bytes, {limit} are allowed", value.len());
            return Err(Error::invalid(operation.to_string(), why));
        }
        if let KvPrecondition::Acquire(session) | KvPrecondition::Release(session) =
            &write.precondition
        {
            check_id(operation, session)?;
        }
        let mut url = Url::key(operation.subject);
        for (name, value) in write.to_pairs() {
            url.pair(name, &value);
        }
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = value;
        self.client.execute(call).await?.truth()
    }

    async fn remove(
        &self,
        operation: Operation<'_>,
        url: Url,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        let call = self.client.write(operation, Method::DELETE, url, options);
        self.client.execute(call).await?.truth()
    }
}

fn verb(precondition: &KvPrecondition) -> &'static str {
    match precondition {
        KvPrecondition::None => "put key",
        KvPrecondition::Index(_) => "compare and set key",
        KvPrecondition::Acquire(_) => "acquire key",
        KvPrecondition::Release(_) => "release key",
    }
}
