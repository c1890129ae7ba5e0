//! Members: who is there, who comes, who goes.

use std::collections::BTreeMap;
use std::time::Duration;

use quorate_net::call::Operation;
use quorate_wire::serf::{Command, ForceLeave, Join, Joined, Member, MemberFilter, Members, Tags};

use crate::call::{Call, Effect};
use crate::client::Client;
use crate::error::Error;
use crate::filter;

/// How long an agent tries each address.
const JOIN: Duration = Duration::from_secs(10);
/// How long an agent waits until a change is passed on.
const BROADCAST: Duration = Duration::from_secs(5);
/// How long an agent may need to remove a member.
const FORCE_LEAVE: Duration = Duration::from_secs(7);
/// How long an agent may need to leave: two broadcasts and a pause.
const LEAVE: Duration = Duration::from_secs(12);

/// How to join others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinOptions {
    /// Whether user events from before the join are told too. Default no.
    pub replay: bool,
}

impl JoinOptions {
    /// Sets whether user events from before the join are told too.
    #[must_use]
    pub fn with_replay(mut self, replay: bool) -> Self {
        self.replay = replay;
        self
    }
}

/// How to end the membership of another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ForceLeaveOptions {
    /// Whether it is removed from the list at once, rather than after a day. Default no.
    ///
    /// Never prune a member that is alive: a real agent of 0.10.1 stands still for six seconds and
    /// forgets the member until it is started again.
    pub prune: bool,
}

impl ForceLeaveOptions {
    /// Sets whether it is removed from the list at once.
    #[must_use]
    pub fn with_prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }
}

/// Changes of the tags of an agent: some are removed, then some are set; the others stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TagChanges {
    /// Tags that are set.
    pub set: BTreeMap<String, String>,
    /// Names of tags that are removed.
    pub remove: Vec<String>,
}

impl TagChanges {
    /// Nothing is changed yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a tag.
    #[must_use]
    pub fn set(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.set.insert(name.into(), value.into());
        self
    }

    /// Removes a tag, which need not be there.
    #[must_use]
    pub fn remove(mut self, name: impl Into<String>) -> Self {
        self.remove.push(name.into());
        self
    }
}

impl Client {
    /// All members that the agent knows, in no order. Those that left or failed are among them until
    /// they are reaped, which takes a day.
    ///
    /// Protocol: `members`.
    ///
    /// # Errors
    /// As of every call: connections, tokens, times.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        let call = Call::bare(Operation::new("list members", ""), Command::Members);
        Ok(self.ask_for::<Members>(&call).await?.members)
    }

    /// The members that match a filter, by regular expressions (see [`MemberFilter`]).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let gossip = quorate_agent::GossipConfig::new(([127, 0, 0, 1], 0).into()).with_tag("role", "web");
    /// # let config = quorate_agent::AgentConfig::memory().with_serf_rpc("127.0.0.1:0".parse()?);
    /// # let agent = quorate_agent::Agent::start(config.with_gossip(gossip)).await?;
    /// # let address = agent.serf_rpc()[0].addr().expect("an address").to_string();
    /// # let client = quorate_serf::Client::connect(&address).await?;
    /// use quorate_serf::MemberFilter;
    ///
    /// let filter = MemberFilter::default().with_status("alive").with_tag("role", "web.*");
    /// assert_eq!(client.members_filtered(&filter).await?.len(), 1);
    /// # client.close();
    /// # agent.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Protocol: `members-filtered`. Expressions that can't be compiled are refused here, because a
    /// real agent ends the connection for them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) names the expression that is none.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn members_filtered(&self, filter: &MemberFilter) -> Result<Vec<Member>, Error> {
        let operation = Operation::new("list members", "");
        filter::check_members(operation.verb, filter)?;
        let call = Call::read(operation, Command::MembersFiltered, filter);
        Ok(self.ask_for::<Members>(&call).await?.members)
    }

    /// The member of exactly this name, if there is one.
    ///
    /// # Errors
    /// As of every call.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn member(&self, name: &str) -> Result<Option<Member>, Error> {
        let filter = MemberFilter::default().with_name(quorate_wire::go_regex::literal(name));
        let operation = Operation::new("look up member", name);
        let call = Call::read(operation, Command::MembersFiltered, &filter);
        Ok(self.ask_for::<Members>(&call).await?.members.pop())
    }

    /// Makes the agent join others, and says how many of them could be joined. With several addresses
    /// some may fail without an error.
    ///
    /// An address is `host:port`, `host` or `name/host:port`. The agent tries one after the other, up
    /// to 10 s each, and so long is waited for.
    ///
    /// Protocol: `join`.
    ///
    /// # Errors
    /// [`ErrorKind::JoinFailed`](crate::ErrorKind) when none could be joined.
    ///
    /// # Cancel safety
    /// The agent may go on with it.
    pub async fn join<S: AsRef<str>>(&self, addresses: &[S]) -> Result<u64, Error> {
        self.join_with(addresses, JoinOptions::default()).await
    }

    /// Joins others, with options.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    ///
    /// # Cancel safety
    /// The agent may go on with it.
    pub async fn join_with<S: AsRef<str>>(
        &self,
        addresses: &[S],
        options: JoinOptions,
    ) -> Result<u64, Error> {
        let existing: Vec<String> = addresses
            .iter()
            .map(|address| address.as_ref().to_owned())
            .collect();
        let count = u32::try_from(existing.len()).unwrap_or(u32::MAX);
        let subject = existing.join(", ");
        let join = Join {
            existing,
            replay: options.replay,
        };
        let call = Call::write(Operation::new("join", &subject), Command::Join, &join)
            .slow(JOIN.saturating_mul(count));
        Ok(self.ask_for::<Joined>(&call).await?.num)
    }

    /// Makes the agent leave the cluster and end. It answers, and then its connections end.
    ///
    /// Protocol: `leave`.
    ///
    /// # Errors
    /// As of every call. [`ErrorKind::Conflict`](crate::ErrorKind) when it is about to leave already.
    ///
    /// # Cancel safety
    /// The agent leaves all the same.
    pub async fn leave(&self) -> Result<(), Error> {
        let call = Call::bare(Operation::new("leave", ""), Command::Leave).slow(LEAVE);
        self.ask(&Call {
            effect: Effect::Write,
            ..call
        })
        .await
        .map(drop)
    }

    /// Makes a failed member one that has left, so that nobody tries to reach it any more. Agents
    /// accept every name, also one that nobody has.
    ///
    /// Protocol: `force-leave`.
    ///
    /// # Errors
    /// As of every call.
    ///
    /// # Cancel safety
    /// The agent may go on with it.
    pub async fn force_leave(&self, node: &str) -> Result<(), Error> {
        self.force_leave_with(node, ForceLeaveOptions::default())
            .await
    }

    /// Ends the membership of another, with options.
    ///
    /// # Errors
    /// As of every call.
    ///
    /// # Cancel safety
    /// The agent may go on with it.
    pub async fn force_leave_with(
        &self,
        node: &str,
        options: ForceLeaveOptions,
    ) -> Result<(), Error> {
        let body = ForceLeave {
            node: node.to_owned(),
            prune: options.prune,
        };
        let operation = Operation::new("force member to leave", node);
        let call = Call::write(operation, Command::ForceLeave, &body).slow(FORCE_LEAVE);
        self.ask(&call).await.map(drop)
    }

    /// Changes the tags of the agent, and waits until the change is passed on. All tags together
    /// have 512 bytes at most.
    ///
    /// Protocol: `tags`.
    ///
    /// # Errors
    /// [`ErrorKind::TooLarge`](crate::ErrorKind); [`ErrorKind::Indeterminate`](crate::ErrorKind)
    /// when the change could not be passed on within 5 s.
    ///
    /// # Cancel safety
    /// The agent may go on with it.
    pub async fn set_tags(&self, changes: &TagChanges) -> Result<(), Error> {
        let body = Tags {
            tags: changes.set.clone(),
            delete_tags: changes.remove.clone(),
        };
        let operation = Operation::new("set tags", "");
        let call = Call::write(operation, Command::Tags, &body).slow(BROADCAST);
        self.ask(&call).await.map(drop)
    }
}
