use super::alarm::Alarm;
use super::auth::{AuthCommand, Caller};
use super::delete::{DeleteRange, Deleted};
use super::put::{Put, PutDone};
use super::refusal::Refusal;
use super::txn::TxnDone;
use super::txn_check::CheckedTxn;

/// A change of etcd's v3 state, and who asks for it.
#[derive(Clone, Debug)]
pub struct Command {
    /// Who asks.
    pub caller: Caller,
    /// What is to change.
    pub op: Op,
}

/// What is to change.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Op {
    /// Writes a key.
    Put(Put),
    /// Removes keys.
    Delete(DeleteRange),
    /// Compares, and then reads and changes keys, all at one revision.
    Txn(Box<CheckedTxn>),
    /// Forgets what keys were before this revision.
    Compact(i64),
    /// Makes a lease.
    Grant {
        /// Its id, which must not be 0.
        id: i64,
        /// How many seconds it is to live without being kept alive.
        ttl: i64,
        /// The seconds that it gets at least.
        at_least: i64,
    },
    /// Ends a lease, and removes its keys.
    Revoke(i64),
    /// Lets a lease live its whole time again.
    KeepAlive(i64),
    /// Changes users, roles, or whether they count.
    Auth(Box<AuthCommand>),
    /// Turns an alarm on or off.
    SetAlarm {
        /// Which one.
        alarm: Alarm,
        /// Whose.
        member: u64,
        /// Whether it is on from now on.
        on: bool,
    },
    /// Says where the agent's own member would be reached by others.
    SetPeers(Vec<String>),
}

impl Op {
    /// What is wrong with the request itself, whatever the state.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        match self {
            Self::Put(put) => put.check(),
            Self::Delete(delete) => delete.check(),
            _ => Ok(()),
        }
    }
}

impl Command {
    /// A command of the agent itself, which may do everything.
    #[must_use]
    pub fn of_agent(op: Op) -> Self {
        Self {
            caller: Caller::Agent,
            op,
        }
    }

    /// About how many bytes the command brings along.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match &self.op {
            Op::Put(put) => put.payload_bytes(),
            Op::Txn(txn) => txn.inner().payload_bytes(),
            _ => 0,
        }
    }
}

/// The answer to a [`Command`] that was carried out.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Reply {
    /// To [`Op::Put`].
    Put(PutDone),
    /// To [`Op::Delete`].
    Delete(Deleted),
    /// To [`Op::Txn`].
    Txn(TxnDone),
    /// To [`Op::Grant`].
    Granted {
        /// The revision.
        revision: i64,
        /// How many seconds the lease lives without being kept alive.
        ttl: i64,
    },
    /// To [`Op::KeepAlive`]: what is left of the lease in seconds, 0 where there is none.
    KeptAlive {
        /// The revision.
        revision: i64,
        /// The seconds.
        ttl: i64,
    },
    /// To [`Op::SetAlarm`]: whether it is on now, or was until now.
    Alarm {
        /// The revision.
        revision: i64,
        /// Whether there is, or was, such an alarm.
        known: bool,
    },
    /// To everything else: the revision.
    Done(i64),
}
