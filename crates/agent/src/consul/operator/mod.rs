//! The operation of the cluster: `/v1/operator/…`. The agent is its only server.

pub(super) mod autopilot;
mod autopilot_decode;
pub(super) mod keyring;
pub(super) mod raft;

use bytes::Bytes;

use super::body::{Body, BodyError};
use super::reply::Reply;

/// The most bytes of a request that are read.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The whole body of a request, or what it is refused with.
async fn read(body: Body) -> Result<Bytes, Reply> {
    body.collect(MAX_BODY_BYTES)
        .await
        .map_err(|error| match error {
            BodyError::TooLarge => {
                let text = format!("Request body too large, max size: {MAX_BODY_BYTES} bytes.");
                Reply::too_large(text)
            }
            // Nobody waits for this answer.
            BodyError::Broken => Reply::bad_request("Bad request: unexpected EOF"),
        })
}
