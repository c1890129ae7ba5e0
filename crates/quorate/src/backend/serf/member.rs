//! Members and tags on Serf.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_serf::{self as native, Change, EventFilter, EventStream, MemberChange};
use tokio::time::sleep;

use super::SerfBackend;
use crate::backend::roster::Roster;
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxFuture, BoxStream, MemberBackend};
use crate::{Member, MemberEvent, MemberStatus, Result, TagChanges};

const WATCH: &str = "watch the members";
/// How long to wait when it could not be begun.
const PAUSE: Duration = Duration::from_secs(1);

impl MemberBackend for SerfBackend {
    /// `members`
    fn list(&self) -> BoxFuture<'_, Result<Vec<Member>>> {
        Box::pin(async move {
            let listed = self.client.members().await;
            let listed = listed.map_err(|error| self.error(error, "list the members"))?;
            let mut members: Vec<Member> = listed.into_iter().map(member).collect();
            members.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(members)
        })
    }

    /// `stream` of all changes of members, then `members`.
    fn watch(&self) -> Result<BoxStream<'static, Result<MemberEvent>>> {
        let following = Following {
            backend: self.clone(),
            stream: None,
            roster: Roster::default(),
            pending: VecDeque::new(),
            failed: false,
        };
        Ok(unfolded(following, |mut following| {
            Box::pin(async move {
                let next = following.next().await;
                (following, next)
            })
        }))
    }

    /// `tags`
    fn change_tags<'a>(&'a self, changes: &'a TagChanges) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let mut native = native::TagChanges::new();
            native.set.clone_from(&changes.set);
            native.remove.clone_from(&changes.remove);
            let changed = self.client.set_tags(&native).await;
            changed.map_err(|error| self.error(error, "change the tags"))
        })
    }
}

pub(super) fn member(native: native::Member) -> Member {
    let mut member = Member::new(native.name, native.addr.to_string(), native.port);
    member.tags = native.tags.into();
    member.status = match native.status {
        native::MemberStatus::Alive => MemberStatus::Alive,
        native::MemberStatus::Leaving => MemberStatus::Leaving,
        native::MemberStatus::Left => MemberStatus::Left,
        native::MemberStatus::Failed => MemberStatus::Failed,
        _ => MemberStatus::Unknown,
    };
    member
}

/// A stream of the client, and what its changes mean that was not told yet.
struct Following {
    backend: SerfBackend,
    stream: Option<EventStream>,
    roster: Roster,
    pending: VecDeque<MemberEvent>,
    failed: bool,
}

impl Following {
    /// The next event. `None` after the client was closed.
    async fn next(&mut self) -> Option<Result<MemberEvent>> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some(Ok(event));
            }
            let Some(stream) = &mut self.stream else {
                if std::mem::take(&mut self.failed) {
                    sleep(PAUSE).await;
                }
                if let Err(error) = self.begin().await {
                    self.failed = true;
                    return Some(Err(self.backend.error(error, WATCH)));
                }
                continue;
            };
            match stream.next().await? {
                Ok(change) => self.take(change),
                Err(error) => return Some(Err(self.backend.error(error, WATCH))),
            }
        }
    }

    /// Follows first and asks then, so that nothing comes between.
    async fn begin(&mut self) -> Result<(), native::Error> {
        let filters: Vec<EventFilter> = MemberChange::ALL
            .iter()
            .map(|change| EventFilter::Member(*change))
            .collect();
        let client = &self.backend.client;
        let stream = client.stream(&filters).await?;
        let now = client.members().await?;
        self.pending = self.roster.replace(now.into_iter().map(member).collect());
        self.stream = Some(stream);
        Ok(())
    }

    fn take(&mut self, change: Change) {
        // The stream fills its gaps by itself.
        let Change::Event(native::Event::Member { change, members }) = change else {
            return;
        };
        for native in members {
            let mut member = member(native);
            match change {
                MemberChange::Reap => {
                    self.pending.extend(self.roster.remove(&member.name));
                    continue;
                }
                MemberChange::Failed => member.status = MemberStatus::Failed,
                MemberChange::Leave => member.status = MemberStatus::Left,
                MemberChange::Join => member.status = MemberStatus::Alive,
                MemberChange::Update => {}
            }
            self.pending.extend(self.roster.set(member));
        }
    }
}
