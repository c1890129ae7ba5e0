//! What most programs need in scope: `use quorate::prelude::*`.

pub use crate::backend::KvBackend as _;
pub use crate::{
    Acquisition, Coordinator, Entry, KvExt, Precondition, Revision, Wait, WatchEvent, connect,
};
