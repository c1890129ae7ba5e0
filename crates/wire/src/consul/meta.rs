//! What the headers of an answer say about it.

use std::time::Duration;

/// The index that a blocking query passes back.
pub const INDEX: &str = "x-consul-index";
/// Whether the answering server knows a leader.
pub const KNOWN_LEADER: &str = "x-consul-knownleader";
/// How long ago the answering server heard from the leader.
pub const LAST_CONTACT: &str = "x-consul-lastcontact";
/// Which consistency the answer really has.
pub const EFFECTIVE_CONSISTENCY: &str = "x-consul-effective-consistency";
/// Whether addresses in the answer were translated.
pub const TRANSLATE_ADDRESSES: &str = "x-consul-translate-addresses";
/// A digest that hash-based blocking passes back.
pub const CONTENT_HASH: &str = "x-consul-contenthash";
/// Whether the agent's cache answered.
pub const CACHE: &str = "x-cache";
/// How old a cached answer is, in seconds.
pub const AGE: &str = "age";
/// The ACL token of a request.
pub const TOKEN: &str = "x-consul-token";

/// Whether the agent's cache answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CacheStatus {
    /// The answer came from the cache.
    Hit,
    /// The answer was fetched.
    Miss,
}

/// What the headers of an answer say about it. A header that is missing leaves `None` or the
/// default: several endpoints send none of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueryMeta {
    /// The index for the next blocking query: a full `u64` (event indexes exceed `i64`). Never
    /// taken from a failed answer.
    pub index: Option<u64>,
    /// Whether the answering server knows a leader.
    pub known_leader: Option<bool>,
    /// How long ago the answering server heard from the leader; 0 on the leader itself.
    pub last_contact: Option<Duration>,
    /// The consistency that the answer really has; only some endpoints say.
    pub effective_consistency: Option<String>,
    /// Whether the agent's cache answered; `None` where the endpoint has no cache.
    pub cache: Option<CacheStatus>,
    /// How old a cached answer is.
    pub age: Option<Duration>,
    /// Whether addresses were translated to the WAN's.
    pub addresses_translated: bool,
    /// The digest for hash-based blocking.
    pub content_hash: Option<String>,
}

impl QueryMeta {
    /// Reads the headers through `get`, which is asked for lower-case names. Values that can't be
    /// read count as missing.
    #[must_use]
    pub fn from_headers<'a>(get: impl Fn(&'static str) -> Option<&'a str>) -> Self {
        let number = |name| get(name).and_then(|text| text.trim().parse::<u64>().ok());
        Self {
            index: number(INDEX),
            known_leader: get(KNOWN_LEADER).and_then(|text| text.parse().ok()),
            last_contact: number(LAST_CONTACT).map(Duration::from_millis),
            effective_consistency: get(EFFECTIVE_CONSISTENCY).map(str::to_owned),
            cache: get(CACHE).and_then(cache_status),
            age: number(AGE).map(Duration::from_secs),
            addresses_translated: get(TRANSLATE_ADDRESSES) == Some("true"),
            content_hash: get(CONTENT_HASH).map(str::to_owned),
        }
    }
}

fn cache_status(text: &str) -> Option<CacheStatus> {
    match text {
        "HIT" => Some(CacheStatus::Hit),
        "MISS" => Some(CacheStatus::Miss),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_read() {
        let meta = QueryMeta::from_headers(|name| {
            Some(match name {
                INDEX => "18446744073709551615",
                KNOWN_LEADER | TRANSLATE_ADDRESSES => "true",
                LAST_CONTACT => "12",
                EFFECTIVE_CONSISTENCY => "leader",
                CACHE => "HIT",
                AGE => "3",
                CONTENT_HASH => "abc",
                _ => return None,
            })
        });
        assert_eq!(meta.index, Some(u64::MAX));
        assert_eq!(meta.known_leader, Some(true));
        assert_eq!(meta.last_contact, Some(Duration::from_millis(12)));
        assert_eq!(meta.effective_consistency.as_deref(), Some("leader"));
        assert_eq!(
            (meta.cache, meta.age),
            (Some(CacheStatus::Hit), Some(Duration::from_secs(3)))
        );
        assert!(meta.addresses_translated);
        assert_eq!(meta.content_hash.as_deref(), Some("abc"));
    }

    #[test]
    fn what_is_missing_or_unreadable_is_none() {
        assert_eq!(QueryMeta::from_headers(|_| None), QueryMeta::default());
        assert_eq!(QueryMeta::from_headers(|_| Some("?")).index, None);
    }
}
