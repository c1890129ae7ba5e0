//! Answers from the agent's cache: `cached`.
//!
//! A real agent keeps what it asked its servers for, and renews it in the background. Here every
//! answer is as new as the state, so that there is nothing to keep; only who asked before is, for
//! the headers that tell a first answer from a later one.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, HeaderName, HeaderValue};

use super::reply::Reply;
use super::request::Request;

/// How many questions are remembered; then all are forgotten.
const MOST: usize = 8192;

/// Parameters that do not make another question of the same.
const SAME_QUESTION: [&str; 9] = [
    "cached",
    "consistent",
    "index",
    "leader",
    "passing",
    "pretty",
    "stale",
    "token",
    "wait",
];

/// Which questions were asked before.
#[derive(Debug, Default)]
pub(crate) struct Cached(Mutex<HashSet<u64>>);

/// Whether an answer is the first to its question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CacheStatus {
    Hit,
    Miss,
}

impl CacheStatus {
    /// Adds the headers of an endpoint that has a cache.
    pub(crate) fn mark(self, reply: Reply) -> Reply {
        let name = HeaderName::from_static("x-cache");
        match self {
            Self::Hit => reply
                .with(name, HeaderValue::from_static("HIT"))
                .with(AGE, HeaderValue::from_static("0")),
            Self::Miss => reply.with(name, HeaderValue::from_static("MISS")),
        }
    }
}

impl Cached {
    /// Whether a question was asked before. `body` is a part of it.
    pub(crate) fn status(&self, mut question: DefaultHasher, body: &[u8]) -> CacheStatus {
        body.hash(&mut question);
        self.note(question.finish())
    }

    fn note(&self, question: u64) -> CacheStatus {
        // Nothing in here can panic halfway through a change.
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.contains(&question) {
            return CacheStatus::Hit;
        }
        if asked.len() >= MOST {
            asked.clear();
        }
        asked.insert(question);
        CacheStatus::Miss
    }
}

impl Request<'_> {
    /// Whether the agent was asked this before, if the request lets its cache answer. `kind` tells
    /// endpoints apart.
    pub(crate) fn cache_status(&self, kind: &'static str) -> Option<CacheStatus> {
        let question = self.question(kind)?;
        Some(self.front.cached.status(question, b""))
    }

    /// What is asked, if the request lets the agent's cache answer.
    pub(crate) fn question(&self, kind: &'static str) -> Option<DefaultHasher> {
        if !self.params.has("cached") {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        kind.hash(&mut hasher);
        self.name.hash(&mut hasher);
        self.secret().expose().hash(&mut hasher);
        for (name, value) in self.params.iter() {
            if !SAME_QUESTION.contains(&name) {
                (name, value).hash(&mut hasher);
            }
        }
        Some(hasher)
    }

    /// The same for an endpoint whose cache nothing renews: there, the request limits the age.
    pub(crate) fn aging_cache_status(&self, kind: &'static str) -> Option<CacheStatus> {
        let status = self.cache_status(kind)?;
        Some(if wants_new(self.headers) {
            CacheStatus::Miss
        } else {
            status
        })
    }
}

/// Whether no cached answer is new enough for a request.
fn wants_new(headers: &HeaderMap) -> bool {
    let control = headers.get(CACHE_CONTROL);
    let control = control.and_then(|value| value.to_str().ok());
    let control = control.unwrap_or_default().to_ascii_lowercase();
    control.split(',').any(|part| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match name.trim() {
            "must-revalidate" => true,
            "max-age" => value.trim().parse::<i64>().is_ok_and(|age| age == 0),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_misses_once_and_then_hits() {
        let cached = Cached::default();
        assert_eq!(cached.note(1), CacheStatus::Miss);
        assert_eq!(cached.note(1), CacheStatus::Hit);
        assert_eq!(cached.note(2), CacheStatus::Miss);
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let cached = Cached::default();
        let most = u64::try_from(MOST).unwrap_or(u64::MAX);
        for question in 0..=most {
            assert_eq!(cached.note(question), CacheStatus::Miss);
        }
        let asked = cached.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert_eq!(asked.len(), 1);
    }
}
