//! Snapshots on Consul.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use quorate_consul::Upload;
use quorate_consul::wire::snapshot::SnapshotMeta;

use super::ConsulBackend;
use crate::backend::{BoxFuture, BoxStream, SnapshotBackend, SnapshotSource};
use crate::{Result, SnapshotInfo};

const SAVE: &str = "save a snapshot";

impl SnapshotBackend for ConsulBackend {
    /// `GET /v1/snapshot`
    fn save(&self) -> BoxFuture<'_, Result<Pin<Box<dyn SnapshotSource>>>> {
        Box::pin(async move {
            let stream = self.client.snapshot().save_with(&self.query(None)).await;
            let stream = stream.map_err(|error| self.error(error, SAVE))?;
            let source: Pin<Box<dyn SnapshotSource>> = Box::pin(ConsulSnapshot {
                stream: Box::pin(stream),
                backend: self.clone(),
            });
            Ok(source)
        })
    }

    /// `PUT /v1/snapshot`
    fn restore(
        &self,
        snapshot: BoxStream<'static, io::Result<Bytes>>,
        length: Option<u64>,
    ) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            let mut upload = Upload::from_stream(snapshot);
            if let Some(length) = length {
                upload = upload.with_length(length);
            }
            let restored = self.client.snapshot().restore(upload).await;
            restored.map_err(|error| self.error(error, "restore a snapshot"))
        })
    }
}

/// The client's stream.
struct ConsulSnapshot {
    stream: Pin<Box<quorate_consul::SnapshotStream>>,
    backend: ConsulBackend,
}

impl Stream for ConsulSnapshot {
    type Item = Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let next = this.stream.as_mut().poll_next(cx);
        next.map(|next| next.map(|piece| piece.map_err(|error| this.backend.error(error, SAVE))))
    }
}

impl SnapshotSource for ConsulSnapshot {
    fn info(&self) -> Option<SnapshotInfo> {
        self.stream.snapshot_meta().map(info)
    }
}

fn info(meta: &SnapshotMeta) -> SnapshotInfo {
    SnapshotInfo {
        id: meta.id.clone(),
        index: meta.index,
        term: meta.term,
        version: meta.version,
        state_bytes: meta.size,
        ..SnapshotInfo::default()
    }
}
