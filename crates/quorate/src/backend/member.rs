//! What a backend does for members.

use std::fmt::Debug;

use super::{BoxFuture, BoxStream};
use crate::{Member, MemberEvent, Result, TagChanges};

/// The members of a cluster.
pub trait MemberBackend: Debug + Send + Sync {
    /// Every member that is listed, ordered by name.
    fn list(&self) -> BoxFuture<'_, Result<Vec<Member>>>;

    /// Follows the members, by the rules of [`Members::watch`](crate::Members::watch). The stream
    /// never ends; it works only while it is polled.
    fn watch(&self) -> Result<BoxStream<'static, Result<MemberEvent>>>;

    /// Changes what the agent that answers says of itself.
    fn change_tags<'a>(&'a self, changes: &'a TagChanges) -> BoxFuture<'a, Result<()>>;
}
