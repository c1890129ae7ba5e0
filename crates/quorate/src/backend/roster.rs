//! Who is in a cluster as it was last told, and what a look at it means.

use std::collections::{BTreeMap, VecDeque};

use crate::{Member, MemberEvent, MemberStatus};

/// The members as they were last told.
#[derive(Debug, Default)]
pub(super) struct Roster {
    members: BTreeMap<String, Member>,
    begun: bool,
}

impl Roster {
    /// Whether anything was told.
    pub(super) fn has_begun(&self) -> bool {
        self.begun
    }

    /// Takes over who is there now, and gives what has changed: at first all, as a beginning.
    pub(super) fn replace(&mut self, now: Vec<Member>) -> VecDeque<MemberEvent> {
        let mut events = VecDeque::new();
        let begins = !std::mem::replace(&mut self.begun, true);
        if begins {
            events.push_back(MemberEvent::Init);
        }
        let mut gone = self.members.clone();
        for member in now {
            gone.remove(&member.name);
            events.extend(self.set(member));
        }
        for name in gone.keys() {
            events.extend(self.remove(name));
        }
        if begins {
            events.push_back(MemberEvent::InitDone);
        }
        events
    }

    /// Takes over what is known of a member, and gives what that means, if it is news.
    pub(super) fn set(&mut self, member: Member) -> Option<MemberEvent> {
        let known = self.members.insert(member.name.clone(), member.clone());
        if known.as_ref() == Some(&member) {
            return None;
        }
        let was_there = known.is_some_and(|known| known.status.is_there());
        Some(match member.status {
            MemberStatus::Left => MemberEvent::Left(member),
            MemberStatus::Failed => MemberEvent::Failed(member),
            _ if was_there => MemberEvent::Updated(member),
            _ => MemberEvent::Joined(member),
        })
    }

    /// Takes over that a member is not listed any more.
    pub(super) fn remove(&mut self, name: &str) -> Option<MemberEvent> {
        self.members.remove(name).map(MemberEvent::Removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, status: MemberStatus, port: u16) -> Member {
        let mut member = Member::new(name, "10.0.0.1", port);
        member.status = status;
        member
    }

    #[test]
    fn the_first_look_is_a_beginning_and_later_ones_are_changes() {
        use MemberEvent::{Failed, Init, InitDone, Joined, Left, Removed, Updated};
        use MemberStatus as Is;
        let (a, b) = (member("a", Is::Alive, 1), member("b", Is::Failed, 1));
        let mut roster = Roster::default();
        assert!(!roster.has_begun());
        let first = roster.replace(vec![a.clone(), b.clone()]);
        assert_eq!(
            first,
            [Init, Joined(a.clone()), Failed(b.clone()), InitDone]
        );
        assert!(roster.replace(vec![a.clone(), b.clone()]).is_empty());
        let (changed, back) = (member("a", Is::Alive, 2), member("b", Is::Leaving, 1));
        let next = roster.replace(vec![changed.clone(), back.clone()]);
        assert_eq!(next, [Updated(changed.clone()), Joined(back.clone())]);
        let left = member("b", Is::Left, 1);
        assert_eq!(
            roster.replace(vec![left.clone()]),
            [Left(left), Removed(changed)]
        );
    }

    #[test]
    fn what_is_told_twice_is_no_news() {
        let mut roster = Roster::default();
        roster.replace(Vec::new());
        let one = member("a", MemberStatus::Alive, 1);
        assert_eq!(
            roster.set(one.clone()),
            Some(MemberEvent::Joined(one.clone()))
        );
        assert_eq!(roster.set(one.clone()), None);
        assert_eq!(roster.remove("a"), Some(MemberEvent::Removed(one)));
        assert_eq!(roster.remove("a"), None);
    }
}
