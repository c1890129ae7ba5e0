//! Configuration entries: `/v1/config`.

use bytes::Bytes;
use http::Method;
use quorate_wire::consul::{ConfigEntry, ConfigKind, path};

use crate::answer::Answer;
use crate::blocking::Blocking;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Configuration entries: how services speak, and where their requests go.
///
/// Entries belong to all datacenters: they are written in the primary one, whatever the options
/// say. Servers check an entry, and that every chain and gateway that it is part of still works.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::{ConfigEntry, ConfigKind};
/// use quorate_consul::wire::config_entry::{ServiceDefaults, ServiceSplit, ServiceSplitter};
///
/// let entries = client.config_entries();
/// entries.set(&ServiceDefaults::new("web").with_protocol("http").into()).await?;
/// let split = ServiceSplitter::new("web").with_split(ServiceSplit::new(100.0));
/// entries.set(&split.into()).await?;
///
/// let entry = entries.get(&ConfigKind::ServiceSplitter, "web").await?.expect("just written");
/// let ConfigEntry::ServiceSplitter(web) = &entry else { panic!("another kind") };
/// assert_eq!(web.splits[0].weight, 100.0);
/// assert!(!entries.cas(&entry, entry.modify_index() + 1).await?, "not what it was");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ConfigEntries {
    client: Client,
}

impl ConfigEntries {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// One entry, or `None` if there is none of this kind and name.
    ///
    /// `GET /v1/config/KIND/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` for a kind that the server does not know, else see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn get(&self, kind: &ConfigKind, name: &str) -> Result<Option<ConfigEntry>, Error> {
        let options = QueryOptions::default();
        Ok(self.get_with(kind, name, &options).await?.value)
    }

    /// [`get`](Self::get) with options and metadata.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_with(
        &self,
        kind: &ConfigKind,
        name: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Option<ConfigEntry>>, Error> {
        let operation = Operation::new("get config entry", name);
        let url = Url::new(&entry_path(kind, name));
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        if reply.is_absent() {
            return Ok(Answer::new(None, reply.meta()));
        }
        Ok(reply.answer(|body| serde_json::from_slice(body))?.map(Some))
    }

    /// All entries of a kind, by name.
    ///
    /// `GET /v1/config/KIND`
    ///
    /// # Errors
    /// `InvalidArgument` for a kind that the server does not know, else see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn list(&self, kind: &ConfigKind) -> Result<Vec<ConfigEntry>, Error> {
        Ok(self.list_with(kind, &QueryOptions::default()).await?.value)
    }

    /// [`list`](Self::list) with options and metadata.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_with(
        &self,
        kind: &ConfigKind,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<ConfigEntry>>, Error> {
        let operation = Operation::new("list config entries of kind", kind.as_str());
        let url = Url::named(path::CONFIG_NAMED, kind.as_str());
        let mut call = self.client.read(operation, url, options);
        call.listing = true;
        let reply = self.client.execute(call).await?;
        reply.answer(|body| serde_json::from_slice(body))
    }

    /// Creates an entry or replaces it. Repeated when the answer is lost.
    ///
    /// `PUT /v1/config`
    ///
    /// # Errors
    /// `InvalidArgument` when the server refuses the entry, and says why.
    pub async fn set(&self, entry: &ConfigEntry) -> Result<(), Error> {
        self.set_with(entry, &WriteOptions::default()).await
    }

    /// [`set`](Self::set) with options.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub async fn set_with(&self, entry: &ConfigEntry, options: &WriteOptions) -> Result<(), Error> {
        self.put(entry, None, options).await.map(drop)
    }

    /// Replaces an entry if its ModifyIndex is still this one; 0 creates it if there is none.
    /// Says whether it did.
    ///
    /// `PUT /v1/config?cas=INDEX`
    ///
    /// # Errors
    /// As [`set`](Self::set); `Indeterminate` when the answer was lost.
    pub async fn cas(&self, entry: &ConfigEntry, index: u64) -> Result<bool, Error> {
        self.cas_with(entry, index, &WriteOptions::default()).await
    }

    /// [`cas`](Self::cas) with options.
    ///
    /// # Errors
    /// As [`cas`](Self::cas).
    pub async fn cas_with(
        &self,
        entry: &ConfigEntry,
        index: u64,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        self.put(entry, Some(index), options).await
    }

    async fn put(
        &self,
        entry: &ConfigEntry,
        cas: Option<u64>,
        options: &WriteOptions,
    ) -> Result<bool, Error> {
        let operation = Operation::new("set config entry", entry.name());
        let body = serde_json::to_vec(entry)
            .map_err(|error| Error::invalid(operation.to_string(), "entry").with_source(error))?;
        let mut url = Url::new(path::CONFIG);
        if let Some(index) = cas {
            url.pair("cas", &index.to_string());
        }
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = Bytes::from(body);
        if cas.is_none() {
            call.effect = Effect::Idempotent;
        }
        self.client.execute(call).await?.truth()
    }

    /// Deletes an entry; it is no error if there is none. Repeated when the answer is lost.
    ///
    /// `DELETE /v1/config/KIND/NAME`
    ///
    /// # Errors
    /// `InvalidArgument` when something depends on the entry, or for a kind that the server does
    /// not know.
    pub async fn delete(&self, kind: &ConfigKind, name: &str) -> Result<(), Error> {
        let options = WriteOptions::default();
        self.delete_with(kind, name, &options).await
    }

    /// [`delete`](Self::delete) with options.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub async fn delete_with(
        &self,
        kind: &ConfigKind,
        name: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("delete config entry", name);
        let url = Url::new(&entry_path(kind, name));
        let mut call = self.client.write(operation, Method::DELETE, url, options);
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success().map(drop)
    }

    /// Follows one entry: what it is now, and `None` while there is none.
    pub fn watch(&self, kind: &ConfigKind, name: &str) -> Blocking<Option<ConfigEntry>> {
        let (api, kind, name) = (self.clone(), kind.clone(), name.to_owned());
        Blocking::new(QueryOptions::default(), move |options| {
            let (api, kind, name) = (api.clone(), kind.clone(), name.clone());
            Box::pin(async move { api.get_with(&kind, &name, &options).await })
        })
    }

    /// Follows all entries of a kind.
    pub fn watch_kind(&self, kind: &ConfigKind) -> Blocking<Vec<ConfigEntry>> {
        let (api, kind) = (self.clone(), kind.clone());
        Blocking::new(QueryOptions::default(), move |options| {
            let (api, kind) = (api.clone(), kind.clone());
            Box::pin(async move { api.list_with(&kind, &options).await })
        })
    }
}

fn entry_path(kind: &ConfigKind, name: &str) -> String {
    let kind = path::encode_segment(kind.as_str());
    let name = path::encode_segment(name);
    format!("{}{kind}/{name}", path::CONFIG_NAMED)
}
