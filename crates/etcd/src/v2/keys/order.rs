//! Keys in the order of their making.

use std::time::Duration;

use http::Method;
use quorate_wire::etcd2::{Event, Node, Parameters, key};

use super::{GetOptions, Keys, into_node, ttl_seconds};
use crate::v2::answer::Answer;
use crate::v2::call::Operation;
use crate::v2::error::Error;

impl Keys {
    /// Makes a file in a directory under the next name in order: the index of the write, in 20
    /// digits. Later ones sort behind earlier ones.
    ///
    /// `POST /v2/keys/DIRECTORY`
    ///
    /// # Errors
    /// `NotDirectory` if it is a file; else as [`set`](Self::set). After `Indeterminate` there may
    /// be one more: look for its value.
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn create_in_order(&self, directory: &str, value: &str) -> Result<Node, Error> {
        let operation = Operation::new("create in order in", directory);
        let answer = self.create_in_order_with(directory, value, None).await?;
        into_node(answer, operation)
    }

    /// The same with a TTL of its own, and with what the headers say.
    ///
    /// `POST /v2/keys/DIRECTORY?ttl=…`
    ///
    /// # Errors
    /// As [`create_in_order`](Self::create_in_order).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn create_in_order_with(
        &self,
        directory: &str,
        value: &str,
        ttl: Option<Duration>,
    ) -> Result<Answer<Event>, Error> {
        let operation = Operation::new("create in order in", directory);
        let mut parameters = Parameters::default();
        parameters.value = Some(value.to_owned());
        parameters.ttl = ttl.map(|ttl| ttl_seconds(ttl, operation)).transpose()?;
        let call = self.form(operation, Method::POST, &parameters)?;
        self.client.execute(call).await?.event()
    }

    /// What is in a directory in the order of making: names in order first, by their numbers, so
    /// also those of servers before 2.2.0, which are not padded.
    ///
    /// `GET /v2/keys/DIRECTORY?sorted=true&quorum=true`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn in_order(&self, directory: &str) -> Result<Vec<Node>, Error> {
        Ok(self.in_order_with(directory).await?.value)
    }

    pub(crate) async fn in_order_with(&self, directory: &str) -> Result<Answer<Vec<Node>>, Error> {
        let options = GetOptions::new().with_sorted().with_quorum();
        let answer = self.get_with(directory, &options).await?;
        Ok(answer.map(|node| {
            let mut nodes = node.map(|node| node.nodes).unwrap_or_default();
            nodes.sort_by_key(|node| key::in_order_index(node.name()).unwrap_or(u64::MAX));
            nodes
        }))
    }
}
