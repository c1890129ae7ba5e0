//! Two members with one name: those that know both decide.

use std::net::SocketAddr;

use bytes::Bytes;

use super::message::ConflictMember;
use super::query::{INTERNAL, Purpose, QuerySpec};
use crate::address;
use crate::engine::{Engine, Output};

impl Engine {
    /// Somebody at `other` claims a name that somebody else has.
    pub(crate) fn name_conflict(&mut self, name: &str, other: SocketAddr) {
        if name != self.config.name {
            tracing::warn!(name, %other, "two members have the same name");
            return;
        }
        tracing::error!(name, %other, "another member has our name");
        if !self.config.resolve_conflicts || self.serf.resolving_conflict {
            return;
        }
        let spec = QuerySpec::new(format!("{INTERNAL}conflict"))
            .with_payload(Bytes::copy_from_slice(name.as_bytes()));
        let purpose = Purpose::Conflict {
            answers: 0,
            for_us: 0,
        };
        self.serf.resolving_conflict = self.ask(&spec, purpose).is_ok();
    }

    /// Who has the name, as far as we know; nothing if it is our own.
    pub(super) fn who_has(&self, name: &[u8]) -> Option<Vec<u8>> {
        let name = std::str::from_utf8(name).ok()?;
        let member = self.serf.members.get(name)?;
        if name == self.config.name {
            return None;
        }
        let known = ConflictMember {
            addr: address::to_bytes(member.address.ip()),
            delegate: member.versions.delegate,
            delegate_max: member.versions.delegate_max,
            delegate_min: member.versions.delegate_min,
            name: member.name.clone(),
            port: member.address.port(),
            protocol: member.versions.protocol,
            protocol_max: member.versions.protocol_max,
            protocol_min: member.versions.protocol_min,
            status: member.status.number(),
            tags: member.tags.clone(),
        };
        Some(known.to_payload())
    }

    pub(super) fn conflict_answer(&mut self, key: u64, payload: &Bytes) {
        let Ok(member) = ConflictMember::from_payload(payload) else {
            return;
        };
        let here = address::from_bytes(&member.addr, member.port) == Some(self.config.address);
        let query = self.serf.own.get_mut(&key);
        if let Some(Purpose::Conflict { answers, for_us }) = query.map(|query| &mut query.purpose) {
            *answers += 1;
            *for_us += usize::from(here);
        }
    }

    /// The one that most members do not know has to stop. Without any answer nobody has to.
    pub(super) fn conflict_decided(&mut self, answers: usize, for_us: usize) {
        self.serf.resolving_conflict = false;
        let majority = answers / 2 + 1;
        if answers == 0 || for_us >= majority {
            tracing::warn!(answers, for_us, "we keep our name");
            return;
        }
        tracing::error!(
            answers,
            for_us,
            "most members know another member by our name: we stop"
        );
        self.out.push_back(Output::NameLost);
    }
}
