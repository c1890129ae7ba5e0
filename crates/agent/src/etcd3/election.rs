//! The service Election.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use quorate_etcd_proto::tonic::{self, Request, Response, Status};
use quorate_etcd_proto::v3electionpb::election_server;
use quorate_etcd_proto::v3electionpb::{
    CampaignRequest, CampaignResponse, LeaderKey, LeaderRequest, LeaderResponse, ProclaimRequest,
    ProclaimResponse, ResignRequest, ResignResponse,
};

use super::front::Front;
use super::kv::key_value;
use super::queue::{Place, first, is_still, only, prefix, put, unknown};
use super::status::stopped;
use super::stream::{Answers, Source};
use crate::engine::etcd3::{Caller, KeyRange, KeyValue, Seen, Txn, Watch};
use crate::watchers::Mailbox;

/// The service.
pub(super) struct Election(pub(super) Arc<Front>);

fn no_leader_given() -> Status {
    Status::unknown("\"leader\" field must be provided")
}

impl Election {
    fn caller<T>(&self, request: &Request<T>) -> Result<Caller, Status> {
        self.0.caller(request.metadata()).map_err(|it| unknown(&it))
    }

    /// Writes a value to a candidate's key, if it is still there.
    async fn proclaim_value(
        &self,
        caller: &Caller,
        leader: &LeaderKey,
        value: Bytes,
    ) -> Result<i64, Status> {
        // What is kept must not keep the message that it came in.
        let value = Bytes::copy_from_slice(&value);
        let key = Bytes::copy_from_slice(&leader.key);
        let txn = Txn {
            compare: vec![is_still(&key, leader.rev)],
            success: vec![put(&key, value, leader.lease)],
            failure: Vec::new(),
        };
        let done = self.0.transact(caller, txn).await;
        let done = done.map_err(|it| unknown(&it))?;
        if !done.succeeded {
            return Err(Status::unknown("election: not leader"));
        }
        Ok(done.revision)
    }

    fn leader_key(name: Bytes, place: &Place) -> LeaderKey {
        LeaderKey {
            name,
            key: place.key.clone(),
            rev: place.create_revision,
            lease: place.lease,
        }
    }
}

#[tonic::async_trait]
impl election_server::Election for Election {
    /// Unlike etcd, this fails when the candidate's lease ends while it waits: etcd answers that
    /// it has won, with a key that does not exist.
    async fn campaign(
        &self,
        request: Request<CampaignRequest>,
    ) -> Result<Response<CampaignResponse>, Status> {
        let caller = self.caller(&request)?;
        let CampaignRequest { name, lease, value } = request.into_inner();
        let value = Bytes::copy_from_slice(&value);
        let place = self
            .0
            .enter(caller.clone(), &name, lease, value.clone())
            .await;
        let place = place.map_err(|it| unknown(&it))?;
        let leader = Self::leader_key(name, &place);
        let revision = place.revision;
        if place.old_value.as_ref().is_some_and(|old| *old != value) {
            self.proclaim_value(&caller, &leader, value).await?;
        }
        self.0.turn(place).await?;
        Ok(Response::new(CampaignResponse {
            header: Some(self.0.header(revision)),
            leader: Some(leader),
        }))
    }

    async fn proclaim(
        &self,
        request: Request<ProclaimRequest>,
    ) -> Result<Response<ProclaimResponse>, Status> {
        let caller = self.caller(&request)?;
        let ProclaimRequest { leader, value } = request.into_inner();
        let leader = leader.ok_or_else(no_leader_given)?;
        let revision = self.proclaim_value(&caller, &leader, value).await?;
        let header = Some(self.0.header(revision));
        Ok(Response::new(ProclaimResponse { header }))
    }

    async fn leader(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<LeaderResponse>, Status> {
        let caller = self.caller(&request)?;
        let first = first(&prefix(&request.get_ref().name));
        let may = self.0.may_read(&caller, &first.range);
        may.map_err(|it| unknown(&it))?;
        let ranged = self.0.with_state(|state| state.range(&first));
        let ranged = ranged.unwrap_or_default();
        let leader = only(&ranged).ok_or_else(|| Status::unknown("election: no leader"))?;
        Ok(Response::new(LeaderResponse {
            header: Some(self.0.header(ranged.revision)),
            kv: Some(key_value(leader)),
        }))
    }

    type ObserveStream = Answers<Observer>;

    async fn observe(
        &self,
        request: Request<LeaderRequest>,
    ) -> Result<Response<Self::ObserveStream>, Status> {
        let caller = self.caller(&request)?;
        let prefix = prefix(&request.get_ref().name);
        let range = KeyRange::prefix(prefix.clone());
        let may = self.0.may_read(&caller, &range);
        may.map_err(|it| unknown(&it))?;
        let mut mailbox = self.0.agent.writer.waiters().watchers().mailbox();
        mailbox.add(0, &range);
        Ok(Response::new(Answers::of(Observer {
            front: Arc::clone(&self.0),
            prefix,
            mailbox,
            leader: None,
            answers: VecDeque::new(),
        })))
    }

    async fn resign(
        &self,
        request: Request<ResignRequest>,
    ) -> Result<Response<ResignResponse>, Status> {
        let caller = self.caller(&request)?;
        let leader = request.into_inner().leader.ok_or_else(no_leader_given)?;
        let left = self.0.leave(&caller, &leader.key, leader.rev).await;
        let header = Some(self.0.header(left.map_err(|it| unknown(&it))?));
        Ok(Response::new(ResignResponse { header }))
    }
}

/// Tells who leads, and each thing that a leader proclaims.
pub(super) struct Observer {
    front: Arc<Front>,
    prefix: Bytes,
    mailbox: Mailbox,
    /// What is still to be seen of the leader's key.
    leader: Option<Watch>,
    answers: VecDeque<LeaderResponse>,
}

impl Observer {
    fn tell(&mut self, kv: &KeyValue, revision: i64) {
        self.answers.push_back(LeaderResponse {
            header: Some(self.front.header(revision)),
            kv: Some(key_value(kv)),
        });
    }

    /// Looks for what is new, and says whether there may be more.
    fn look(&mut self) -> bool {
        let snapshot = Arc::clone(&self.front.snapshot());
        let state = snapshot.etcd3();
        let Some(watch) = &mut self.leader else {
            let ranged = state.range(&first(&self.prefix)).unwrap_or_default();
            let Some(kv) = only(&ranged) else {
                return false;
            };
            self.leader = Some(Watch {
                range: KeyRange::single(kv.key.clone()),
                since: state.revision() + 1,
                no_puts: false,
                no_deletes: false,
                prev_kv: false,
            });
            self.tell(kv, ranged.revision);
            return true;
        };
        match watch.look(state) {
            Seen::Nothing => return false,
            Seen::Compacted(_) => self.leader = None,
            Seen::Events(events) => {
                for seen in events {
                    if !seen.event.is_put() {
                        self.leader = None;
                        break;
                    }
                    self.tell(&seen.event.kv, state.revision());
                }
            }
        }
        true
    }
}

impl Source for Observer {
    type Answer = LeaderResponse;

    async fn next(&mut self) -> Option<Result<LeaderResponse, Status>> {
        let mut stop = self.front.spawner.cancelled();
        loop {
            if let Some(answer) = self.answers.pop_front() {
                return Some(Ok(answer));
            }
            if self.look() {
                continue;
            }
            tokio::select! {
                biased;
                () = &mut stop => return Some(Err(stopped())),
                _ = self.mailbox.woken() => {}
            }
        }
    }
}
