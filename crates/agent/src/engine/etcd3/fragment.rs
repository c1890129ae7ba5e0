use super::watch_stream::WatchResponse;

impl WatchResponse {
    /// Splits an answer that takes more than `limit` bytes, between changes and wherever it has
    /// to. All parts but the last say that more of the same follows; a change that is larger than
    /// the limit is a part of its own.
    #[must_use]
    pub fn fragments(mut self, limit: usize) -> Vec<Self> {
        let mut parts = Vec::new();
        let events = std::mem::take(&mut self.events);
        let mut part = self.clone();
        let mut bytes = 0;
        for event in events {
            let size = event.bytes();
            if !part.events.is_empty() && bytes + size > limit {
                let full = std::mem::replace(&mut part, self.clone());
                parts.push(Self {
                    fragment: true,
                    ..full
                });
                bytes = 0;
            }
            bytes += size;
            part.events.push(event);
        }
        parts.push(part);
        parts
    }
}
