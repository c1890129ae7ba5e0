//! The service Watch.

mod session;

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::{WatchRequest, watch_server};
use quorate_etcd_proto::tonic::{self, Request, Response, Status, Streaming};

use super::front::Front;
use super::stream::Answers;
use session::Session;

/// The service.
pub(super) struct Watch(pub(super) Arc<Front>);

#[tonic::async_trait]
impl watch_server::Watch for Watch {
    type WatchStream = Answers<Session>;

    async fn watch(
        &self,
        request: Request<Streaming<WatchRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let session = Session::new(Arc::clone(&self.0), request);
        Ok(Response::new(Answers::of(session)))
    }
}
