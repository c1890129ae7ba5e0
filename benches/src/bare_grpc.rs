//! A bare tonic server of etcd's v3 API: it decodes a request and returns an answer that it was
//! given. What gRPC costs before a server does anything.

use std::convert::Infallible;
use std::io::Write as _;

use anyhow::Context as _;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::kv_server::{Kv, KvServer};
use quorate_etcd_proto::tonic::codegen::{BoxStream, Service as _};
use quorate_etcd_proto::tonic::{Request as Asked, Response as Answer, Status};
use quorate_etcd_proto::{mvccpb, tonic};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// What every read is answered, with a value of 100 bytes.
#[must_use]
pub fn found() -> pb::RangeResponse {
    pb::RangeResponse {
        header: Some(header()),
        kvs: vec![mvccpb::KeyValue {
            key: "bench/key".into(),
            value: vec![b'v'; 100].into(),
            create_revision: 2,
            mod_revision: 2,
            version: 1,
            lease: 0,
        }],
        more: false,
        count: 1,
    }
}

fn header() -> pb::ResponseHeader {
    pb::ResponseHeader {
        cluster_id: 0xcdf8_1819_4e3a_8c32,
        member_id: 0x8e9e_05c5_2164_694d,
        revision: 2,
        raft_term: 2,
    }
}

#[derive(Clone, Debug)]
struct Same {
    range: pb::RangeResponse,
    put: pb::PutResponse,
}

#[tonic::async_trait]
impl Kv for Same {
    async fn range(&self, _: Asked<pb::RangeRequest>) -> Result<Answer<pb::RangeResponse>, Status> {
        Ok(Answer::new(self.range.clone()))
    }

    type RangeStreamStream = BoxStream<pb::RangeStreamResponse>;

    async fn range_stream(
        &self,
        _: Asked<pb::RangeRequest>,
    ) -> Result<Answer<Self::RangeStreamStream>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn put(&self, _: Asked<pb::PutRequest>) -> Result<Answer<pb::PutResponse>, Status> {
        Ok(Answer::new(self.put.clone()))
    }

    async fn delete_range(
        &self,
        _: Asked<pb::DeleteRangeRequest>,
    ) -> Result<Answer<pb::DeleteRangeResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn txn(&self, _: Asked<pb::TxnRequest>) -> Result<Answer<pb::TxnResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }

    async fn compact(
        &self,
        _: Asked<pb::CompactionRequest>,
    ) -> Result<Answer<pb::CompactionResponse>, Status> {
        Err(Status::unimplemented("bare"))
    }
}

/// Serves for ever on a free port of the loopback interface, which it prints. Reads and writes
/// alone are answered.
///
/// # Errors
/// When it can't listen.
pub async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))
        .await
        .context("listen")?;
    println!("{}", listener.local_addr()?);
    std::io::stdout().flush()?;
    let put = pb::PutResponse {
        header: Some(header()),
        prev_kv: None,
    };
    let range = found();
    let service = KvServer::new(Same { range, put });
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service.clone();
        connections.spawn(async move {
            let answer = service_fn(move |request: Request<Incoming>| {
                let mut service = service.clone();
                async move { Ok::<_, Infallible>(service.call(request).await.unwrap_or_default()) }
            });
            let _ = http2::Builder::new(TokioExecutor::new())
                .serve_connection(TokioIo::new(stream), answer)
                .await;
        });
    }
}
