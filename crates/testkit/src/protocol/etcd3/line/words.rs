//! The words of a line.

use std::collections::VecDeque;

use anyhow::{Context as _, ensure};
use bytes::Bytes;

use super::names::Names;

/// What ends a part of a transaction.
const MARKS: [&str; 6] = ["?", ":", ";", ",", "(", ")"];

/// What is left of a line.
pub(crate) struct Words<'a> {
    words: VecDeque<&'a str>,
    pub(crate) names: &'a Names,
}

impl<'a> Words<'a> {
    pub(crate) fn new(line: &'a str, names: &'a Names) -> Self {
        let parts = |word: &'a str| match word.strip_suffix(',').filter(|word| !word.is_empty()) {
            Some(word) => [Some(word), Some(",")],
            None => [Some(word), None],
        };
        let words = line.split_whitespace().flat_map(parts).flatten().collect();
        Self { words, names }
    }

    pub(crate) fn next(&mut self) -> anyhow::Result<&'a str> {
        self.words.pop_front().context("a word is missing")
    }

    /// Takes the next word if it is this one.
    pub(crate) fn takes(&mut self, word: &str) -> bool {
        let is_next = self.words.front() == Some(&word);
        if is_next {
            self.words.pop_front();
        }
        is_next
    }

    /// The next word, unless it is a mark.
    pub(crate) fn option(&mut self) -> Option<&'a str> {
        let is_option = self.words.front().is_some_and(|word| !MARKS.contains(word));
        if is_option {
            self.words.pop_front()
        } else {
            None
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn end(&self) -> anyhow::Result<()> {
        ensure!(self.is_empty(), "what is {:?}?", self.words);
        Ok(())
    }

    pub(crate) fn key(&mut self) -> anyhow::Result<Bytes> {
        Ok(self.names.key(self.next()?))
    }

    /// A key, or all that begin with it (`a*`), from it on (`a..`), or up to another (`a..b`).
    pub(crate) fn range(&mut self) -> anyhow::Result<(Bytes, Bytes)> {
        Ok(self.names.range(self.next()?))
    }

    pub(crate) fn text(&mut self) -> anyhow::Result<String> {
        let word = self.next()?;
        Ok(if word == "''" { "" } else { word }.to_owned())
    }

    pub(crate) fn value(&mut self) -> anyhow::Result<Bytes> {
        Ok(bytes(self.next()?))
    }

    pub(crate) fn number(&mut self) -> anyhow::Result<i64> {
        let word = self.next()?;
        word.parse().with_context(|| word.to_owned())
    }

    pub(crate) fn lease(&mut self) -> anyhow::Result<i64> {
        self.names.lease(self.next()?)
    }

    pub(crate) fn revision(&mut self) -> anyhow::Result<i64> {
        self.names.revision(self.next()?)
    }
}

/// The value of a word: `''` is empty, `@5` five bytes, `%00` a byte.
pub(super) fn bytes(word: &str) -> Bytes {
    if word == "''" {
        return Bytes::new();
    }
    if let Some(Ok(len)) = word.strip_prefix('@').map(str::parse) {
        return Bytes::from(vec![b'v'; len]);
    }
    let mut out = Vec::new();
    let mut rest = word.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).filter(|_| *first == b'%');
        let byte = hex.and_then(|hex| u8::from_str_radix(str::from_utf8(hex).ok()?, 16).ok());
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &tail[2..] } else { tail };
    }
    out.into()
}
