//! What a backend does for elections.

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;

use super::{BoxFuture, BoxStream, Grip, Lease};
use crate::{Acquisition, ElectionOptions, Holder, Holding, Key, Result};

/// Elections.
pub trait ElectionBackend: Debug + Send + Sync {
    /// Stands for election in `name`, waiting as the options say; `value` is what others read of
    /// the leader. A future that is dropped leaves nothing behind.
    fn campaign<'a>(
        &'a self,
        name: &'a Key,
        value: Bytes,
        options: &'a ElectionOptions,
    ) -> BoxFuture<'a, Result<Acquisition<Elected>>>;

    /// Who leads now; `None` if nobody does.
    fn leader<'a>(&'a self, name: &'a Key) -> BoxFuture<'a, Result<Option<Holder>>>;

    /// Follows who leads: the leader now, or `None`, then whenever that or the leader's value
    /// changes. The stream never ends; it works only while it is polled.
    fn observe(&self, name: &Key) -> Result<BoxStream<'static, Result<Option<Holder>>>>;
}

/// Having been elected, as a backend hands it over.
#[derive(Debug)]
pub struct Elected {
    /// Who leads what.
    pub holding: Holding,
    /// How long that is so.
    pub lease: Arc<dyn Lease>,
    /// The right to lead. Dropping it resigns, as dropping a [`Grip`] gives back.
    pub office: Box<dyn Office>,
}

/// The right to lead.
pub trait Office: Grip {
    /// Changes what others read of the leader, if this still leads.
    fn proclaim(&self, value: Bytes) -> BoxFuture<'_, Result<()>>;
}
