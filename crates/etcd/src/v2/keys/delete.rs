//! Deleting.

use http::Method;
use quorate_wire::etcd2::{Event, Node};

use super::{Condition, DeleteOptions, Keys, checked};
use crate::v2::answer::Answer;
use crate::v2::call::{Call, Operation};
use crate::v2::error::Error;

impl Keys {
    /// Deletes a file, and returns what it was.
    ///
    /// `DELETE /v2/keys/KEY`
    ///
    /// # Errors
    /// `NotFound`; `NotFile` for a directory; else see [`ErrorKind`](crate::v2::ErrorKind).
    ///
    /// # Cancel safety
    /// Dropping the future does not take back a deletion that was sent.
    pub async fn delete(&self, key: &str) -> Result<Option<Node>, Error> {
        self.deleted(key, &DeleteOptions::default()).await
    }

    /// Deletes as the options say, and returns the whole event.
    ///
    /// `DELETE /v2/keys/KEY[?dir=true&recursive=true&prevValue=…&prevIndex=…]`
    ///
    /// # Errors
    /// As [`delete`](Self::delete); `DirectoryNotEmpty`, also for one that holds only hidden keys;
    /// `RootReadOnly`; `CompareFailed`.
    ///
    /// # Cancel safety
    /// As [`delete`](Self::delete).
    pub async fn delete_with(
        &self,
        key: &str,
        options: &DeleteOptions,
    ) -> Result<Answer<Event>, Error> {
        let operation = Operation::new("delete key", key);
        // In the query: servers do not read the body of a DELETE, and would then delete whatever
        // is there.
        let parameters = options.parameters(operation)?;
        let call = Call::keys(operation, Method::DELETE, &checked(operation)?, &parameters);
        let call = call.with_timeout(options.timeout);
        self.client.execute(call).await?.event()
    }

    /// Deletes a file if the condition holds.
    ///
    /// `DELETE /v2/keys/KEY?prevValue=…&prevIndex=…`
    ///
    /// # Errors
    /// `CompareFailed`; else as [`delete`](Self::delete).
    ///
    /// # Cancel safety
    /// As [`delete`](Self::delete).
    pub async fn compare_and_delete(
        &self,
        key: &str,
        condition: &Condition,
    ) -> Result<Option<Node>, Error> {
        let options = DeleteOptions::new().with_condition(condition.clone());
        self.deleted(key, &options).await
    }

    /// Deletes an empty directory. A file of that name is deleted too: servers do not tell them
    /// apart here.
    ///
    /// `DELETE /v2/keys/KEY?dir=true`
    ///
    /// # Errors
    /// As [`delete_with`](Self::delete_with).
    ///
    /// # Cancel safety
    /// As [`delete`](Self::delete).
    pub async fn delete_dir(&self, key: &str) -> Result<Option<Node>, Error> {
        self.deleted(key, &DeleteOptions::new().with_dir()).await
    }

    /// Deletes a file, or a directory with everything in it.
    ///
    /// `DELETE /v2/keys/KEY?recursive=true&dir=true`
    ///
    /// # Errors
    /// As [`delete_with`](Self::delete_with).
    ///
    /// # Cancel safety
    /// As [`delete`](Self::delete).
    pub async fn delete_tree(&self, key: &str) -> Result<Option<Node>, Error> {
        self.deleted(key, &DeleteOptions::new().with_recursive())
            .await
    }

    async fn deleted(&self, key: &str, options: &DeleteOptions) -> Result<Option<Node>, Error> {
        Ok(self.delete_with(key, options).await?.value.prev_node)
    }
}
