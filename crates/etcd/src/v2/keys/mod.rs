//! Keys and directories: `/v2/keys`.

mod delete;
mod directory;
mod options;
mod order;
mod read;
mod write;

use std::borrow::Cow;
use std::time::Duration;

use quorate_wire::etcd2::{Event, Node, key};

use super::answer::Answer;
use super::call::Operation;
use super::client::Client;
use super::error::{Class, Error, ErrorKind};

pub use options::{Condition, DeleteOptions, GetOptions, SetOptions};

/// The longest that a key can live: 100 years. Far longer ones overflow on servers, which then
/// expire the key at once or never.
pub(crate) const MAX_TTL: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// Keys and directories.
///
/// A key is an absolute path. It is cleaned before it is sent, as servers would do it: `a//b/`,
/// `/a/./b` and `/a/b` are the same key. Keys are UTF-8, and so are values: servers replace bytes
/// that are not. Parts that start with `_` are hidden from listings.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v2::Client) -> Result<(), quorate_etcd::v2::Error> {
/// use quorate_etcd::v2::Condition;
///
/// let keys = client.keys();
/// let node = keys.set("/jobs/a", "1").await?;
/// keys.compare_and_swap("/jobs/a", "2", &Condition::index(node.modified_index)).await?;
/// for node in keys.list("/jobs").await? {
///     println!("{} = {:?}", node.key, node.value);
/// }
/// keys.delete_tree("/jobs").await?;
/// assert!(keys.get("/jobs/a").await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Keys {
    pub(super) client: Client,
}

impl Keys {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }
}

/// The cleaned key of an operation.
pub(crate) fn checked(operation: Operation<'_>) -> Result<Cow<'_, str>, Error> {
    let cleaned = key::clean(operation.subject);
    match key::check(&cleaned) {
        Ok(()) => Ok(cleaned),
        Err(error) => Err(Error::invalid(operation.to_string(), error).with_source(error)),
    }
}

/// A TTL in whole seconds, rounded up: a key must not go earlier than was asked for.
pub(crate) fn ttl_seconds(ttl: Duration, operation: Operation<'_>) -> Result<u64, Error> {
    if ttl.is_zero() || ttl > MAX_TTL {
        let why = format_args!("ttl: {ttl:?} is not between 1s and 100 years");
        return Err(Error::invalid(operation.to_string(), why));
    }
    Ok(ttl.as_secs() + u64::from(ttl.subsec_nanos() > 0))
}

/// The node of an event that must have one.
pub(crate) fn node_of(event: Event, operation: Operation<'_>) -> Result<Node, Error> {
    event.node.ok_or_else(|| {
        let class = Class::refused(ErrorKind::Protocol);
        Error::new(class, operation.to_string()).with_detail("an event without a node")
    })
}

fn into_node(answer: Answer<Event>, operation: Operation<'_>) -> Result<Node, Error> {
    node_of(answer.value, operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ttl_is_rounded_up_and_bounded() {
        let operation = Operation::new("test", "");
        let seconds = |ttl| ttl_seconds(ttl, operation);
        assert_eq!(seconds(Duration::from_millis(1)).unwrap(), 1);
        assert_eq!(seconds(Duration::from_millis(1500)).unwrap(), 2);
        assert_eq!(seconds(Duration::from_secs(3)).unwrap(), 3);
        assert!(seconds(Duration::ZERO).is_err());
        assert!(seconds(MAX_TTL + Duration::from_nanos(1)).is_err());
    }
}
