//! Many watches of etcd's v3 API, on one connection or on several.

use std::time::{Duration, Instant};

use anyhow::ensure;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::watch_request::RequestUnion;
use tokio::task::JoinSet;

use crate::crowd::rest;
use crate::grpc::{Connection, Conversation, frame};
use crate::process::Server;

const WATCH: &str = "/etcdserverpb.Watch/Watch";

/// Watches of one key that wait together: one stream a connection.
#[derive(Debug)]
pub struct Watching {
    streams: Vec<Conversation>,
    /// How many watches each stream has.
    each: usize,
}

fn create(key: &str) -> bytes::Bytes {
    let watch = pb::WatchCreateRequest {
        key: bytes::Bytes::copy_from_slice(key.as_bytes()),
        ..pb::WatchCreateRequest::default()
    };
    frame(&pb::WatchRequest {
        request_union: Some(RequestUnion::CreateRequest(watch)),
    })
}

impl Watching {
    /// Makes `count` watches of `key` on so many connections, and returns when all are confirmed
    /// and the server is at rest.
    ///
    /// # Errors
    /// When a connection fails or a watch is refused.
    pub async fn gather(
        server: &Server,
        key: &str,
        count: usize,
        connections: usize,
    ) -> anyhow::Result<Self> {
        let each = count / connections;
        let mut streams = Vec::with_capacity(connections);
        for _ in 0..connections {
            let connection = Connection::open(server.address).await?;
            let mut stream = connection.converse(WATCH, create(key)).await?;
            for _ in 1..each {
                stream.send(create(key))?;
            }
            for _ in 0..each {
                let answer: pb::WatchResponse = stream.next().await?;
                ensure!(answer.created && !answer.canceled, "refused: {answer:?}");
            }
            streams.push(stream);
        }
        rest(server).await?;
        Ok(Self { streams, each })
    }

    /// Reads one event on every watch while `wake` causes it. Returns how long after its start the
    /// last one was there.
    ///
    /// # Errors
    /// When `wake` fails, or a stream.
    pub async fn wake(
        &mut self,
        wake: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Duration> {
        let each = self.each;
        let mut reading = JoinSet::new();
        for mut stream in self.streams.drain(..) {
            reading.spawn(async move {
                let mut events = 0;
                while events < each {
                    let answer: pb::WatchResponse = stream.next().await?;
                    events += answer.events.len();
                }
                anyhow::Ok((stream, Instant::now()))
            });
        }
        // Every reader waits before the write is sent.
        tokio::task::yield_now().await;
        let start = Instant::now();
        wake.await?;
        let mut last = start;
        while let Some(read) = reading.join_next().await {
            let (stream, at) = read??;
            last = last.max(at);
            self.streams.push(stream);
        }
        Ok(last - start)
    }
}
