//! Answers that many who wait for the same thing get at once.
//!
//! A change that wakes a thousand readers of one service would have its answer made a thousand times.
//! Those who asked the same question find here what the first of them was answered, as the bytes that
//! are sent; it is gone with the last of them.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;

use super::blocking::Reading;
use super::permit::Permit;
use super::reply::{Reply, Style};
use super::request::Request;
use crate::serve::{encode, second};
use crate::waiters::Waiter;

/// How many different questions those who wake together share answers to.
const MOST: usize = 16;

/// What a reader that waited is answered.
pub(crate) enum Shown {
    /// An answer of its own.
    Own(Reply),
    /// One that others get as well.
    Shared(Arc<SharedReply>),
}

impl From<Reply> for Shown {
    fn from(reply: Reply) -> Self {
        Self::Own(reply)
    }
}

impl Shown {
    pub(crate) fn closes(&self) -> bool {
        match self {
            Self::Own(reply) => reply.closes(),
            Self::Shared(shared) => shared.closes,
        }
    }

    /// The answer for whoever sends it himself.
    pub(crate) fn into_reply(self) -> Reply {
        match self {
            Self::Own(reply) => reply,
            Self::Shared(shared) => lock(&shared.kept).reply.copy(),
        }
    }

    /// The answer as it is sent.
    pub(crate) fn encode(self, style: Style, closes: bool) -> Bytes {
        match self {
            Self::Shared(shared) if !closes => shared.encode(style),
            own => encode(&own.into_reply().finish_whole(style), closes),
        }
    }
}

/// An answer that several get.
#[derive(Debug)]
pub(crate) struct SharedReply {
    /// It is news to who knows less than this index.
    changed: u64,
    closes: bool,
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    reply: Reply,
    sent: Option<Sent>,
}

/// What was sent last.
#[derive(Debug)]
struct Sent {
    style: Style,
    /// When: an answer says so.
    second: u64,
    bytes: Bytes,
}

impl SharedReply {
    fn encode(&self, style: Style) -> Bytes {
        let second = second();
        let mut kept = lock(&self.kept);
        if let Some(sent) = &kept.sent
            && (sent.style, sent.second) == (style, second)
        {
            return sent.bytes.clone();
        }
        let bytes = encode(&kept.reply.copy().finish_whole(style), false);
        kept.sent = Some(Sent {
            style,
            second,
            bytes: bytes.clone(),
        });
        bytes
    }
}

/// What was asked: two requests with the same are answered the same at any one moment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Question(Box<str>);

impl Question {
    /// What `request` asks; `None` when its answer is for nobody else, because it depends on who asks.
    pub(crate) fn of(request: Request<'_>, permit: &Permit) -> Option<Self> {
        if permit.is_restricted() || request.params.has("cached") {
            return None;
        }
        let mut text = String::with_capacity(64);
        // Writing to a text does not fail. Lengths keep names and values apart.
        let _ = write!(text, "{}", request.path.escape_ascii());
        for (name, value) in request.params.iter() {
            if !matches!(name, "index" | "wait" | "token") {
                let _ = write!(text, "&{}:{name}={}:{value}", name.len(), value.len());
            }
        }
        Some(Self(text.into()))
    }
}

/// The answers of those who were woken by one change.
#[derive(Debug, Default)]
struct Answers(Mutex<HashMap<Question, Arc<SharedReply>>>);

/// What another one who was woken together with `waiter` was answered to the same question, if that
/// is news to who knows `index`.
///
/// It was found out after both were woken, so that it is as good an answer as one that is found now.
pub(crate) fn shared(
    waiter: &Waiter,
    question: Option<&Question>,
    index: u64,
) -> Option<Arc<SharedReply>> {
    let answers = waiter.meeting()?.common::<Answers>()?;
    let found = lock(&answers.0).get(question?).cloned();
    found.filter(|shared| shared.changed > index)
}

/// Keeps an answer for those who were woken together with `waiter`.
pub(crate) fn share(waiter: &Waiter, question: Option<&Question>, reading: Reading) -> Shown {
    let Reading { changed, reply, .. } = reading;
    let meeting = waiter.meeting();
    let answers = meeting.and_then(|meeting| meeting.common::<Answers>());
    let (Some(answers), Some(question)) = (answers, question) else {
        return reply.into();
    };
    let mut answers = lock(&answers.0);
    if answers.len() >= MOST && !answers.contains_key(question) {
        return reply.into();
    }
    let shared = Arc::new(SharedReply {
        changed,
        closes: reply.closes(),
        kept: Mutex::new(Kept { reply, sent: None }),
    });
    answers.insert(question.clone(), Arc::clone(&shared));
    Shown::Shared(shared)
}

/// Nothing in here can panic halfway through a change.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
