//! The service Maintenance.

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::alarm_request::AlarmAction;
use quorate_etcd_proto::etcdserverpb::downgrade_request::DowngradeAction;
use quorate_etcd_proto::etcdserverpb::maintenance_server;
use quorate_etcd_proto::etcdserverpb::{
    AlarmMember, AlarmRequest, AlarmResponse, AlarmType, DefragmentRequest, DefragmentResponse,
    DowngradeRequest, DowngradeResponse, HashKvRequest, HashKvResponse, HashRequest, HashResponse,
    MoveLeaderRequest, MoveLeaderResponse, SnapshotRequest, StatusRequest, StatusResponse,
};
use quorate_etcd_proto::tonic::{self, Request, Response, Status};

use super::front::{Front, SERVER_VERSION, TERM, wrong_reply};
use super::snapshot::Pieces;
use super::status::refused;
use super::stream::Answers;
use crate::engine::etcd3::{Alarm, Op, Reply};

/// The version that the members of a cluster agree on, and the only one to go back to.
const CLUSTER_VERSION: &str = "3.5.0";
const OLDER_VERSION: (u64, u64) = (3, 4);

/// The service.
pub(super) struct Maintenance(pub(super) Arc<Front>);

impl Maintenance {
    /// Whether the caller may look at the data as a whole. etcd refuses it in other words here.
    fn may_look<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let known = self.0.known(request.metadata());
        let may = known.and_then(|caller| self.0.may_manage(&caller));
        may.map_err(|refusal| {
            let text = refusal.to_string();
            let text = text.strip_prefix("etcdserver: ").unwrap_or(&text);
            Status::unknown(format!("auth: {text}"))
        })
    }

    /// The alarms that are on, of one kind or of all.
    fn alarms(&self, kind: AlarmType) -> Vec<AlarmMember> {
        self.0.with_state(|state| {
            let on = state
                .alarms()
                .map(|(alarm, member)| (number(alarm), member));
            let on = on.filter(|(on, _)| kind == AlarmType::None || *on == kind);
            on.map(|(on, member)| alarm_member(on, member)).collect()
        })
    }

    async fn set_alarm(
        &self,
        request: &Request<AlarmRequest>,
        on: bool,
    ) -> Result<Vec<AlarmMember>, Status> {
        let kind = request.get_ref().alarm();
        let member = request.get_ref().member_id;
        let alarm = match kind {
            AlarmType::None => return Ok(Vec::new()),
            AlarmType::Nospace => Alarm::NoSpace,
            AlarmType::Corrupt => Alarm::Corrupt,
        };
        let caller = self.0.caller(request.metadata())?;
        let op = Op::SetAlarm { alarm, member, on };
        match self.0.submit(caller, op).await? {
            Reply::Alarm { known, .. } => {
                let known = known.then(|| alarm_member(kind, member));
                Ok(known.into_iter().collect())
            }
            _ => Err(wrong_reply()),
        }
    }
}

fn number(alarm: Alarm) -> AlarmType {
    match alarm {
        Alarm::NoSpace => AlarmType::Nospace,
        Alarm::Corrupt => AlarmType::Corrupt,
    }
}

fn alarm_member(alarm: AlarmType, member_id: u64) -> AlarmMember {
    AlarmMember {
        member_id,
        alarm: alarm.into(),
    }
}

/// The major and the minor number of a version.
fn version(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split('.').map(|number| number.parse().ok());
    let version = (numbers.next()??, numbers.next()??);
    numbers.next()??;
    numbers.next().is_none().then_some(version)
}

#[tonic::async_trait]
impl maintenance_server::Maintenance for Maintenance {
    async fn alarm(
        &self,
        request: Request<AlarmRequest>,
    ) -> Result<Response<AlarmResponse>, Status> {
        let asked = request.get_ref();
        let alarms = match AlarmAction::try_from(asked.action) {
            Ok(AlarmAction::Get) => self.alarms(asked.alarm()),
            Ok(AlarmAction::Activate) => self.set_alarm(&request, true).await?,
            Ok(AlarmAction::Deactivate) => self.set_alarm(&request, false).await?,
            // etcd 3.5.16 ends its process at what it does not know.
            Err(_) => return Err(Status::invalid_argument("etcdserver: unknown alarm action")),
        };
        Ok(Response::new(AlarmResponse {
            header: Some(self.0.header_now()),
            alarms,
        }))
    }

    async fn status(
        &self,
        _request: Request<StatusRequest>,
    ) -> Result<Response<StatusResponse>, Status> {
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        let bytes = i64::try_from(state.bytes()).unwrap_or(i64::MAX);
        let index = u64::try_from(state.revision()).unwrap_or(0);
        let errors = self.alarms(AlarmType::None).into_iter().map(|on| {
            let kind = on.alarm().as_str_name();
            format!("memberID:{} alarm:{kind} ", on.member_id)
        });
        Ok(Response::new(StatusResponse {
            header: Some(self.0.header(state.revision())),
            version: SERVER_VERSION.to_owned(),
            db_size: bytes,
            db_size_in_use: bytes,
            leader: self.0.agent.identity.member,
            raft_index: index,
            raft_applied_index: index,
            raft_term: TERM,
            errors: errors.collect(),
            ..StatusResponse::default()
        }))
    }

    /// There is nothing to do: the store tidies up by itself.
    async fn defragment(
        &self,
        request: Request<DefragmentRequest>,
    ) -> Result<Response<DefragmentResponse>, Status> {
        self.may_look(&request)?;
        Ok(Response::new(DefragmentResponse { header: None }))
    }

    async fn hash(&self, request: Request<HashRequest>) -> Result<Response<HashResponse>, Status> {
        self.may_look(&request)?;
        let hash = self.0.with_state(|state| state.hash(0)).map_err(refused)?;
        Ok(Response::new(HashResponse {
            header: Some(self.0.header(hash.revision)),
            hash: hash.hash,
        }))
    }

    async fn hash_kv(
        &self,
        request: Request<HashKvRequest>,
    ) -> Result<Response<HashKvResponse>, Status> {
        self.may_look(&request)?;
        let revision = request.get_ref().revision;
        let hash = self.0.with_state(|state| state.hash(revision));
        let hash = hash.map_err(refused)?;
        Ok(Response::new(HashKvResponse {
            header: Some(self.0.header(hash.revision)),
            hash: hash.hash,
            compact_revision: hash.compacted,
            ..HashKvResponse::default()
        }))
    }

    type SnapshotStream = Answers<Pieces>;

    async fn snapshot(
        &self,
        request: Request<SnapshotRequest>,
    ) -> Result<Response<Self::SnapshotStream>, Status> {
        self.may_look(&request)?;
        let pieces = Pieces::of(&self.0, self.0.peer_urls()).await?;
        Ok(Response::new(Answers::of(pieces)))
    }

    async fn move_leader(
        &self,
        _request: Request<MoveLeaderRequest>,
    ) -> Result<Response<MoveLeaderResponse>, Status> {
        Err(Status::failed_precondition(
            "etcdserver: bad leader transferee",
        ))
    }

    /// The agent stays what it is: a version can be asked for and not be gone back to.
    async fn downgrade(
        &self,
        request: Request<DowngradeRequest>,
    ) -> Result<Response<DowngradeResponse>, Status> {
        let asked = request.get_ref();
        let action = DowngradeAction::try_from(asked.action);
        let action = action.map_err(|_| Status::unknown("etcdserver: unknown method"))?;
        if action == DowngradeAction::Cancel {
            let text = "etcdserver: no inflight downgrade job";
            return Err(Status::failed_precondition(text));
        }
        let wrong = "etcdserver: wrong downgrade target version format";
        let version = version(&asked.version).ok_or_else(|| Status::invalid_argument(wrong))?;
        if version != OLDER_VERSION {
            let text = "etcdserver: invalid downgrade target version";
            return Err(Status::invalid_argument(text));
        }
        if action == DowngradeAction::Enable {
            let text = "the agent can't be downgraded";
            return Err(Status::unimplemented(text));
        }
        Ok(Response::new(DowngradeResponse {
            header: Some(self.0.header_now()),
            version: CLUSTER_VERSION.to_owned(),
        }))
    }
}
