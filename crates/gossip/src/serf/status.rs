//! What the list of members says, as the user sees it.

use super::{Member, Status, tags};
use crate::engine::Engine;
use crate::event::{MemberChange, MemberEvent};

/// How many members are listed at most, with those that failed or left.
const MOST: usize = 1 << 17;

impl Engine {
    /// All members that are listed, this one included, in the order of their names.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.serf.members.values()
    }

    /// The member of this name.
    pub fn member(&self, name: &str) -> Option<&Member> {
        self.serf.members.get(name)
    }

    /// The list has a member that was not there, or not any more.
    pub(crate) fn member_joined(&mut self, name: &str) {
        let Some(node) = self.list.roster.get(name) else {
            return;
        };
        let mut member = Member {
            name: name.to_owned(),
            address: node.addr,
            tags: tags::decode(&node.meta),
            status: Status::Alive,
            versions: node.versions,
            ltime: 0,
            gone_at: self.now,
        };
        if let Some(known) = self.serf.members.get(name) {
            member.ltime = known.ltime;
        } else if self.serf.members.len() >= MOST {
            tracing::warn!(name, "there are too many members to list another");
            return;
        } else if let Some(intent) = self.serf.intents.take(name) {
            member.ltime = intent.ltime;
            if intent.leave {
                member.status = Status::Leaving;
            }
        }
        self.serf.members.insert(name.to_owned(), member.clone());
        self.tell_members(MemberEvent::one(MemberChange::Join, member));
    }

    /// A member says something else about itself.
    pub(crate) fn member_updated(&mut self, name: &str) {
        let Some(node) = self.list.roster.get(name) else {
            return;
        };
        let Some(member) = self.serf.members.get_mut(name) else {
            return;
        };
        let tags = tags::decode(&node.meta);
        let same = member.tags == tags && member.address == node.addr;
        member.tags = tags;
        member.address = node.addr;
        member.versions = node.versions;
        if !same {
            let event = MemberEvent::one(MemberChange::Update, member.clone());
            self.tell_members(event);
        }
    }

    /// A member does not take part any more.
    pub(crate) fn member_gone(&mut self, name: &str) {
        let left = self
            .list
            .roster
            .get(name)
            .is_some_and(|node| node.state == crate::codec::NodeState::Left);
        let Some(member) = self.serf.members.get_mut(name) else {
            return;
        };
        let change = match member.status {
            Status::Leaving => (Status::Left, MemberChange::Leave),
            // It said itself that it leaves, and the intent did not reach us.
            Status::Alive if left => (Status::Left, MemberChange::Leave),
            Status::Alive => (Status::Failed, MemberChange::Failed),
            Status::Left | Status::Failed => return,
        };
        member.status = change.0;
        member.gone_at = self.now;
        let event = MemberEvent::one(change.1, member.clone());
        self.tell_members(event);
    }
}
