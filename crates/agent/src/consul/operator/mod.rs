//! The operation of the cluster: `/v1/operator/…`. The agent is its only server.

pub(super) mod autopilot;
mod autopilot_decode;
pub(super) mod keyring;
pub(super) mod raft;

use bytes::Bytes;

use super::body::Body;
use super::reply::{Refused, Reply};

/// The most bytes of a request that are read.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The whole body of a request, or what it is refused with.
async fn read(body: Body) -> Result<Bytes, Refused> {
    let malformed = |problem| Reply::bad_request(format!("Bad request: {problem}"));
    body.read(MAX_BODY_BYTES, malformed).await
}
