//! Members: who is in the cluster, followed by gossip.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::backend::MemberBackend;
use crate::gate::Gate;
use crate::{Feed, Result};

/// The members of the cluster: [`Coordinator::members`](crate::Coordinator::members). On Serf those
/// that its agent knows, on Consul those of the pool of the agent's datacenter.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// use quorate::{MemberEvent, MemberStatus};
///
/// let coordinator = quorate::connect("memory:").await?;
/// let members = coordinator.members().list().await?;
/// assert_eq!(members[0].status, MemberStatus::Alive);
///
/// let mut changes = coordinator.members().watch()?;
/// assert_eq!(changes.next().await.unwrap()?, MemberEvent::Init);
/// assert_eq!(changes.next().await.unwrap()?, MemberEvent::Joined(members[0].clone()));
/// assert_eq!(changes.next().await.unwrap()?, MemberEvent::InitDone);
/// # coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Members {
    backend: Arc<dyn MemberBackend>,
    gate: Gate,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// Its name, which nobody else in the cluster has.
    pub name: String,
    /// The IP address at which the others reach it.
    pub address: String,
    /// The port at which the others reach it.
    pub port: u16,
    /// What is known of it.
    pub status: MemberStatus,
    /// What it says of itself.
    pub tags: BTreeMap<String, String>,
}

impl Member {
    /// A member that is alive and says nothing of itself.
    pub fn new(name: impl Into<String>, address: impl Into<String>, port: u16) -> Self {
        Self {
            name: name.into(),
            address: address.into(),
            port,
            status: MemberStatus::Alive,
            tags: BTreeMap::new(),
        }
    }
}

/// What is known of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MemberStatus {
    /// It is there.
    Alive,
    /// It is there and says that it will leave.
    Leaving,
    /// It left on purpose. It is listed for a while.
    Left,
    /// It does not answer any more. It is listed for a while.
    Failed,
    /// Something that is not known here.
    Unknown,
}

impl MemberStatus {
    /// Whether it is there.
    #[must_use]
    pub fn is_there(self) -> bool {
        matches!(self, Self::Alive | Self::Leaving)
    }

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Alive => "alive",
            Self::Leaving => "leaving",
            Self::Left => "left",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }
}

/// What a watch of the members tells.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MemberEvent {
    /// All that are listed follow, as what they are now, up to `InitDone`. Whatever was known before
    /// may be wrong.
    Init,
    /// All that are listed were told.
    InitDone,
    /// It joined, or came back; or, between `Init` and `InitDone`, it is there.
    Joined(Member),
    /// It is there and otherwise than before: mostly its tags.
    Updated(Member),
    /// It left on purpose.
    Left(Member),
    /// It does not answer any more.
    Failed(Member),
    /// It is not listed any more; as it was.
    Removed(Member),
}

impl MemberEvent {
    /// The member that it is about; `None` for the two that are about none.
    #[must_use]
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Init | Self::InitDone => None,
            Self::Joined(member)
            | Self::Updated(member)
            | Self::Left(member)
            | Self::Failed(member)
            | Self::Removed(member) => Some(member),
        }
    }
}

/// Changes of what the own agent says of itself: some tags are removed, then some are set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagChanges {
    /// Tags that are set.
    pub set: BTreeMap<String, String>,
    /// Names of tags that are removed. They need not be there.
    pub remove: Vec<String>,
}

impl TagChanges {
    /// Sets a tag.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.insert(name.into(), value.into());
        self
    }

    /// Removes a tag.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.remove.push(name.into());
        self
    }
}

impl Members {
    pub(crate) fn new(backend: Arc<dyn MemberBackend>, gate: Gate) -> Self {
        Self { backend, gate }
    }

    /// Every member that is listed, ordered by name: those that failed or left are among them for a
    /// while.
    ///
    /// # Errors
    /// Those of every read.
    pub async fn list(&self) -> Result<Vec<Member>> {
        let operation = || "list the members".to_owned();
        self.gate.run(operation, self.backend.list()).await
    }

    /// Follows the members: all of them now, between [`Init`](MemberEvent::Init) and
    /// [`InitDone`](MemberEvent::InitDone), then every change. A map that is cleared at `Init` and
    /// follows the events is exact at `InitDone` and after every event, as far as the agent knows.
    ///
    /// A connection that was lost is an error in between; what happened meanwhile follows as
    /// events. Serf tells changes of members within a second or two; Consul is asked as soon as its
    /// catalog changes, and every five seconds otherwise.
    ///
    /// # Errors
    /// `Unsupported`; `Closed`.
    pub fn watch(&self) -> Result<Feed<MemberEvent>> {
        let subject = "watch the members";
        self.gate.check(|| subject.to_owned())?;
        let events = self.backend.watch()?;
        Ok(Feed::new(subject, events, self.gate.closed()))
    }

    /// Changes what the agent that answers says of itself, and waits until that was passed on.
    ///
    /// # Errors
    /// `InvalidArgument` when its tags are too long together (Serf: 512 bytes); `Unsupported` on
    /// Consul, where an agent is told so when it starts. Else those of every write.
    ///
    /// # Cancel safety
    /// The change may be made although the future was dropped.
    pub async fn change_tags(&self, changes: &TagChanges) -> Result<()> {
        let operation = || "change the tags".to_owned();
        let changed = self.backend.change_tags(changes);
        self.gate.run(operation, changed).await
    }
}
