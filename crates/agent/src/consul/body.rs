//! Request bodies, read within bounds.

use std::fmt;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::decode::DecodeError;
use super::reply::{Refused, Reply};
use crate::serve::Progress;

/// What Go says of a body that ends too early.
const CUT_SHORT: &str = "unexpected EOF";

/// A request's body. The connection bounds the time that it may take.
pub(crate) struct Body {
    incoming: Incoming,
    progress: Option<Arc<Progress>>,
}

impl BodyError {
    /// What it is answered with, where at most `limit` bytes are read.
    pub(super) fn refuse(self, limit: usize) -> Refused {
        match self {
            Self::TooLarge => too_large(limit).into(),
            Self::Broken => DecodeError::new(CUT_SHORT).refuse(),
        }
    }
}

/// What a body is answered with of which at most `limit` bytes are read.
pub(super) fn too_large(limit: impl fmt::Display) -> Reply {
    Reply::too_large(format!("Request body too large, max size: {limit} bytes."))
}

/// Why a body can't be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// It is longer than allowed.
    TooLarge,
    /// The client stopped sending, or sent nonsense: nobody waits for an answer.
    Broken,
}

impl Body {
    /// Notes that a request has begun.
    pub(crate) fn begin(incoming: Incoming, progress: &Arc<Progress>) -> Self {
        let whole = incoming.is_end_stream();
        progress.begin(whole);
        Self {
            incoming,
            progress: (!whole).then(|| progress.clone()),
        }
    }

    /// The length that the client declared; `None` for a chunked body.
    pub(crate) fn declared(&self) -> Option<u64> {
        self.incoming.size_hint().exact()
    }

    /// Reads the whole body, if it has at most `limit` bytes.
    pub(crate) async fn collect(mut self, limit: usize) -> Result<Bytes, BodyError> {
        let first = self.next().await?;
        if first.len() > limit {
            return Err(BodyError::TooLarge);
        }
        let mut whole = None;
        // A body that came in one piece, as small ones do, is not copied.
        while let Some(next) = Some(self.next().await?).filter(|next| !next.is_empty()) {
            let whole = whole.get_or_insert_with(|| {
                let declared = self.declared().and_then(|left| usize::try_from(left).ok());
                let expected = first.len() + next.len() + declared.unwrap_or(0);
                let mut whole = BytesMut::with_capacity(expected.min(limit));
                whole.extend_from_slice(&first);
                whole
            });
            if whole.len() + next.len() > limit {
                return Err(BodyError::TooLarge);
            }
            whole.extend_from_slice(&next);
        }
        if let Some(progress) = &self.progress {
            progress.body_received();
        }
        Ok(whole.map_or(first, BytesMut::freeze))
    }

    /// As [`collect`](Self::collect), with the answer to a body that can't be used: for one that
    /// ends too early, what `malformed` makes of that.
    pub(super) async fn read(
        self,
        limit: usize,
        malformed: impl FnOnce(&'static str) -> Reply,
    ) -> Result<Bytes, Refused> {
        let read = self.collect(limit).await;
        read.map_err(|error| match error {
            BodyError::TooLarge => too_large(limit).into(),
            BodyError::Broken => malformed(CUT_SHORT).into(),
        })
    }

    /// Reads the body piece by piece, if it has at most `limit` bytes. The client is slowed down
    /// to the speed at which the pieces are taken, and has to send
    /// 64 KiB within the time for a body.
    pub(crate) fn pieces(self, limit: u64) -> Pieces {
        Pieces { body: self, limit }
    }

    /// The next bytes; none at the end.
    async fn next(&mut self) -> Result<Bytes, BodyError> {
        loop {
            match self.incoming.frame().await {
                None => return Ok(Bytes::new()),
                Some(Err(_)) => return Err(BodyError::Broken),
                // Trailers and empty pieces carry nothing for anybody.
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) if !data.is_empty() => return Ok(data),
                    Ok(_) | Err(_) => {}
                },
            }
        }
    }
}

/// A body that is read piece by piece.
pub(crate) struct Pieces {
    body: Body,
    /// What may still come.
    limit: u64,
}

impl Pieces {
    /// The next bytes, never none; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, BodyError> {
        if let Some(progress) = &self.body.progress {
            progress.awaits_piece();
        }
        let piece = self.body.next().await?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.limit = self.limit.checked_sub(length).ok_or(BodyError::TooLarge)?;
        if let Some(progress) = &self.body.progress {
            progress.piece_received(piece.len());
        }
        Ok((!piece.is_empty()).then_some(piece))
    }
}
