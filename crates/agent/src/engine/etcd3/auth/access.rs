use super::user::User;
use super::{Auth, ROOT};
use crate::engine::etcd3::command::{Command, Op};
use crate::engine::etcd3::intervals::Intervals;
use crate::engine::etcd3::key_range::KeyRange;
use crate::engine::etcd3::refusal::Refusal;
use crate::engine::etcd3::state::State;
use crate::engine::etcd3::txn::{Txn, TxnOp};

/// Who asks for something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    /// Nobody knows.
    #[default]
    Nobody,
    /// This user, who has shown a token.
    User(Box<str>),
    /// The agent itself, which may do everything.
    Agent,
}

/// What is to be done to keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

impl Auth {
    /// Whether `caller` may read all keys of `range`.
    ///
    /// # Errors
    /// When it may not, or users count and it is none.
    pub fn may_read(&self, caller: &Caller, range: &KeyRange) -> Result<(), Refusal> {
        self.may(caller, range, Access::Read)
    }

    /// Whether `caller` may change all keys of `range`.
    ///
    /// # Errors
    /// As in [`Auth::may_read`].
    pub fn may_write(&self, caller: &Caller, range: &KeyRange) -> Result<(), Refusal> {
        self.may(caller, range, Access::Write)
    }

    /// Whether `caller` may do what has to do with users and members.
    ///
    /// # Errors
    /// As in [`Auth::may_read`].
    pub fn may_manage(&self, caller: &Caller) -> Result<(), Refusal> {
        match self.user_of(caller)? {
            Some(user) if !user.has_role(ROOT) => Err(Refusal::PermissionDenied),
            _ => Ok(()),
        }
    }

    /// Whether `caller` may see the user `name`: everybody may see himself.
    ///
    /// # Errors
    /// As in [`Auth::may_read`].
    pub fn may_see_user(&self, caller: &Caller, name: &str) -> Result<(), Refusal> {
        match self.user_of(caller)? {
            Some(user) if user.name == name => Ok(()),
            _ => self.may_manage(caller),
        }
    }

    /// Whether `caller` may see the role `name`: everybody may see his own.
    ///
    /// # Errors
    /// As in [`Auth::may_read`].
    pub fn may_see_role(&self, caller: &Caller, name: &str) -> Result<(), Refusal> {
        match self.user_of(caller)? {
            Some(user) if user.has_role(name) => Ok(()),
            _ => self.may_manage(caller),
        }
    }

    /// Who asks; nobody where it does not matter.
    fn user_of(&self, caller: &Caller) -> Result<Option<&User>, Refusal> {
        if !self.is_enabled() {
            return Ok(None);
        }
        match caller {
            Caller::Agent => Ok(None),
            Caller::Nobody => Err(Refusal::UserEmpty),
            Caller::User(name) => {
                let user = self.user(name).ok_or(Refusal::PermissionDenied)?;
                Ok(Some(user))
            }
        }
    }

    fn may(&self, caller: &Caller, range: &KeyRange, access: Access) -> Result<(), Refusal> {
        let Some(user) = self.user_of(caller)?.filter(|user| !user.has_role(ROOT)) else {
            return Ok(());
        };
        let mut permitted = Intervals::default();
        let roles = user.roles.iter().filter_map(|role| self.role(role));
        for permission in roles.flat_map(|role| &role.permissions) {
            let fits = match access {
                Access::Read => permission.kind.reads(),
                Access::Write => permission.kind.writes(),
            };
            if fits {
                permitted.add(&permission.range);
            }
        }
        // etcd permits a range without keys if its first one is; if it ends before it begins, that
        // depends there on how the permissions lie in a tree.
        if range.ends_before_it_begins() || !permitted.covers(range) {
            return Err(Refusal::PermissionDenied);
        }
        Ok(())
    }
}

impl State {
    /// Why the caller may not have done what it asks for.
    pub(in crate::engine::etcd3) fn refuse_for_users(
        &self,
        command: &Command,
    ) -> Result<(), Refusal> {
        if !self.auth.is_enabled() {
            return Ok(());
        }
        let caller = &command.caller;
        match &command.op {
            Op::Put(put) => {
                let range = KeyRange::single(put.key.clone());
                self.auth.may_write(caller, &range)?;
                self.may_end_with(caller, put.lease)?;
                if put.prev_kv {
                    self.auth.may_read(caller, &range)?;
                }
                Ok(())
            }
            Op::Delete(delete) => {
                self.auth.may_write(caller, &delete.range)?;
                if delete.prev_kv {
                    self.auth.may_read(caller, &delete.range)?;
                }
                Ok(())
            }
            Op::Txn(txn) => self.may_transact(caller, txn.inner()),
            Op::Revoke(id) => self.may_end_with(caller, *id),
            Op::Auth(_) | Op::SetPeers(_) => self.auth.may_manage(caller),
            Op::Compact(_) | Op::Grant { .. } | Op::KeepAlive(_) | Op::SetAlarm { .. } => Ok(()),
        }
    }

    /// Whether the caller may read all that a transaction reads which changes nothing.
    pub(in crate::engine::etcd3) fn may_read_all(
        &self,
        caller: &Caller,
        txn: &Txn,
    ) -> Result<(), Refusal> {
        if self.auth.is_enabled() {
            self.may_transact(caller, txn)?;
        }
        Ok(())
    }

    /// Whether the caller may change all keys of a lease: they end with it.
    fn may_end_with(&self, caller: &Caller, lease: i64) -> Result<(), Refusal> {
        let Some(lease) = self.lease(lease) else {
            return Ok(());
        };
        lease.keys().try_for_each(|key| {
            let range = KeyRange::single(key.clone());
            self.auth.may_write(caller, &range)
        })
    }

    /// Whether the caller may see all keys of a lease.
    ///
    /// # Errors
    /// When it may not, or users count and it is none.
    pub fn may_see_lease(&self, caller: &Caller, lease: i64) -> Result<(), Refusal> {
        self.auth.user_of(caller)?;
        let Some(lease) = self.lease(lease) else {
            return Ok(());
        };
        lease.keys().try_for_each(|key| {
            let range = KeyRange::single(key.clone());
            self.auth.may_read(caller, &range)
        })
    }

    /// Unlike etcd 3.5, this looks into transactions within too, and at the leases of writes.
    fn may_transact(&self, caller: &Caller, txn: &Txn) -> Result<(), Refusal> {
        for compare in &txn.compare {
            self.auth.may_read(caller, &compare.range)?;
        }
        let mut ops = txn.success.iter().chain(&txn.failure);
        ops.try_for_each(|op| match op {
            TxnOp::Range(range) => self.auth.may_read(caller, &range.range),
            TxnOp::Put(put) => {
                let range = KeyRange::single(put.key.clone());
                self.auth.may_write(caller, &range)?;
                self.may_end_with(caller, put.lease)
            }
            TxnOp::Delete(delete) => {
                if delete.prev_kv {
                    self.auth.may_read(caller, &delete.range)?;
                }
                self.auth.may_write(caller, &delete.range)
            }
            TxnOp::Txn(txn) => self.may_transact(caller, txn),
            TxnOp::Nothing => Ok(()),
        })
    }
}
