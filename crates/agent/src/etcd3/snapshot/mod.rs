//! Snapshots: the state as the file that etcd itself would have sent, from which `etcdctl snapshot
//! restore` makes the data of a real etcd.
//!
//! The file is made of one state, on a thread of its own, and sent piece by piece.

mod bbolt;
mod buckets;

use std::sync::Arc;

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb::SnapshotResponse;
use quorate_etcd_proto::tonic::Status;

use super::front::Front;
use super::stream::Source;
use crate::engine::Snapshot;
use crate::thread::on_a_thread;
use buckets::Member;

/// How much is sent at a time.
const PIECE_BYTES: usize = 32 * 1024;
/// The digest at the end is a piece of its own.
const DIGEST_BYTES: usize = 32;

/// The pieces of a snapshot.
pub(super) struct Pieces {
    file: Bytes,
}

impl Pieces {
    /// Of what the state is now.
    pub(super) async fn of(front: &Front, peer_urls: Vec<String>) -> Result<Self, Status> {
        let agent = &front.agent;
        let member = Member {
            id: agent.identity.member,
            name: agent.name.clone(),
            peer_urls,
            client_urls: agent.places.iter().map(|place| place.url()).collect(),
        };
        let snapshot: Arc<Snapshot> = Arc::clone(&front.snapshot());
        let make = move || buckets::file(snapshot.etcd3(), &member);
        let file = on_a_thread("quorate-snapshot", make).await;
        let file = file.ok_or_else(|| Status::unavailable("there is no thread for a snapshot"))?;
        Ok(Self { file: file.into() })
    }
}

impl Source for Pieces {
    type Answer = SnapshotResponse;

    async fn next(&mut self) -> Option<Result<SnapshotResponse, Status>> {
        let left = self.file.len();
        if left == 0 {
            return None;
        }
        let of_data = left.saturating_sub(DIGEST_BYTES);
        let length = if of_data == 0 {
            left
        } else {
            of_data.min(PIECE_BYTES)
        };
        let blob = self.file.split_to(length);
        // What is left of the data: the digest does not count.
        let remaining = self.file.len().saturating_sub(DIGEST_BYTES);
        Some(Ok(SnapshotResponse {
            remaining_bytes: u64::try_from(remaining).unwrap_or(u64::MAX),
            blob,
            ..SnapshotResponse::default()
        }))
    }
}
