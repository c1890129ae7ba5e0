//! Who holds something that was asked for.

use bytes::Bytes;
use quorate_wire::consul::KvEntry;

/// Somebody who holds a lock, or a slot of a semaphore.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Holder {
    /// The holder's session.
    pub session: String,
    /// What the holder put there for others to read: its name, its address.
    pub value: Bytes,
    /// The ModifyIndex of the holder's key. Right after an acquire this is a lock's fencing token.
    pub modify_index: u64,
}

impl Holder {
    /// The holder of `entry`, if it has one.
    pub(crate) fn of(entry: &KvEntry) -> Option<Self> {
        let session = entry.session.clone()?;
        let (value, modify_index) = (entry.value.clone(), entry.modify_index);
        Some(Self {
            session,
            value,
            modify_index,
        })
    }
}
