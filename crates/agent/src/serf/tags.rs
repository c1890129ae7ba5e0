//! What the agent says of itself: `tags`.

use quorate_gossip::{Error, Failure};
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::Tags;

use super::connection::{Ended, Session};
use super::refusal;

impl Session {
    pub(super) async fn tags(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Tags { delete_tags, tags } = Tags::from_msgpack(body)?;
        let done = self.front.gossip.change_tags(tags, delete_tags).await;
        let done = done.map_err(|error| match error {
            Error::Failure(Failure::BroadcastTimeout) => {
                "timeout waiting for update broadcast".into()
            }
            error => refusal::text(&error),
        });
        self.answer_done(seq, done).await
    }
}
