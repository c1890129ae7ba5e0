//! Large ranges, some keys at a time.

use super::range_stream::{RangeStream, can_stream};
use super::{KeyRange, KeyValue, Kv, RangeOptions};
use crate::v3::error::Error;

/// How many keys a page has if nobody says otherwise.
const PAGE: u32 = 1_000;
/// A page whose answer is too long is asked for again with fewer keys, down to one.
const SHRINK: u32 = 4;

/// The keys of a range, page by page, in their order and as they were at one revision: that of the
/// first page. From [`Kv::pages`].
///
/// The limit of the options is the size of a page, at most; pages whose values do not fit into an
/// answer get smaller by themselves. An order is of no use here and left out.
///
/// Servers of etcd 3.7 and our agent send what comes after the first page by themselves. Where that
/// is not to be had, or breaks off, each page is a call of its own, at the same revision.
#[derive(Debug)]
#[must_use = "nothing is read unless it is polled"]
pub struct Pages {
    kv: Kv,
    /// What is still to be read; `None` when all is.
    rest: Option<KeyRange>,
    options: RangeOptions,
    page: u32,
    /// Whether the rest may be streamed: until that brought nothing.
    streams: bool,
    stream: Option<RangeStream>,
}

impl Pages {
    pub(super) fn new(kv: Kv, range: KeyRange, mut options: RangeOptions) -> Self {
        let page = options.limit.unwrap_or(PAGE).max(1);
        options.sort = None;
        Self {
            kv,
            rest: Some(range),
            streams: can_stream(&options),
            stream: None,
            options,
            page,
        }
    }

    /// The next keys; `None` after the last. A page may be empty if revisions leave keys out.
    ///
    /// # Errors
    /// As [`Kv::range`]; `Compacted` if the revision of the first page was forgotten meanwhile.
    /// Only that is the end: after any other it can be called again.
    ///
    /// # Cancel safety
    /// Safe: the same page is read again.
    pub async fn next(&mut self) -> Result<Option<Vec<KeyValue>>, Error> {
        let Some(range) = self.rest.clone() else {
            return Ok(None);
        };
        if self.options.revision.is_some()
            && let Some(page) = self.streamed(&range).await
        {
            return Ok(page);
        }
        let found = loop {
            self.options.limit = Some(self.page);
            match self.kv.range(&range, &self.options).await {
                Ok(found) => break found,
                Err(error) if is_too_long(&error) && self.page > 1 => {
                    self.page = (self.page / SHRINK).max(1);
                }
                Err(error) => return Err(error),
            }
        };
        if self.options.revision.is_none() {
            self.options.revision = Some(found.header.revision);
        }
        self.rest = match found.kvs.last() {
            Some(last) if found.more => Some(range.after(&last.key)),
            _ => None,
        };
        Ok(Some(found.kvs))
    }

    /// The next keys of a stream, none at its end. `None` if there is no stream to be had.
    async fn streamed(&mut self, range: &KeyRange) -> Option<Option<Vec<KeyValue>>> {
        if self.stream.is_none() {
            if !self.streams {
                return None;
            }
            self.stream = self.kv.stream(range, &self.options).await;
            self.streams = false;
        }
        let most = usize::try_from(self.page).unwrap_or(usize::MAX);
        let Some(page) = self.stream.as_mut()?.keys(most).await else {
            self.stream = None;
            return None;
        };
        // It brought something: if it breaks off later, there may be another one.
        self.streams = true;
        self.rest = page.last().map(|last| range.after(&last.key));
        if self.rest.is_none() {
            self.stream = None;
            return Some(None);
        }
        Some(Some(page))
    }

    /// The revision that is read; `None` before the first page.
    #[must_use]
    pub fn revision(&self) -> Option<i64> {
        self.options.revision
    }

    /// All that is left.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    ///
    /// # Cancel safety
    /// What was read is lost.
    pub async fn collect(mut self) -> Result<Vec<KeyValue>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page);
        }
        Ok(all)
    }
}

fn is_too_long(error: &Error) -> bool {
    let net = error.net();
    net.is_some_and(|net| net.kind() == quorate_net::error::NetErrorKind::TooLarge)
}
