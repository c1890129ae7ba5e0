//! The service Cluster: a cluster of one.

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::cluster_server;
use quorate_etcd_proto::etcdserverpb::{
    Member, MemberAddRequest, MemberAddResponse, MemberListRequest, MemberListResponse,
    MemberPromoteRequest, MemberPromoteResponse, MemberRemoveRequest, MemberRemoveResponse,
    MemberUpdateRequest, MemberUpdateResponse,
};
use quorate_etcd_proto::tonic::{self, Extensions, Request, Response, Status};

use super::front::Front;
use super::routes::Asked;
use super::status::refused;
use crate::engine::etcd3::{Caller, Op};
use crate::etcd2::peer_urls;

/// Where other members would reach the agent unless a client says otherwise. Nobody listens there.
const DEFAULT_PEER_URL: &str = "http://localhost:2380";

/// The service.
pub(super) struct Cluster(pub(super) Arc<Front>);

impl Front {
    /// Where other members would reach the agent.
    pub(super) fn peer_urls(&self) -> Vec<String> {
        let urls = self.with_state(|state| state.peers().cloned());
        urls.map_or_else(|| vec![DEFAULT_PEER_URL.to_owned()], |urls| urls.to_vec())
    }
}

impl Cluster {
    /// The only member. Clients turn to its addresses, so each must be one that they can reach:
    /// of a listener on all addresses, it is the one that the client has used.
    fn own(&self, asked: &Extensions) -> Member {
        let asked = asked.get::<Asked>();
        let places = self.0.agent.places.iter();
        let urls = places.map(|place| match (place.addr(), asked) {
            (Some(addr), Some(asked)) if addr.ip().is_unspecified() => {
                format!("http://{}", asked.0)
            }
            _ => place.url(),
        });
        Member {
            id: self.0.agent.identity.member,
            name: self.0.agent.name.clone(),
            peer_ur_ls: self.0.peer_urls(),
            client_ur_ls: urls.collect(),
            is_learner: false,
        }
    }

    fn manager<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        let caller = self.0.caller(request.metadata())?;
        self.0.may_manage(&caller).map_err(refused)?;
        Ok(caller)
    }

    /// Whether it is the id of the only member.
    fn find(&self, id: u64) -> Result<(), Status> {
        if id == self.0.agent.identity.member {
            Ok(())
        } else {
            Err(Status::not_found("etcdserver: member not found"))
        }
    }
}

fn checked(urls: Vec<String>) -> Result<Vec<String>, Status> {
    let bad = |_| Status::invalid_argument("etcdserver: given member URLs are invalid");
    peer_urls(urls).map_err(bad)
}

/// What etcd says where a change would cost the cluster its quorum.
fn not_enough() -> Status {
    Status::failed_precondition(
        "etcdserver: re-configuration failed due to not enough started members",
    )
}

#[tonic::async_trait]
impl cluster_server::Cluster for Cluster {
    /// Another member would not be one: the agent has no peers. etcd takes it, and then waits for
    /// it.
    async fn member_add(
        &self,
        request: Request<MemberAddRequest>,
    ) -> Result<Response<MemberAddResponse>, Status> {
        let urls = checked(request.get_ref().peer_ur_ls.clone())?;
        self.manager(&request)?;
        let known = self.0.peer_urls();
        if urls.iter().any(|url| known.contains(url)) {
            let text = "etcdserver: Peer URLs already exists";
            return Err(Status::failed_precondition(text));
        }
        Err(not_enough())
    }

    async fn member_remove(
        &self,
        request: Request<MemberRemoveRequest>,
    ) -> Result<Response<MemberRemoveResponse>, Status> {
        self.manager(&request)?;
        self.find(request.get_ref().id)?;
        Err(not_enough())
    }

    async fn member_update(
        &self,
        request: Request<MemberUpdateRequest>,
    ) -> Result<Response<MemberUpdateResponse>, Status> {
        let caller = self.manager(&request)?;
        self.find(request.get_ref().id)?;
        let urls = checked(request.get_ref().peer_ur_ls.clone())?;
        self.0.submit(caller, Op::SetPeers(urls)).await?;
        Ok(Response::new(MemberUpdateResponse {
            header: Some(self.0.header(0)),
            members: vec![self.own(request.extensions())],
        }))
    }

    async fn member_list(
        &self,
        request: Request<MemberListRequest>,
    ) -> Result<Response<MemberListResponse>, Status> {
        Ok(Response::new(MemberListResponse {
            header: Some(self.0.header(0)),
            members: vec![self.own(request.extensions())],
        }))
    }

    async fn member_promote(
        &self,
        request: Request<MemberPromoteRequest>,
    ) -> Result<Response<MemberPromoteResponse>, Status> {
        self.manager(&request)?;
        self.find(request.get_ref().id)?;
        let text = "etcdserver: can only promote a learner member";
        Err(Status::failed_precondition(text))
    }
}
