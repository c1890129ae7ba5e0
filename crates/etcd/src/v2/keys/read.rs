//! Reading.

use http::Method;
use quorate_wire::etcd2::{ErrorCode, Node};

use super::{GetOptions, Keys, checked, node_of};
use crate::v2::answer::Answer;
use crate::v2::call::{Call, Operation};
use crate::v2::error::{Error, ErrorKind};

impl Keys {
    /// A file, or a directory with one level of what is in it. `None` if nothing is there.
    ///
    /// `GET /v2/keys/KEY`
    ///
    /// # Errors
    /// `NotDirectory` if the path leads through a file; else see [`ErrorKind`].
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn get(&self, key: &str) -> Result<Option<Node>, Error> {
        let answer = self.get_with(key, &GetOptions::default()).await?;
        Ok(answer.value)
    }

    /// The same as the options say, with what the headers say.
    ///
    /// `GET /v2/keys/KEY[?recursive=true&sorted=true&quorum=true]`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn get_with(
        &self,
        key: &str,
        options: &GetOptions,
    ) -> Result<Answer<Option<Node>>, Error> {
        let operation = Operation::new("get key", key);
        let parameters = options.parameters();
        let call = Call::keys(operation, Method::GET, &checked(operation)?, &parameters);
        let reply = self
            .client
            .execute(call.with_timeout(options.timeout))
            .await?;
        let meta = reply.meta();
        match reply.event() {
            Ok(answer) => Ok(Answer::new(Some(node_of(answer.value, operation)?), meta)),
            Err(error) if error.code() == Some(ErrorCode::KeyNotFound) => {
                Ok(Answer::new(None, meta))
            }
            Err(error) => Err(error),
        }
    }

    /// What is in a directory, one level, in the order of the keys. Nothing if there is no such
    /// directory. Hidden keys are left out.
    ///
    /// `GET /v2/keys/KEY?sorted=true`
    ///
    /// # Errors
    /// `NotDirectory` if it is a file; else as [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn list(&self, directory: &str) -> Result<Vec<Node>, Error> {
        let options = GetOptions::new().with_sorted();
        let node = self.get_with(directory, &options).await?.value;
        match node {
            Some(node) if !node.dir => {
                let class = crate::v2::error::Class::refused(ErrorKind::NotDirectory);
                let operation = Operation::new("list directory", directory);
                Err(Error::new(class, operation.to_string()).with_detail("it is a file"))
            }
            node => Ok(node.map(|node| node.nodes).unwrap_or_default()),
        }
    }

    /// A directory with everything below it, in the order of the keys. `None` if nothing is there.
    ///
    /// `GET /v2/keys/KEY?recursive=true&sorted=true`
    ///
    /// # Errors
    /// As [`get`](Self::get).
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn tree(&self, directory: &str) -> Result<Option<Node>, Error> {
        let options = GetOptions::new().with_recursive().with_sorted();
        Ok(self.get_with(directory, &options).await?.value)
    }

    /// Whether something is there.
    ///
    /// `GET /v2/keys/KEY`
    ///
    /// # Errors
    /// As [`get`](Self::get); a path that leads through a file is no error but `false`.
    ///
    /// # Cancel safety
    /// As [`get`](Self::get).
    pub async fn contains(&self, key: &str) -> Result<bool, Error> {
        match self.get(key).await {
            Ok(node) => Ok(node.is_some()),
            Err(error) if error.code() == Some(ErrorCode::NotDirectory) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
