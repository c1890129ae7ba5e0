//! The service KV.

mod decode;
mod encode;
mod parts;

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::kv_server;
use quorate_etcd_proto::etcdserverpb::{
    CompactionRequest, CompactionResponse, DeleteRangeRequest, DeleteRangeResponse, PutRequest,
    PutResponse, RangeRequest, RangeResponse, TxnRequest, TxnResponse,
};
use quorate_etcd_proto::prost::Message;
use quorate_etcd_proto::tonic::{self, Request, Response, Status};

use super::front::{Front, check_size, wrong_reply};
use super::status::{refused, stopped};
use super::stream::Answers;
use crate::engine::Topic;
use crate::engine::etcd3::{CheckedTxn, MAX_TXN_OPS, Op, Reply, State};
use crate::waiters::Watch;

use parts::Parts;

pub(super) use encode::{event, key_value};

/// The service.
pub(super) struct Kv(pub(super) Arc<Front>);

#[tonic::async_trait]
impl kv_server::Kv for Kv {
    async fn range(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<RangeResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let range = decode::range(request.into_inner());
        range.check().map_err(refused)?;
        self.0.may_read(&caller, &range.range)?;
        let ranged = self.0.with_state(|state| state.range(&range));
        let ranged = ranged.map_err(refused)?;
        let header = self.0.header(ranged.revision);
        Ok(Response::new(encode::range(&ranged, header)))
    }

    type RangeStreamStream = Answers<Parts>;

    async fn range_stream(
        &self,
        request: Request<RangeRequest>,
    ) -> Result<Response<Self::RangeStreamStream>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let range = decode::range(request.into_inner());
        let parts = Parts::of(&self.0, caller, range)?;
        Ok(Response::new(Answers::of(parts)))
    }

    async fn put(&self, request: Request<PutRequest>) -> Result<Response<PutResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let request = request.into_inner();
        check_size(request.encoded_len())?;
        let op = Op::Put(decode::put(&request));
        match self.0.submit(caller, op).await? {
            Reply::Put(done) => {
                let header = self.0.header(done.revision);
                Ok(Response::new(encode::put(&done, header)))
            }
            _ => Err(wrong_reply()),
        }
    }

    async fn delete_range(
        &self,
        request: Request<DeleteRangeRequest>,
    ) -> Result<Response<DeleteRangeResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let request = request.into_inner();
        check_size(request.encoded_len())?;
        let op = Op::Delete(decode::delete(request));
        match self.0.submit(caller, op).await? {
            Reply::Delete(deleted) => {
                let header = self.0.header(deleted.revision);
                Ok(Response::new(encode::delete(&deleted, header)))
            }
            _ => Err(wrong_reply()),
        }
    }

    async fn txn(&self, request: Request<TxnRequest>) -> Result<Response<TxnResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let request = request.into_inner();
        check_size(request.encoded_len())?;
        let txn = CheckedTxn::new(decode::txn(request), MAX_TXN_OPS).map_err(refused)?;
        let read = self.0.with_state(|state| state.read_txn(&caller, &txn));
        if let Some(done) = read {
            let done = done.map_err(refused)?;
            let of = |revision| self.0.header(revision);
            return Ok(Response::new(encode::txn(&done, &of)));
        }
        let op = Op::Txn(Box::new(txn));
        match self.0.submit(caller, op).await? {
            Reply::Txn(done) => {
                let of = |revision| self.0.header(revision);
                Ok(Response::new(encode::txn(&done, &of)))
            }
            _ => Err(wrong_reply()),
        }
    }

    async fn compact(
        &self,
        request: Request<CompactionRequest>,
    ) -> Result<Response<CompactionResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let CompactionRequest { revision, physical } = request.into_inner();
        let swept = [Watch::Topic(Topic::Etcd3Swept)];
        let mut swept = self.0.agent.writer.waiters().register(swept);
        let Reply::Done(now) = self.0.submit(caller, Op::Compact(revision)).await? else {
            return Err(wrong_reply());
        };
        while physical && self.0.with_state(State::is_sweeping) {
            if self.0.is_stopping() {
                return Err(stopped());
            }
            swept.changed().await;
        }
        let header = Some(self.0.header(now));
        Ok(Response::new(CompactionResponse { header }))
    }
}
