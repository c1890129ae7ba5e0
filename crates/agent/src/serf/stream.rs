//! Following events: `stream`, `stop`.

use std::sync::Arc;

use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{EventFilter, Stop, StreamRequest};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::connection::{Ended, Session};
use super::event::{Told, query_record};
use super::outgoing::{Outgoing, header, with_body};
use super::query::Pending;
use super::refusal::{INVALID_FILTER, STREAM_EXISTS, TOO_MANY};

/// How many streams a connection may have, and as many queries.
pub(super) const MOST: usize = 1024;
/// How many records are written at once.
const AT_ONCE: usize = 64;

impl Session {
    pub(super) async fn stream(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let StreamRequest { filter } = StreamRequest::from_msgpack(body)?;
        let Ok(filters) = EventFilter::parse_list(&filter) else {
            return self.answer(seq, INVALID_FILTER).await;
        };
        if self.streams.contains_key(&seq) {
            return self.answer(seq, STREAM_EXISTS).await;
        }
        if self.streams.len() >= MOST {
            return self.answer(seq, TOO_MANY).await;
        }
        // Whoever has the answer misses nothing that happens from then on, and is told after it.
        let front = &self.front;
        let events = front.subscribers.add(filters, Arc::clone(&self.client));
        self.answer(seq, "").await?;
        let stopped = CancellationToken::new();
        self.streams.insert(seq, stopped.clone());
        let (out, pending) = (self.out.clone(), self.pending.clone());
        self.tell(
            stopped,
            async move { pass_on(seq, events, out, pending).await },
        );
        Ok(())
    }

    /// Accepted for every number, also an unknown one.
    pub(super) async fn stop(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Stop { seq: which } = Stop::from_msgpack(body)?;
        if let Some(stream) = self.streams.remove(&which) {
            stream.cancel();
        }
        if let Some((_, monitor)) = self.monitor.take_if(|(of, _)| *of == which) {
            monitor.cancel();
        }
        self.answer(seq, "").await
    }

    /// Starts what tells a client something, until it is stopped or the connection ends.
    pub(super) fn tell(
        &self,
        stopped: CancellationToken,
        telling: impl Future<Output = Result<(), Ended>> + Send + 'static,
    ) {
        let out = self.out.clone();
        let mut stop = self.front.spawner.cancelled();
        self.front.spawner.spawn(async move {
            tokio::select! {
                // What goes wrong ends the connection, which says so.
                _ = telling => {}
                () = stopped.cancelled() => {}
                () = out.closed() => {}
                () = &mut stop => {}
            }
        });
    }
}

async fn pass_on(
    seq: u64,
    mut events: mpsc::Receiver<Arc<Told>>,
    out: Outgoing,
    pending: Pending,
) -> Result<(), Ended> {
    let mut ready = Vec::with_capacity(AT_ONCE);
    while events.recv_many(&mut ready, AT_ONCE).await > 0 {
        let mut bytes = Vec::new();
        for told in ready.drain(..) {
            match &told.query {
                Some((query, deadline)) => {
                    let id = pending.add(query, *deadline);
                    bytes.extend(with_body(seq, "", &query_record(query, id)));
                }
                None => {
                    bytes.extend(header(seq, ""));
                    bytes.extend(&told.encoded);
                }
            }
        }
        out.send(&bytes).await?;
    }
    Ok(())
}
