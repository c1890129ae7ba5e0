//! The service Lock.

use std::sync::Arc;

use bytes::Bytes;
use quorate_etcd_proto::tonic::{self, Request, Response, Status};
use quorate_etcd_proto::v3lockpb::lock_server;
use quorate_etcd_proto::v3lockpb::{LockRequest, LockResponse, UnlockRequest, UnlockResponse};

use super::front::{Front, wrong_reply};
use super::queue::{Lost, unknown};
use crate::engine::etcd3::{DeleteRange, KeyRange, Op, Reply};

/// The service.
pub(super) struct Lock(pub(super) Arc<Front>);

#[tonic::async_trait]
impl lock_server::Lock for Lock {
    async fn lock(&self, request: Request<LockRequest>) -> Result<Response<LockResponse>, Status> {
        let caller = self
            .0
            .caller(request.metadata())
            .map_err(|it| unknown(&it))?;
        let LockRequest { name, lease } = request.into_inner();
        let place = self.0.enter(caller, &name, lease, Bytes::new()).await;
        let place = place.map_err(|it| unknown(&it))?;
        let place = self.0.turn(place).await.map_err(|lost| match lost {
            Lost::Gone => Status::unknown("mutex: session is expired"),
            Lost::Stopped => lost.into(),
        })?;
        Ok(Response::new(LockResponse {
            header: Some(self.0.header(place.revision)),
            key: place.key,
        }))
    }

    /// Anybody may unlock what he has the key of, and what is not locked.
    async fn unlock(
        &self,
        request: Request<UnlockRequest>,
    ) -> Result<Response<UnlockResponse>, Status> {
        let caller = self
            .0
            .caller(request.metadata())
            .map_err(|it| unknown(&it))?;
        let op = Op::Delete(DeleteRange {
            range: KeyRange::single(request.into_inner().key),
            prev_kv: false,
        });
        let reply = self.0.submit(caller, op).await;
        let Reply::Delete(deleted) = reply.map_err(|it| unknown(&it))? else {
            return Err(wrong_reply());
        };
        let header = Some(self.0.header(deleted.revision));
        Ok(Response::new(UnlockResponse { header }))
    }
}
