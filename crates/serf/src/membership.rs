//! What a stream knows of the members, so that a gap can be filled.

use std::collections::BTreeMap;

use quorate_wire::serf::{Member, MemberChange, MemberStatus};

/// The members as they were last told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Membership {
    members: BTreeMap<String, Member>,
}

impl Membership {
    pub(crate) fn new(members: impl IntoIterator<Item = Member>) -> Self {
        let members = members.into_iter();
        Self {
            members: members
                .map(|member| (member.name.clone(), member))
                .collect(),
        }
    }

    /// Those that are there.
    pub(crate) fn alive(&self) -> Vec<Member> {
        self.members
            .values()
            .filter(|member| is_there(member))
            .cloned()
            .collect()
    }

    /// Takes note of a change, and gives the members for which it is one.
    ///
    /// After one change of tags, real agents tell the same update again with every later change of
    /// any member.
    pub(crate) fn apply(&mut self, change: MemberChange, members: Vec<Member>) -> Vec<Member> {
        let mut news = Vec::with_capacity(members.len());
        for member in members {
            let known = match change {
                MemberChange::Reap => self.members.remove(&member.name),
                _ => self.members.insert(member.name.clone(), member.clone()),
            };
            if change != MemberChange::Update || known.is_none_or(|known| known != member) {
                news.push(member);
            }
        }
        news
    }

    /// Takes over what is there now, and gives what has changed since.
    pub(crate) fn replace(&mut self, now: Self) -> Vec<(MemberChange, Vec<Member>)> {
        let before = std::mem::replace(self, now);
        let mut changes: BTreeMap<MemberChange, Vec<Member>> = BTreeMap::new();
        for (name, member) in &self.members {
            if let Some(change) = change(before.members.get(name), member) {
                changes.entry(change).or_default().push(member.clone());
            }
        }
        for (name, member) in before.members {
            if !self.members.contains_key(&name) {
                changes.entry(MemberChange::Reap).or_default().push(member);
            }
        }
        changes.into_iter().collect()
    }
}

fn is_there(member: &Member) -> bool {
    matches!(member.status, MemberStatus::Alive | MemberStatus::Leaving)
}

/// What must have happened between two looks at a member.
fn change(before: Option<&Member>, now: &Member) -> Option<MemberChange> {
    let was_there = before.is_some_and(is_there);
    match (&now.status, before) {
        (_, Some(before)) if before == now => None,
        (_, _) if is_there(now) && !was_there => Some(MemberChange::Join),
        (_, _) if is_there(now) => Some(MemberChange::Update),
        (MemberStatus::Failed, before) => {
            let known = before.is_some_and(|before| before.status == MemberStatus::Failed);
            (!known).then_some(MemberChange::Failed)
        }
        (MemberStatus::Left, before) => {
            let known = before.is_some_and(|before| before.status == MemberStatus::Left);
            (!known).then_some(MemberChange::Leave)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, status: MemberStatus, tag: &str) -> Member {
        Member {
            name: name.to_owned(),
            status,
            tags: [("v", tag)].into(),
            ..Member::default()
        }
    }

    fn names(changes: &[(MemberChange, Vec<Member>)]) -> Vec<(MemberChange, Vec<&str>)> {
        changes
            .iter()
            .map(|(change, members)| {
                (
                    *change,
                    members.iter().map(|member| member.name.as_str()).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn a_gap_is_told_as_what_must_have_happened() {
        use MemberStatus::{Alive, Failed, Left};
        let before = [
            member("stays", Alive, "1"),
            member("changes", Alive, "1"),
            member("fails", Alive, "1"),
            member("leaves", Alive, "1"),
            member("returns", Failed, "1"),
            member("reaped", Left, "1"),
            member("still-failed", Failed, "1"),
        ];
        let now = [
            member("stays", Alive, "1"),
            member("changes", Alive, "2"),
            member("fails", Failed, "1"),
            member("leaves", Left, "1"),
            member("returns", Alive, "1"),
            member("new", Alive, "1"),
            member("still-failed", Failed, "2"),
        ];
        let mut membership = Membership::new(before);
        let changes = membership.replace(Membership::new(now));
        let expected = [
            (MemberChange::Join, vec!["new", "returns"]),
            (MemberChange::Leave, vec!["leaves"]),
            (MemberChange::Failed, vec!["fails"]),
            (MemberChange::Update, vec!["changes"]),
            (MemberChange::Reap, vec!["reaped"]),
        ];
        assert_eq!(names(&changes), expected);
        let again = membership.clone();
        assert!(membership.replace(again).is_empty());
    }

    #[test]
    fn an_update_that_changes_nothing_is_not_told() {
        let mut membership = Membership::new([member("a", MemberStatus::Alive, "1")]);
        let told = membership.apply(
            MemberChange::Update,
            vec![member("a", MemberStatus::Alive, "2")],
        );
        assert_eq!(told.len(), 1);
        let told = membership.apply(
            MemberChange::Update,
            vec![member("a", MemberStatus::Alive, "2")],
        );
        assert!(told.is_empty());
        // Everything else is told however often it comes.
        let told = membership.apply(
            MemberChange::Join,
            vec![member("a", MemberStatus::Alive, "2")],
        );
        assert_eq!(told.len(), 1);
    }
}
