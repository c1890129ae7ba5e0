//! What the words of a line stand for, and how answers are told with the same words.

use std::collections::BTreeSet;

use anyhow::Context as _;
use bytes::Bytes;

use super::words::bytes;

/// The first revision beyond the letters.
const LETTERS: usize = 26;
/// How far apart the leases of two trials are.
const LEASES: i64 = 1000;

/// Keys below a prefix, leases above a number, and revisions in the order in which they were seen.
#[derive(Clone, Debug, Default)]
pub struct Names {
    prefix: Vec<u8>,
    leases: i64,
    /// Revisions are told as numbers, and those of headers too.
    pub(crate) exact: bool,
    seen: Vec<i64>,
    /// The revision of the newest header.
    last: i64,
    /// Keys that end in the number of a lease are told with these.
    leased: BTreeSet<i64>,
}

impl Names {
    /// Names of one trial among others on one server.
    pub(crate) fn below(prefix: &str) -> Self {
        let mut hash = 0_i64;
        for byte in prefix.bytes() {
            hash = (hash * 31 + i64::from(byte)) % 1_000_000_007;
        }
        Self {
            prefix: prefix.as_bytes().to_vec(),
            leases: (hash + 1) * LEASES,
            ..Self::default()
        }
    }

    /// The names as they are: for one that has its server alone.
    pub(crate) fn exact() -> Self {
        Self {
            exact: true,
            ..Self::default()
        }
    }

    pub(crate) fn key(&self, word: &str) -> Bytes {
        match word {
            "''" => Bytes::new(),
            word => [&self.prefix[..], &bytes(word)].concat().into(),
        }
    }

    pub(crate) fn range(&self, word: &str) -> (Bytes, Bytes) {
        let zero = || Bytes::from_static(b"\0");
        if let Some((first, end)) = word.split_once("..") {
            let end = if end.is_empty() {
                zero()
            } else {
                self.key(end)
            };
            let first = if first.is_empty() {
                zero()
            } else {
                self.key(first)
            };
            return (first, end);
        }
        let Some(prefix) = word.strip_suffix('*') else {
            return (self.key(word), Bytes::new());
        };
        let prefix = self.key(prefix);
        let mut end = prefix.to_vec();
        while end.pop_if(|byte| *byte == u8::MAX).is_some() {}
        match end.last_mut() {
            Some(byte) => *byte += 1,
            None => return (if prefix.is_empty() { zero() } else { prefix }, zero()),
        }
        (prefix, end.into())
    }

    pub(crate) fn lease(&self, word: &str) -> anyhow::Result<i64> {
        let number: i64 = word.parse().with_context(|| word.to_owned())?;
        let is_own = (1..LEASES).contains(&number);
        Ok(if is_own { number + self.leases } else { number })
    }

    /// A revision: a number, a letter, or `last`, each with `+1` or `-1` and so on.
    pub(crate) fn revision(&self, word: &str) -> anyhow::Result<i64> {
        let at = word.find(['+', '-']).filter(|at| *at > 0);
        let (base, offset) = word.split_at(at.unwrap_or(word.len()));
        let base = match base {
            "last" => self.last,
            base => match base.parse() {
                Ok(number) => number,
                Err(_) => self.seen_as(base).with_context(|| word.to_owned())?,
            },
        };
        let offset: i64 = if offset.is_empty() {
            0
        } else {
            offset.parse()?
        };
        Ok(base + offset)
    }

    fn seen_as(&self, letter: &str) -> Option<i64> {
        let at = letter.bytes().next()?.checked_sub(b'A')?;
        self.seen.get(usize::from(at)).copied()
    }

    pub(crate) fn note_last(&mut self, revision: i64) {
        self.last = revision;
    }

    pub(crate) fn note_lease(&mut self, lease: i64) {
        self.leased.insert(lease);
    }

    /// A revision, told.
    pub(crate) fn tell_revision(&mut self, revision: i64) -> String {
        if self.exact || revision == 0 {
            return revision.to_string();
        }
        let at = self.seen.iter().position(|seen| *seen == revision);
        let at = at.unwrap_or_else(|| {
            self.seen.push(revision);
            self.seen.len() - 1
        });
        let letter = u8::try_from(at % LETTERS).map_or('?', |at| char::from(b'A' + at));
        let again = if at < LETTERS {
            String::new()
        } else {
            (at / LETTERS).to_string()
        };
        format!("{letter}{again}")
    }

    pub(crate) fn tell_lease(&self, lease: i64) -> i64 {
        let own = lease - self.leases;
        if (1..LEASES).contains(&own) {
            own
        } else {
            lease
        }
    }

    /// Whether a lease is of this trial.
    pub(crate) fn is_own(&self, lease: i64) -> bool {
        (1..LEASES).contains(&(lease - self.leases))
    }

    /// A key, told.
    pub(crate) fn tell_key(&self, key: &[u8]) -> String {
        let own = key.strip_prefix(&self.prefix[..]).unwrap_or(key);
        let mut text = own.escape_ascii().to_string();
        for lease in &self.leased {
            let ending = format!("/{lease:x}");
            if let Some(name) = text.strip_suffix(&ending) {
                text = format!("{name}/#{}", self.tell_lease(*lease));
            }
        }
        text
    }
}
