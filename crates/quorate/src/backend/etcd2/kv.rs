//! Keys and values on etcd v2.

use bytes::Bytes;
use quorate_etcd::v2::{self as native, Condition, ErrorCode, Node, SetOptions};

use super::{Etcd2Backend, layout, value};
use crate::backend::bounds::check_value;
use crate::backend::names::one_level;
use crate::backend::{BoxFuture, KvBackend};
use crate::{
    DeleteOptions, Depth, Entry, Error, ErrorKind, GetOptions, Key, KeysOptions, ListOptions,
    Precondition, Prefix, PutOptions, Result, Revision, Transaction, TxnOutcome,
};

/// How often a put is tried anew while others delete and make the key between its steps.
const TRIES: u32 = 32;

impl KvBackend for Etcd2Backend {
    /// `GET /v2/keys/KEY`.
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        Box::pin(async move {
            let operation = || format!("get `{key}`");
            let options = self.reading(options.consistency);
            let read = self.read(&self.layout.path(key), options).await;
            let Some(node) = read.map_err(|error| self.error(error, operation()))? else {
                return Ok(None);
            };
            if !node.dir {
                return Ok(self.entry(node));
            }
            let own = node
                .nodes
                .into_iter()
                .find(|node| layout::is_own(&node.key));
            Ok(own.and_then(|node| self.entry(node)))
        })
    }

    /// `GET /v2/keys/DIRECTORY?recursive=true`.
    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        Box::pin(async move {
            let read = self.below(prefix, self.reading(options.consistency)).await;
            read.map_err(|error| self.error(error, format!("list `{prefix}`")))
        })
    }

    /// `GET /v2/keys/DIRECTORY?recursive=true`: what is no key, such as an empty directory, shows
    /// only by what is in it.
    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        options: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        Box::pin(async move {
            let read = self.below(prefix, self.reading(options.consistency)).await;
            let operation = || format!("list the names of `{prefix}`");
            let entries = read.map_err(|error| self.error(error, operation()))?;
            let keys = entries.into_iter().map(|entry| entry.key);
            Ok(match options.depth {
                Depth::All => keys.collect(),
                Depth::One => one_level(prefix, keys),
            })
        })
    }

    /// `PUT /v2/keys/KEY`, under a condition each time. One without would make the key anew:
    /// whoever compares when it was created would take it for another one.
    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        value: Bytes,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        Box::pin(async move {
            let text = checked(key, &value)?;
            match options.precondition {
                Precondition::None => self.put(key, &text).await,
                Precondition::NotExists => self.create(key, &text).await,
                Precondition::Revision(revision) => self.replace(key, &text, revision).await,
            }
        })
    }

    /// `DELETE /v2/keys/KEY[?prevIndex=…]`.
    fn delete_with<'a>(
        &'a self,
        key: &'a Key,
        options: &'a DeleteOptions,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = || format!("delete `{key}`");
            let mut native = native::DeleteOptions::new();
            if let Some(revision) = options.precondition.of_deletion(operation)? {
                native = native.with_condition(Condition::index(revision.0));
            }
            let keys = self.client.keys();
            let mut deleted = keys.delete_with(&self.layout.path(key), &native).await;
            if code(&deleted) == Some(ErrorCode::NotFile) {
                deleted = keys.delete_with(&self.layout.own_path(key), &native).await;
            }
            match deleted {
                Ok(_) => Ok(()),
                Err(error) if native.condition.is_none() && is_absent(&error) => Ok(()),
                Err(error) => Err(self.broken(error, operation())),
            }
        })
    }

    /// `DELETE /v2/keys/DIRECTORY?recursive=true`: at once, with what is hidden in it. Only where
    /// that would take more with it, one after the other: the root of etcd can't be deleted, and a
    /// directory may hold the value of its own name.
    ///
    /// A key that is written at the path of the directory itself meanwhile may go with it.
    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let operation = || format!("delete everything beneath `{prefix}`");
            let directory = self.layout.directory(prefix);
            let options = native::GetOptions::new().with_quorum();
            let found = self.read(&directory, options).await;
            let found = found.map_err(|error| self.error(error, operation()))?;
            let Some(node) = found.filter(|node| node.dir) else {
                return Ok(());
            };
            let one_by_one =
                directory == "/" || node.nodes.iter().any(|it| layout::is_own(&it.key));
            let paths = if one_by_one {
                let others = node.nodes.into_iter().map(|node| node.key);
                others.filter(|path| !layout::is_own(path)).collect()
            } else {
                vec![directory]
            };
            for path in paths {
                match self.client.keys().delete_tree(&path).await {
                    Ok(_) => {}
                    Err(error) if is_absent(&error) => {}
                    Err(error) => return Err(self.error(error, operation())),
                }
            }
            Ok(())
        })
    }

    fn transact(&self, _: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        let detail = "etcd v2 changes one key at a time";
        let error = Error::unsupported("transact", detail).with_target(self.url.as_str());
        Box::pin(std::future::ready(Err(error)))
    }
}

impl Etcd2Backend {
    /// What is at a path; nothing is beneath a key.
    async fn read(
        &self,
        path: &str,
        options: native::GetOptions,
    ) -> Result<Option<Node>, native::Error> {
        match self.client.keys().get_with(path, &options).await {
            Ok(answer) => Ok(answer.value),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Everything beneath a prefix, in the order of its keys.
    async fn below(
        &self,
        prefix: &Prefix,
        options: native::GetOptions,
    ) -> Result<Vec<Entry>, native::Error> {
        let directory = self.layout.directory(prefix);
        let found = self.read(&directory, options.with_recursive()).await?;
        let mut entries = Vec::new();
        if let Some(node) = found {
            each_file(node, &mut |node| {
                let entry = self.entry(node);
                entries.extend(entry.filter(|entry| prefix.covers(&entry.key)));
            });
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// A file as an entry; `None` if it is nobody's key.
    pub(super) fn entry(&self, node: Node) -> Option<Entry> {
        let key = self.layout.key(&node.key)?;
        let value = value::decode(node.value.unwrap_or_default());
        let (revision, created) = (Revision(node.modified_index), Revision(node.created_index));
        Some(Entry::new(key, value, revision, created))
    }

    async fn write(
        &self,
        path: &str,
        text: &str,
        options: &SetOptions,
    ) -> Result<Revision, native::Error> {
        let node = self.write_node(path, text, options).await?;
        Ok(Revision(node.modified_index))
    }

    async fn write_node(
        &self,
        path: &str,
        text: &str,
        options: &SetOptions,
    ) -> Result<Node, native::Error> {
        let answer = self.client.keys().set_with(path, text, options).await?;
        Ok(answer.value.node.unwrap_or_default())
    }

    /// Changes the key where it is, or makes it where it is not.
    async fn put(&self, key: &Key, text: &str) -> Result<Revision> {
        let operation = || format!("put `{key}`");
        let paths = [self.layout.path(key), self.layout.own_path(key)];
        let mut own = false;
        for _ in 0..TRIES {
            let path = &paths[usize::from(own)];
            let update = SetOptions::new().with_prev_exist(true);
            let mut written = self.write_node(path, text, &update).await;
            if code(&written) == Some(ErrorCode::KeyNotFound) {
                let create = SetOptions::new().with_prev_exist(false);
                written = self.write_node(path, text, &create).await;
            }
            match (code(&written), written) {
                // An update with an empty value succeeds on a directory, and writes nothing; or
                // it fails within, which depends on the version.
                (_, Ok(node)) if node.dir && !own => own = true,
                (_, Ok(node)) => return Ok(Revision(node.modified_index)),
                // Made by another in between.
                (Some(ErrorCode::NodeExists), _) => {}
                (Some(ErrorCode::NotFile), _) if !own => own = true,
                (Some(ErrorCode::RaftInternal), _) if !own && text.is_empty() => own = true,
                (Some(ErrorCode::NotDirectory), _) if own => own = false,
                (_, Err(error)) => return Err(self.error(error, operation())),
            }
        }
        let detail = "others make and delete the key all the time";
        let error = Error::new(ErrorKind::Conflict, operation(), detail);
        Err(error.with_target(self.url.as_str()))
    }

    async fn create(&self, key: &Key, text: &str) -> Result<Revision> {
        let operation = || format!("put `{key}`");
        let options = SetOptions::new().with_prev_exist(false);
        let written = self.write(&self.layout.path(key), text, &options).await;
        if code(&written) != Some(ErrorCode::NodeExists) {
            return written.map_err(|error| self.error(error, operation()));
        }
        // A key, or a directory: then its own value is what must not be there.
        let own = self.layout.own_path(key);
        match self.write(&own, text, &options).await {
            Ok(revision) => Ok(revision),
            Err(error)
                if matches!(
                    error.code(),
                    Some(ErrorCode::NodeExists | ErrorCode::NotDirectory)
                ) =>
            {
                let detail = "the key exists already";
                let exists = Error::new(ErrorKind::AlreadyExists, operation(), detail);
                Err(exists.with_target(self.url.as_str()).with_source(error))
            }
            Err(error) => Err(self.error(error, operation())),
        }
    }

    async fn replace(&self, key: &Key, text: &str, revision: Revision) -> Result<Revision> {
        let operation = || format!("put `{key}`");
        let options =
            SetOptions::new().with_condition(Condition::index(revision.known(operation)?.0));
        let mut written = self.write(&self.layout.path(key), text, &options).await;
        if code(&written) == Some(ErrorCode::NotFile) {
            written = self.write(&self.layout.own_path(key), text, &options).await;
        }
        written.map_err(|error| self.broken(error, operation()))
    }

    /// The error of a call with a precondition: that nothing is there breaks it too.
    fn broken(&self, error: native::Error, operation: String) -> Error {
        if !is_absent(&error) {
            return self.error(error, operation);
        }
        let detail = "the key does not exist";
        Error::new(ErrorKind::Conflict, operation, detail)
            .with_target(self.url.as_str())
            .with_source(error)
    }
}

fn code<T>(result: &Result<T, native::Error>) -> Option<ErrorCode> {
    result.as_ref().err().and_then(native::Error::code)
}

/// Whether there is no such key.
fn is_absent(error: &native::Error) -> bool {
    let absent = [
        ErrorCode::KeyNotFound,
        ErrorCode::NotDirectory,
        ErrorCode::NotFile,
    ];
    error.code().is_some_and(|code| absent.contains(&code))
}

/// The value as etcd keeps it, if it is not too large.
fn checked(key: &Key, value: &Bytes) -> Result<String> {
    check_value(value, value::MAX_BYTES, || format!("put `{key}`"))?;
    Ok(value::encode(value))
}

/// Every file of a tree, by value.
pub(super) fn each_file(node: Node, f: &mut impl FnMut(Node)) {
    let mut rest = vec![node];
    while let Some(mut node) = rest.pop() {
        if node.dir {
            rest.append(&mut node.nodes);
        } else {
            f(node);
        }
    }
}
