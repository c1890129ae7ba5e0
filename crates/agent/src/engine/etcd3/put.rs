use std::sync::Arc;

use bytes::Bytes;

use super::key_value::KeyValue;
use super::refusal::Refusal;
use super::state::State;
use super::step::Step;

/// A write of a key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Put {
    /// The key.
    pub key: Bytes,
    /// The value.
    pub value: Bytes,
    /// The lease that the key ends with from now on; 0 is none.
    pub lease: i64,
    /// Tells what the key was before.
    pub prev_kv: bool,
    /// Keeps the value of a key that must be there.
    pub ignore_value: bool,
    /// Keeps the lease of a key that must be there.
    pub ignore_lease: bool,
}

impl Put {
    /// What is wrong with the request itself.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        if self.key.is_empty() {
            return Err(Refusal::EmptyKey);
        }
        if self.ignore_value && !self.value.is_empty() {
            return Err(Refusal::ValueProvided);
        }
        if self.ignore_lease && self.lease != 0 {
            return Err(Refusal::LeaseProvided);
        }
        Ok(())
    }

    pub(super) fn payload_bytes(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

/// What a [`Put`] comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutDone {
    /// The revision.
    pub revision: i64,
    /// What the key was before, where that was asked for.
    pub prev: Option<Arc<KeyValue>>,
}

impl State {
    /// Why a write can't be carried out as things are. The lease is looked for first, as in etcd.
    fn refuse_put(&self, put: &Put) -> Result<(), Refusal> {
        self.refuse_lease(put)?;
        self.refuse_key(put)
    }

    /// The same within a transaction, where etcd looks for the key first.
    pub(super) fn refuse_put_within(&self, put: &Put) -> Result<(), Refusal> {
        self.refuse_key(put)?;
        self.refuse_lease(put)
    }

    fn refuse_lease(&self, put: &Put) -> Result<(), Refusal> {
        if put.lease != 0 && !self.leases.contains_key(&put.lease) {
            return Err(Refusal::LeaseNotFound);
        }
        Ok(())
    }

    fn refuse_key(&self, put: &Put) -> Result<(), Refusal> {
        let keeps = put.ignore_value || put.ignore_lease;
        if keeps && !self.live.contains_key(&put.key) {
            return Err(Refusal::KeyNotFound);
        }
        Ok(())
    }
}

impl Step<'_> {
    pub(super) fn put(&mut self, put: &Put) -> Result<PutDone, Refusal> {
        self.state.refuse_put(put)?;
        Ok(self.write(put))
    }

    /// Carries out a write that nothing speaks against.
    pub(super) fn write(&mut self, put: &Put) -> PutDone {
        let revision = self.next_revision();
        let before = self.state.live.get(&put.key).cloned();
        let old = before.as_deref();
        let kv = KeyValue {
            key: old.map_or_else(|| put.key.clone(), |old| old.key.clone()),
            value: match old {
                Some(old) if put.ignore_value => old.value.clone(),
                _ => put.value.clone(),
            },
            create_revision: old.map_or(revision, |old| old.create_revision),
            mod_revision: revision,
            version: old.map_or(1, |old| old.version + 1),
            lease: match old {
                Some(old) if put.ignore_lease => old.lease,
                _ => put.lease,
            },
        };
        let was = old.map_or(0, |old| old.lease);
        self.state.attach(&kv.key, was, kv.lease);
        self.put_key(kv);
        PutDone {
            revision,
            prev: before.filter(|_| put.prev_kv),
        }
    }
}
