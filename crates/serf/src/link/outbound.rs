//! Writing requests.

use std::sync::Arc;
use std::time::Duration;

use quorate_net::transport::Stream;
use tokio::io::{AsyncWriteExt as _, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::end::LinkEnd;
use super::slots::Slots;

/// A request as it is sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) seq: u64,
    pub(crate) bytes: Vec<u8>,
}

/// How many requests are written at once.
const BATCH: usize = 64;

/// Writes requests until the connection ends, those that wait together at once.
pub(crate) async fn run(
    writer: WriteHalf<Stream>,
    slots: Arc<Slots>,
    requests: mpsc::Receiver<Outgoing>,
    limit: Duration,
) {
    slots
        .until_over(write(writer, &slots, requests, limit))
        .await;
}

async fn write(
    mut writer: WriteHalf<Stream>,
    slots: &Slots,
    mut requests: mpsc::Receiver<Outgoing>,
    limit: Duration,
) {
    let (mut batch, mut bytes) = (Vec::with_capacity(BATCH), Vec::new());
    while requests.recv_many(&mut batch, BATCH).await > 0 {
        bytes.clear();
        for request in batch.drain(..) {
            slots.sent(request.seq);
            bytes.extend_from_slice(&request.bytes);
        }
        let written = timeout(limit, async {
            writer.write_all(&bytes).await?;
            writer.flush().await
        });
        match written.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return slots.end(LinkEnd::from(&error)),
            Err(_) => return slots.end(LinkEnd::Silent(limit)),
        }
    }
}
