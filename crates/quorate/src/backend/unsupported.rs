//! What a backend does not have.

use std::io;
use std::pin::Pin;

use bytes::Bytes;

use super::{
    BoxFuture, BoxStream, Elected, ElectionBackend, EventBackend, Hold, KeptService, KvBackend,
    Lifecycle, LockBackend, MemberBackend, NodeBackend, QueryBackend, SemaphoreBackend,
    ServiceBackend, SnapshotBackend, SnapshotSource, WatchBackend,
};
use crate::{
    Acquisition, Answer, CheckResult, DeleteOptions, Delivery, ElectionOptions, Entry, Error,
    EventOptions, FireOptions, GetOptions, Holder, Inquiry, Instance, InstanceOptions, InstanceSet,
    Key, KeysOptions, ListOptions, LockOptions, Member, MemberEvent, Node, NodeDetails, NodeSet,
    Prefix, PutOptions, QueryOptions, RegisterOptions, Result, Revision, SemaphoreOptions, Service,
    ServiceSummary, TagChanges, Transaction, TxnOutcome, WatchEvent, WatchOptions, WatchTarget,
};

/// Refuses every call with [`Unsupported`](crate::ErrorKind::Unsupported): stands in for what a
/// backend does not have.
#[derive(Clone, Debug)]
pub struct Unsupported {
    url: String,
}

impl Unsupported {
    /// Stands in for what the backend at `url` does not have.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into() }
    }

    fn error(&self, operation: &str, concept: &str) -> Error {
        let detail = format!("this backend has no {concept}");
        Error::unsupported(operation, detail).with_target(self.url.as_str())
    }

    fn refuse<T: Send + 'static>(
        &self,
        operation: &str,
        concept: &str,
    ) -> BoxFuture<'static, Result<T>> {
        Box::pin(std::future::ready(Err(self.error(operation, concept))))
    }
}

const KEYS: &str = "keys and values";
const ELECTIONS: &str = "elections";
const SERVICES: &str = "services";
const NODES: &str = "nodes";
const MEMBERS: &str = "members";
const EVENTS: &str = "events";
const QUERIES: &str = "questions to all";
const SNAPSHOTS: &str = "snapshots";

impl KvBackend for Unsupported {
    fn get_with<'a>(
        &'a self,
        key: &'a Key,
        _: &'a GetOptions,
    ) -> BoxFuture<'a, Result<Option<Entry>>> {
        self.refuse(&format!("get `{key}`"), KEYS)
    }

    fn list_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        _: &'a ListOptions,
    ) -> BoxFuture<'a, Result<Vec<Entry>>> {
        self.refuse(&format!("list `{prefix}`"), KEYS)
    }

    fn keys_with<'a>(
        &'a self,
        prefix: &'a Prefix,
        _: &'a KeysOptions,
    ) -> BoxFuture<'a, Result<Vec<String>>> {
        self.refuse(&format!("list the names of `{prefix}`"), KEYS)
    }

    fn put_with<'a>(
        &'a self,
        key: &'a Key,
        _: Bytes,
        _: &'a PutOptions,
    ) -> BoxFuture<'a, Result<Revision>> {
        self.refuse(&format!("put `{key}`"), KEYS)
    }

    fn delete_with<'a>(&'a self, key: &'a Key, _: &'a DeleteOptions) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("delete `{key}`"), KEYS)
    }

    fn delete_all<'a>(&'a self, prefix: &'a Prefix) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("delete everything beneath `{prefix}`"), KEYS)
    }

    fn transact(&self, _: Transaction) -> BoxFuture<'_, Result<TxnOutcome>> {
        self.refuse("transact", KEYS)
    }
}

impl WatchBackend for Unsupported {
    fn watch(
        &self,
        target: &WatchTarget,
        _: &WatchOptions,
    ) -> Result<BoxStream<'static, Result<WatchEvent>>> {
        Err(self.error(&format!("watch `{target}`"), "watches"))
    }
}

impl LockBackend for Unsupported {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        _: &'a LockOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        self.refuse(&format!("acquire lock `{name}`"), "locks")
    }

    fn destroy<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("destroy lock `{name}`"), "locks")
    }
}

impl SemaphoreBackend for Unsupported {
    fn acquire<'a>(
        &'a self,
        name: &'a Key,
        _: u32,
        _: &'a SemaphoreOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Hold>>> {
        self.refuse(&format!("acquire semaphore `{name}`"), "semaphores")
    }

    fn destroy<'a>(&'a self, name: &'a Key, _: u32) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("destroy semaphore `{name}`"), "semaphores")
    }
}

impl ElectionBackend for Unsupported {
    fn campaign<'a>(
        &'a self,
        name: &'a Key,
        _: Bytes,
        _: &'a ElectionOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Elected>>> {
        self.refuse(&format!("campaign in election `{name}`"), ELECTIONS)
    }

    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>> {
        self.refuse(&format!("get the leader of election `{name}`"), ELECTIONS)
    }

    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>> {
        Err(self.error(&format!("observe election `{name}`"), ELECTIONS))
    }
}

impl ServiceBackend for Unsupported {
    fn register(&self, service: &Service, _: &RegisterOptions) -> Result<Box<dyn KeptService>> {
        Err(self.error(&format!("register service `{}`", service.id()), SERVICES))
    }

    fn add<'a>(&'a self, service: &'a Service) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("register service `{}`", service.id()), SERVICES)
    }

    fn deregister<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<()>> {
        self.refuse(&format!("deregister service `{id}`"), SERVICES)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<ServiceSummary>>> {
        self.refuse("list the services", SERVICES)
    }

    fn instances<'a>(
        &'a self,
        name: &'a str,
        _: &'a InstanceOptions,
    ) -> BoxFuture<'a, Result<Vec<Instance>>> {
        self.refuse(&format!("list the instances of service `{name}`"), SERVICES)
    }

    fn watch(
        &self,
        name: &str,
        _: &InstanceOptions,
    ) -> Result<BoxStream<'static, Result<InstanceSet>>> {
        Err(self.error(&format!("watch service `{name}`"), SERVICES))
    }

    fn checks<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Vec<CheckResult>>> {
        self.refuse(&format!("list the checks of service `{name}`"), SERVICES)
    }

    fn maintain<'a>(&'a self, id: &'a str, _: Option<&'a str>) -> BoxFuture<'a, Result<()>> {
        self.refuse(
            &format!("change the maintenance of service `{id}`"),
            SERVICES,
        )
    }
}

impl NodeBackend for Unsupported {
    fn list(&self) -> BoxFuture<'_, Result<Vec<Node>>> {
        self.refuse("list the nodes", NODES)
    }

    fn get<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<Option<NodeDetails>>> {
        self.refuse(&format!("get node `{name}`"), NODES)
    }

    fn watch(&self) -> Result<BoxStream<'static, Result<NodeSet>>> {
        Err(self.error("watch the nodes", NODES))
    }
}

impl MemberBackend for Unsupported {
    fn list(&self) -> BoxFuture<'_, Result<Vec<Member>>> {
        self.refuse("list the members", MEMBERS)
    }

    fn watch(&self) -> Result<BoxStream<'static, Result<MemberEvent>>> {
        Err(self.error("watch the members", MEMBERS))
    }

    fn change_tags<'a>(&'a self, _: &'a TagChanges) -> BoxFuture<'a, Result<()>> {
        self.refuse("change the tags", MEMBERS)
    }
}

impl QueryBackend for Unsupported {
    fn ask<'a>(
        &'a self,
        name: &'a str,
        _: Bytes,
        _: &'a QueryOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Answer>>>> {
        self.refuse(&format!("ask `{name}`"), QUERIES)
    }

    fn watch<'a>(
        &'a self,
        _: Option<&'a str>,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Inquiry>>>> {
        self.refuse("watch the queries", QUERIES)
    }
}

impl EventBackend for Unsupported {
    fn fire<'a>(
        &'a self,
        name: &'a str,
        _: Bytes,
        _: &'a FireOptions,
    ) -> BoxFuture<'a, Result<String>> {
        self.refuse(&format!("fire event `{name}`"), EVENTS)
    }

    fn watch<'a>(
        &'a self,
        _: &'a EventOptions,
    ) -> BoxFuture<'a, Result<BoxStream<'static, Result<Delivery>>>> {
        self.refuse("watch the events", EVENTS)
    }
}

impl SnapshotBackend for Unsupported {
    fn save(&self) -> BoxFuture<'_, Result<Pin<Box<dyn SnapshotSource>>>> {
        self.refuse("save a snapshot", SNAPSHOTS)
    }

    fn restore(
        &self,
        _: BoxStream<'static, io::Result<Bytes>>,
        _: Option<u64>,
    ) -> BoxFuture<'_, Result<()>> {
        self.refuse("restore a snapshot", SNAPSHOTS)
    }
}

impl Lifecycle for Unsupported {
    fn check(&self) -> BoxFuture<'_, Result<()>> {
        self.refuse("check", "server to ask")
    }

    fn close(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
