//! Making directories.

use std::time::Duration;

use quorate_wire::etcd2::{ErrorCode, Node};

use super::{Keys, SetOptions, into_node};
use crate::v2::call::Operation;
use crate::v2::error::Error;

impl Keys {
    /// Makes a directory that must not be there. Missing ones above it are made too.
    ///
    /// `PUT /v2/keys/KEY?dir=true&prevExist=false`
    ///
    /// # Errors
    /// `AlreadyExists`, for a file too; else as [`set`](Self::set).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn create_dir(&self, key: &str) -> Result<Node, Error> {
        self.make(key, SetOptions::new()).await
    }

    /// The same, with a TTL: when it is over, everything in the directory goes with it, whatever
    /// TTL that has.
    ///
    /// # Errors
    /// As [`create_dir`](Self::create_dir).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn create_dir_for(&self, key: &str, ttl: Duration) -> Result<Node, Error> {
        self.make(key, SetOptions::new().with_ttl(ttl)).await
    }

    async fn make(&self, key: &str, options: SetOptions) -> Result<Node, Error> {
        let operation = Operation::new("create directory", key);
        let options = options.with_dir().with_prev_exist(false);
        into_node(self.put(operation, "", &options).await?, operation)
    }

    /// Makes sure that a directory is there, and says whether it had to be made.
    ///
    /// # Errors
    /// `AlreadyExists` if it is a file; else as [`set`](Self::set).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn ensure_dir(&self, key: &str) -> Result<bool, Error> {
        match self.create_dir(key).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some(ErrorCode::NodeExists) => {
                match self.get(key).await? {
                    Some(node) if node.dir => Ok(false),
                    _ => Err(error),
                }
            }
            // The root is always there, and servers say so in their own way.
            Err(error) if error.code() == Some(ErrorCode::RootReadOnly) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
