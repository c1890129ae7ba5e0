//! Reading and watching keys.

use bytes::Bytes;
use quorate_wire::consul::kv::{KvEntry, KvRead, decode_entries, decode_keys};

use super::{Kv, key, prefix};
use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::Operation;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::reply::Reply;
use crate::url::Url;

impl Kv {
    /// The entry of a key; `None` if there is none.
    ///
    /// `GET /v1/kv/KEY`
    ///
    /// # Errors
    /// `InvalidArgument` for a key that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn get(&self, key: &str) -> Result<Option<KvEntry>, Error> {
        let options = QueryOptions::default();
        let reply = self.one("get key", key, &KvRead::Entry, &options).await?;
        entry(&reply)
    }

    /// [`get`](Self::get) with options and metadata.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_with(
        &self,
        key: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<KvEntry>>, Error> {
        let reply = self.one("get key", key, &KvRead::Entry, options).await?;
        Ok(Answer::new(entry(&reply)?, reply.meta()))
    }

    /// The bytes of a key without base64 around them, the cheapest way to read a large value;
    /// `None` if there is no such key.
    ///
    /// `GET /v1/kv/KEY?raw`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn raw(&self, key: &str) -> Result<Option<Bytes>, Error> {
        Ok(self.raw_with(key, &QueryOptions::default()).await?.value)
    }

    /// [`raw`](Self::raw) with options and metadata.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn raw_with(
        &self,
        key: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<Bytes>>, Error> {
        let reply = self
            .one("get the bytes of key", key, &KvRead::Raw, options)
            .await?;
        let meta = reply.meta();
        let value = if reply.is_absent() {
            None
        } else {
            Some(reply.success()?.body)
        };
        Ok(Answer::new(value, meta))
    }

    /// Every entry under a prefix, in the order of the keys' bytes; none if there are none.
    ///
    /// `GET /v1/kv/PREFIX?recurse`
    ///
    /// # Errors
    /// As [`get`](Self::get); `Protocol` when the answer is longer than
    /// [`Limits::max_response_bytes`](crate::Limits).
    pub async fn list(&self, prefix: &str) -> Result<Vec<KvEntry>, Error> {
        Ok(self
            .list_with(prefix, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`list`](Self::list) with options and metadata.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        prefix: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<KvEntry>>, Error> {
        let reply = self
            .many("list prefix", prefix, &KvRead::Recurse, options)
            .await?;
        absent_or(reply, decode_entries)
    }

    /// The names of the keys under a prefix. With a separator each name ends behind the first one
    /// that follows the prefix, and is returned once: `keys("a/", Some("/"))` is `a/x`, `a/dir/`.
    ///
    /// `GET /v1/kv/PREFIX?keys[&separator=…]`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn keys(&self, prefix: &str, separator: Option<&str>) -> Result<Vec<String>, Error> {
        Ok(self
            .keys_with(prefix, separator, &QueryOptions::default())
            .await?
            .value)
    }

    /// [`keys`](Self::keys) with options and metadata.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn keys_with(
        &self,
        prefix: &str,
        separator: Option<&str>,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<String>>, Error> {
        let read = KvRead::Keys {
            separator: separator.map(str::to_owned),
        };
        let reply = self
            .many("list the keys under prefix", prefix, &read, options)
            .await?;
        absent_or(reply, decode_keys)
    }

    /// Follows a key: its entry now, and then whenever it changes. `None` while it is absent.
    ///
    /// # Errors
    /// None here; a key that can't be addressed is the error of each [`next`](Blocking::next).
    pub fn watch(&self, key: &str) -> Blocking<Option<KvEntry>> {
        self.watch_with(key, QueryOptions::default())
    }

    /// [`watch`](Self::watch) with options; their index is where it starts.
    pub fn watch_with(&self, key: &str, options: QueryOptions) -> Blocking<Option<KvEntry>> {
        let (kv, key) = (self.clone(), key.to_owned());
        Blocking::new(options, move |options| {
            let (kv, key) = (kv.clone(), key.clone());
            Box::pin(async move { kv.get_with(&key, &options).await })
        })
    }

    /// Follows everything under a prefix: all its entries now, and then whenever one changes.
    pub fn watch_prefix(&self, prefix: &str) -> Blocking<Vec<KvEntry>> {
        self.watch_prefix_with(prefix, QueryOptions::default())
    }

    /// [`watch_prefix`](Self::watch_prefix) with options; their index is where it starts.
    pub fn watch_prefix_with(&self, prefix: &str, options: QueryOptions) -> Blocking<Vec<KvEntry>> {
        let (kv, prefix) = (self.clone(), prefix.to_owned());
        Blocking::new(options, move |options| {
            let (kv, prefix) = (kv.clone(), prefix.clone());
            Box::pin(async move { kv.list_with(&prefix, &options).await })
        })
    }

    async fn one<'a>(
        &'a self,
        verb: &'static str,
        name: &'a str,
        read: &KvRead,
        options: &'a QueryOptions,
    ) -> Result<Reply<'a>, Error> {
        let operation = Operation::new(verb, name);
        key(operation)?;
        self.send(operation, read, options, false).await
    }

    async fn many<'a>(
        &'a self,
        verb: &'static str,
        name: &'a str,
        read: &KvRead,
        options: &'a QueryOptions,
    ) -> Result<Reply<'a>, Error> {
        let operation = Operation::new(verb, name);
        prefix(operation)?;
        self.send(operation, read, options, true).await
    }

    async fn send<'a>(
        &'a self,
        operation: Operation<'a>,
        read: &KvRead,
        options: &'a QueryOptions,
        listing: bool,
    ) -> Result<Reply<'a>, Error> {
        let mut url = Url::key(operation.subject);
        for (name, value) in read.to_pairs() {
            match value {
                Some(value) => url.pair(name, value),
                None => url.flag(name),
            }
        }
        let mut call = self.client.read(operation, url, options);
        call.listing = listing;
        self.client.execute(call).await
    }
}

/// The one entry of an answer.
fn entry(reply: &Reply<'_>) -> Result<Option<KvEntry>, Error> {
    if reply.status == http::StatusCode::OK {
        let mut entries = reply.decode(decode_entries)?;
        return match entries.len() {
            1 => Ok(entries.pop()),
            _ => Err(reply.unexpected("not one entry")),
        };
    }
    if reply.is_absent() {
        Ok(None)
    } else {
        Err(reply.refused())
    }
}

/// A list; an absent prefix is an empty one.
fn absent_or<T: Default>(
    reply: Reply<'_>,
    decode: fn(&[u8]) -> Result<T, serde_json::Error>,
) -> Result<Answer<T>, Error> {
    if reply.is_absent() {
        return Ok(Answer::new(T::default(), reply.meta()));
    }
    reply.answer(decode)
}
