//! The members of the cluster: the service `Cluster`.

use quorate_etcd_proto::etcdserverpb as pb;

use super::call::{Call, Operation, Rpc};
use super::client::Client;
use super::error::Error;
use super::link::MEMBERS;

const ADD: Rpc<pb::MemberAddRequest, pb::MemberAddResponse> =
    Rpc::write("/etcdserverpb.Cluster/MemberAdd");
const REMOVE: Rpc<pb::MemberRemoveRequest, pb::MemberRemoveResponse> =
    Rpc::write("/etcdserverpb.Cluster/MemberRemove");
const UPDATE: Rpc<pb::MemberUpdateRequest, pb::MemberUpdateResponse> =
    Rpc::idempotent("/etcdserverpb.Cluster/MemberUpdate");
const PROMOTE: Rpc<pb::MemberPromoteRequest, pb::MemberPromoteResponse> =
    Rpc::write("/etcdserverpb.Cluster/MemberPromote");

/// The members of the cluster. From [`Client::members`]; clones are the same.
#[derive(Clone, Debug)]
pub struct Members {
    client: Client,
}

/// A member.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Member {
    /// What tells members apart; shown in hexadecimal by etcd's own tools.
    pub id: u64,
    /// Its name; empty as long as it has not been started.
    pub name: String,
    /// Where other members reach it.
    pub peer_urls: Vec<String>,
    /// Where clients reach it; none as long as it has not been started.
    pub client_urls: Vec<String>,
    /// Whether it has no vote yet.
    pub is_learner: bool,
}

impl From<pb::Member> for Member {
    fn from(member: pb::Member) -> Self {
        Self {
            id: member.id,
            name: member.name,
            peer_urls: member.peer_ur_ls,
            client_urls: member.client_ur_ls,
            is_learner: member.is_learner,
        }
    }
}

impl Client {
    /// The members of the cluster: the service `Cluster`.
    #[must_use]
    pub fn members(&self) -> Members {
        Members {
            client: self.clone(),
        }
    }
}

impl Members {
    /// All members, by agreement of the servers.
    ///
    /// `Cluster.MemberList`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list(&self) -> Result<Vec<Member>, Error> {
        self.list_of(true).await
    }

    /// All members as one server knows them, also without a leader.
    ///
    /// `Cluster.MemberList`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list_local(&self) -> Result<Vec<Member>, Error> {
        self.list_of(false).await
    }

    async fn list_of(&self, linearizable: bool) -> Result<Vec<Member>, Error> {
        let operation = Operation::new("list the members", "");
        let request = pb::MemberListRequest { linearizable };
        let mut call = Call::new(operation, &MEMBERS, &request);
        if !linearizable {
            call = call.of_a_member(None);
        }
        let response: pb::MemberListResponse = self.client.send(&call).await?;
        Ok(all(response.members))
    }

    /// Adds a member, to be started after that.
    ///
    /// `Cluster.MemberAdd`
    ///
    /// # Errors
    /// `AlreadyExists`, `InvalidArgument`, `Conflict` if too few members are well; what any write
    /// answers.
    ///
    /// # Cancel safety
    /// It may be added or not.
    pub async fn add(&self, peer_urls: &[&str]) -> Result<Member, Error> {
        self.add_as(peer_urls, false).await
    }

    /// Adds a member without a vote, to be [promoted](Self::promote) when it has caught up.
    ///
    /// `Cluster.MemberAdd`
    ///
    /// # Errors
    /// As [`add`](Self::add).
    ///
    /// # Cancel safety
    /// It may be added or not.
    pub async fn add_learner(&self, peer_urls: &[&str]) -> Result<Member, Error> {
        self.add_as(peer_urls, true).await
    }

    async fn add_as(&self, peer_urls: &[&str], is_learner: bool) -> Result<Member, Error> {
        let urls = peer_urls.join(",");
        let operation = Operation::new("add member", &urls);
        let request = pb::MemberAddRequest {
            peer_ur_ls: owned(peer_urls),
            is_learner,
        };
        let response = self.client.ask(operation, &ADD, &request).await?;
        let member = response.member.map(Member::from);
        member.ok_or_else(|| Error::protocol(operation.to_string(), true, "no member in it"))
    }

    /// Removes a member. Tells those that are left.
    ///
    /// `Cluster.MemberRemove`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if too few would be left.
    ///
    /// # Cancel safety
    /// It may be removed or not.
    pub async fn remove(&self, id: u64) -> Result<Vec<Member>, Error> {
        let name = format!("{id:x}");
        let operation = Operation::new("remove member", &name);
        let request = pb::MemberRemoveRequest { id };
        let response = self.client.ask(operation, &REMOVE, &request).await?;
        Ok(all(response.members))
    }

    /// Changes where other members reach one.
    ///
    /// `Cluster.MemberUpdate`
    ///
    /// # Errors
    /// `NotFound`, `AlreadyExists`, `InvalidArgument`.
    ///
    /// # Cancel safety
    /// It may be changed or not.
    pub async fn update(&self, id: u64, peer_urls: &[&str]) -> Result<Vec<Member>, Error> {
        let name = format!("{id:x}");
        let operation = Operation::new("update member", &name);
        let request = pb::MemberUpdateRequest {
            id,
            peer_ur_ls: owned(peer_urls),
        };
        let response = self.client.ask(operation, &UPDATE, &request).await?;
        Ok(all(response.members))
    }

    /// Gives a member its vote.
    ///
    /// `Cluster.MemberPromote`
    ///
    /// # Errors
    /// `NotFound`; `Conflict` if it has one, or has not caught up.
    ///
    /// # Cancel safety
    /// It may be promoted or not.
    pub async fn promote(&self, id: u64) -> Result<Vec<Member>, Error> {
        let name = format!("{id:x}");
        let operation = Operation::new("promote member", &name);
        let request = pb::MemberPromoteRequest { id };
        let response = self.client.ask(operation, &PROMOTE, &request).await?;
        Ok(all(response.members))
    }
}

fn all(members: Vec<pb::Member>) -> Vec<Member> {
    members.into_iter().map(Member::from).collect()
}

fn owned(urls: &[&str]) -> Vec<String> {
    urls.iter().map(|url| (*url).to_owned()).collect()
}
