//! A large range, as a server sends it by itself: the call that etcd has since 3.7.

use std::collections::VecDeque;
use std::time::Duration;

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::prost::Message as _;
use quorate_etcd_proto::tonic::Code;
use tokio::time::timeout;

use super::{KeyRange, KeyValue, Kv, RangeOptions};
use crate::v3::call::{Call, Operation, Rpc};
use crate::v3::channel::Inbound;
use crate::v3::client::Client;
use crate::v3::error::ErrorKind;

const RANGE_STREAM: Rpc<pb::RangeRequest, pb::RangeStreamResponse> =
    Rpc::read("/etcdserverpb.KV/RangeStream");

/// The keys of a range on their way.
#[derive(Debug)]
pub(super) struct RangeStream {
    client: Client,
    inbound: Inbound,
    /// What has come and was not handed on.
    held: VecDeque<KeyValue>,
    /// How long the next answer may take.
    patience: Duration,
}

/// What the options ask for that no server sends in this way.
pub(super) fn can_stream(options: &RangeOptions) -> bool {
    let bounds = [
        options.min_mod_revision,
        options.max_mod_revision,
        options.min_create_revision,
        options.max_create_revision,
    ];
    !options.count_only && options.sort.is_none() && bounds.iter().all(Option::is_none)
}

impl Kv {
    /// Begins to read all of a range. `None` if that is not to be had: pages tell why.
    pub(super) async fn stream(
        &self,
        range: &KeyRange,
        options: &RangeOptions,
    ) -> Option<RangeStream> {
        let link = self.client.link();
        if link.lacks.range_stream() {
            return None;
        }
        let name = range.to_string();
        let operation = Operation::new("get", &name);
        let request = pb::RangeRequest {
            limit: 0,
            ..options.request(range)
        };
        let mut call = Call::new(operation, &RANGE_STREAM, &request);
        if options.serializable {
            call = call.of_a_member(None);
        }
        match link.download(&call).await {
            Ok(inbound) => Some(RangeStream {
                client: self.client.clone(),
                inbound,
                held: VecDeque::new(),
                patience: link.timeouts.attempt,
            }),
            Err(error) => {
                if error.kind() == ErrorKind::Unsupported {
                    link.lacks.set_range_stream();
                }
                None
            }
        }
    }
}

impl RangeStream {
    /// The next keys, at most so many; none at the end. `None` if the stream broke.
    ///
    /// No key is lost when the future is dropped.
    pub(super) async fn keys(&mut self, most: usize) -> Option<Vec<KeyValue>> {
        while self.held.is_empty() {
            let message = timeout(self.patience, self.inbound.message()).await.ok()?;
            let link = self.client.link();
            let body = match message {
                Ok(Some(body)) => body,
                Ok(None) => return Some(Vec::new()),
                Err(status) => {
                    if status.code() == Code::Unimplemented {
                        link.lacks.set_range_stream();
                    }
                    return None;
                }
            };
            let part = pb::RangeStreamResponse::decode(body).ok()?;
            let part = part.range_response.unwrap_or_default();
            if let Some(header) = part.header {
                link.identity.check(&header.into(), 0, false).ok()?;
            }
            self.held.extend(part.kvs.into_iter().map(KeyValue::from));
        }
        let most = most.min(self.held.len());
        Some(self.held.drain(..most).collect())
    }
}
