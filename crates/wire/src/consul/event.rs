//! User events: `/v1/event/…`.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How many events an agent keeps, the newest ones.
pub const KEPT: usize = 256;

/// The most that an event may take on the wire between agents, in bytes: its name, its payload,
/// its filters, and about 90 bytes around them. See [`max_payload`].
pub const MAX_MESSAGE_BYTES: usize = 512;

/// An event. Agents tell each other by gossip: it may come late, twice, in another order than it
/// was fired, or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct UserEvent {
    /// A UUID, the same on every agent.
    #[serde(rename = "ID")]
    pub id: String,
    /// What happened.
    pub name: String,
    /// What else there is to know.
    #[serde(with = "super::bytes64")]
    pub payload: Bytes,
    /// The regular expression that a node's name had to match; empty for all.
    pub node_filter: String,
    /// The regular expression that the id of one of its services had to match; empty for all.
    pub service_filter: String,
    /// The regular expression that a tag of that service had to match; empty for all.
    pub tag_filter: String,
    /// The format; 1.
    pub version: i64,
    /// The logical time at which it arrived: later events have later times, with gaps. 0 in the
    /// answer to who fires it.
    #[serde(rename = "LTime")]
    pub ltime: u64,
}

impl UserEvent {
    /// The index that a list has that ends with this event, see [`id_to_index`].
    #[must_use]
    pub fn index(&self) -> Option<u64> {
        id_to_index(&self.id)
    }
}

/// The index of an event's id: both halves of the UUID as one number, the bits that differ.
/// `None` for what is no UUID.
///
/// Lists of events have the index of their last event, so such indexes have no order: an agent
/// waits while the index is the one given, and answers whenever it is another.
#[must_use]
pub fn id_to_index(id: &str) -> Option<u64> {
    let digits: String = id.chars().filter(|c| *c != '-').collect();
    if id.len() != 36 || digits.len() != 32 {
        return None;
    }
    let half = |digits: &str| u64::from_str_radix(digits, 16).ok();
    Some(half(digits.get(..16)?)? ^ half(digits.get(16..)?)?)
}

/// Which agents take an event. Regular expressions match anywhere; empty ones match all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EventFilter {
    /// Matches the node's name (`node`).
    pub node: Option<String>,
    /// Matches the id, not the name, of a service of the agent (`service`).
    pub service: Option<String>,
    /// Matches a tag of that service (`tag`); needs `service`.
    pub tag: Option<String>,
}

impl EventFilter {
    /// Every agent.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Agents whose node's name matches.
    #[must_use]
    pub fn with_node(mut self, pattern: impl Into<String>) -> Self {
        self.node = Some(pattern.into());
        self
    }

    /// Agents with a service whose id matches.
    #[must_use]
    pub fn with_service(mut self, pattern: impl Into<String>) -> Self {
        self.service = Some(pattern.into());
        self
    }

    /// Agents with such a service that has a tag that matches; needs a service.
    #[must_use]
    pub fn with_tag(mut self, pattern: impl Into<String>) -> Self {
        self.tag = Some(pattern.into());
        self
    }

    /// Calls `push` with each query parameter, unencoded.
    pub fn for_each_pair(&self, mut push: impl FnMut(&str, &str)) {
        let pairs = [
            ("node", &self.node),
            ("service", &self.service),
            ("tag", &self.tag),
        ];
        for (name, value) in pairs {
            if let Some(value) = value {
                push(name, value);
            }
        }
    }
}

/// How many bytes a payload may have beside a name and a filter, on an agent that has seen at
/// most 127 events; later ones leave a byte or two less. `None` when the name alone is too long.
#[must_use]
pub fn max_payload(name: &str, filter: &EventFilter) -> Option<usize> {
    let filter = [&filter.node, &filter.service, &filter.tag];
    let filters = filter.map(|text| text.as_ref().map_or(0, String::len));
    (0..=MAX_MESSAGE_BYTES)
        .rev()
        .find(|payload| message_bytes(name.len(), *payload, filters, 1) <= MAX_MESSAGE_BYTES)
}

/// What stands before an event's name between agents.
pub const NAME_PREFIX: &str = "consul:event:";

/// The size of an event on its way between agents, and of the message around it: two nested maps
/// in `MessagePack`, the inner one in its newer form and the outer one in its older. All
/// arguments are lengths in bytes, but the logical time.
#[must_use]
pub fn message_bytes(name: usize, payload: usize, filters: [usize; 3], ltime: u64) -> usize {
    let raw = |length: usize| length + if length < 32 { 1 } else { 3 };
    let time = match ltime {
        0..=0x7f => 1,
        0x80..=0xff => 2,
        0x100..=0xffff => 3,
        0x1_0000..=0xffff_ffff => 5,
        _ => 9,
    };
    let inner = inner_bytes(name, payload, filters);
    1 + 1 + 6 + time + 5 + raw(NAME_PREFIX.len() + name) + 8 + raw(inner) + 3 + 1
}

/// The same before the message is put around it, which has to fit too.
#[must_use]
pub fn plain_bytes(name: usize, payload: usize, filters: [usize; 3]) -> usize {
    NAME_PREFIX.len() + name + inner_bytes(name, payload, filters)
}

fn inner_bytes(name: usize, payload: usize, filters: [usize; 3]) -> usize {
    let sized = |length: usize| length + if length < 256 { 2 } else { 3 };
    let text = |length: usize| {
        if length < 32 {
            1 + length
        } else {
            sized(length)
        }
    };
    let mut inner = 1 + 3 + sized(36) + 2 + text(name) + 3;
    if payload > 0 {
        inner += 2 + sized(payload);
    }
    for length in filters.into_iter().filter(|length| *length > 0) {
        inner += 3 + text(length);
    }
    inner
}

/// Reads the answer of `fire`.
///
/// # Errors
/// When the body is no event.
pub fn decode_event(body: &[u8]) -> Result<UserEvent, serde_json::Error> {
    serde_json::from_slice(body)
}

/// Reads the answer of `list`.
///
/// # Errors
/// When the body is no list of events.
pub fn decode_events(body: &[u8]) -> Result<Vec<UserEvent>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<UserEvent>>>(body)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_an_id_is_both_halves_in_one() {
        // As a real server answered for a list that ended with this event.
        let id = "52edb24c-6023-454e-650b-9727705cb406";
        assert_eq!(id_to_index(id), Some(4_027_948_058_498_036_040));
        for bad in ["", "52edb24c", "52edb24c-6023-454e-650b-9727705cb40g", "é"] {
            assert_eq!(id_to_index(bad), None, "{bad}");
        }
    }

    // Found by trying on a real 1.8.7 that had seen fewer than 128 events.
    #[test]
    fn the_largest_payload_is_the_real_servers() {
        for (name, payload) in [
            (1, 414),
            (2, 412),
            (10, 396),
            (18, 380),
            (19, 376),
            (31, 352),
            (32, 349),
            (33, 347),
            (100, 214),
            (180, 54),
            (200, 14),
        ] {
            let found = max_payload(&"a".repeat(name), &EventFilter::new());
            assert_eq!(found, Some(payload), "{name}");
        }
        let all = EventFilter::new();
        for (filter, payload) in [
            (all.clone().with_node("n"), 409),
            (all.clone().with_node("n1|b"), 406),
            (all.clone().with_service("s").with_tag("t"), 404),
            (all.clone().with_node("n".repeat(31)), 379),
            (all.clone().with_node("n".repeat(32)), 377),
            (
                all.clone()
                    .with_node("n".repeat(31))
                    .with_service("s".repeat(32))
                    .with_tag("tt"),
                336,
            ),
        ] {
            assert_eq!(max_payload("a", &filter), Some(payload), "{filter:?}");
        }
        assert_eq!(max_payload(&"a".repeat(300), &all), None);
    }
}
