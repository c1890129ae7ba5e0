//! Reads that wait until something changes.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::front::Front;
use super::options::Options;
use super::permit::Permit;
use super::reply::Reply;
use super::request::{Answer, Request};
use super::shared_reply::{Question, Shown, share, shared};
use crate::engine::consul::State;
use crate::identity::random;
use crate::waiters::{Waiter, Watch};

/// What a read found: its answer, and the index that goes with it.
pub(crate) struct Reading {
    pub(crate) index: u64,
    /// The index that ends the wait of a reader who was woken; that of the answer for most.
    pub(crate) changed: u64,
    pub(crate) reply: Reply,
}

impl Reading {
    /// Leaves the index out of the answer, as some endpoints do for what does not exist.
    pub(crate) fn without_headers(index: u64, reply: Reply) -> Self {
        Self {
            index,
            changed: index,
            reply,
        }
    }

    /// Of one thing that last changed at `index`: whoever waits for it sleeps on while others of its
    /// table change. A reader who comes with an index that is older than the table's is answered at
    /// once all the same, as on the real server.
    pub(crate) fn of_one(mut self, index: u64) -> Self {
        self.changed = index;
        self
    }

    /// Puts the index into the answer.
    pub(crate) fn new(index: u64, reply: Reply) -> Self {
        Self::without_headers(index, reply.with_index(index))
    }
}

/// Answers a read at once, unless it is to block until its index is greater than the client's. It
/// shows what its permit allows, which is asked for again after each wait: a token that was deleted
/// meanwhile sees nothing more.
///
/// A client that goes away ends its read: hyper drops the future with the connection. One whose
/// index is greater than any of ours waits to the end, as on the real server.
pub(crate) fn answer_permitted(
    request: Request<'_>,
    permit: Permit,
    options: Options,
    watches: impl IntoIterator<Item = Watch>,
    read: impl Fn(&State, &Permit) -> Reading + Send + 'static,
) -> Answer {
    let front = request.front;
    if options.index == 0 {
        return read(front.snapshot().consul(), &permit).reply.into();
    }
    // Registered before the first look, so that no change is missed in between.
    let waiter = front.writer.waiters().register(watches);
    let restores = front.snapshot().consul().restores();
    let reading = read(front.snapshot().consul(), &permit);
    if reading.index > options.index {
        return reading.reply.into();
    }
    let waiting = Waiting {
        waiter,
        restores,
        question: Question::of(request, &permit),
    };
    Answer::parked(wait(Arc::clone(front), waiting, options, permit, read))
}

/// As [`answer_permitted`], for a read that had to look at its body first.
pub(crate) async fn answer_later(
    front: &Arc<Front>,
    permit: Permit,
    options: Options,
    watches: impl IntoIterator<Item = Watch>,
    read: impl Fn(&State, &Permit) -> Reading + Send,
) -> Reply {
    if options.index == 0 {
        return read(front.snapshot().consul(), &permit).reply;
    }
    let waiter = front.writer.waiters().register(watches);
    let waiting = Waiting {
        waiter,
        restores: front.snapshot().consul().restores(),
        question: None,
    };
    let shown = wait(Arc::clone(front), waiting, options, permit, read).await;
    shown.into_reply()
}

/// A reader's place among those who wait.
struct Waiting {
    waiter: Waiter,
    /// How often the state had been replaced when it took its place.
    restores: u64,
    /// What it asks, if others may ask the same.
    question: Option<Question>,
}

async fn wait(
    front: Arc<Front>,
    Waiting {
        mut waiter,
        restores,
        question,
    }: Waiting,
    options: Options,
    permit: Permit,
    read: impl Fn(&State, &Permit) -> Reading + Send,
) -> Shown {
    let deadline = Instant::now() + options.wait + jitter(options.wait);
    let mut over = false;
    loop {
        if let Some(shared) = shared(&waiter, question.as_ref(), options.index) {
            return Shown::Shared(shared);
        }
        let (reading, restored) = {
            let snapshot = front.snapshot();
            let state = snapshot.consul();
            match permit.renewed(&front, state) {
                Ok(permit) => (read(state, &permit), state.restores() != restores),
                Err(refused) => return (*refused).into(),
            }
        };
        // When the agent ends, every waiter is woken, and answered with what there is; and when a
        // snapshot is restored, after which the client's index means nothing.
        let done = over || restored || front.stopping.has_begun();
        if reading.changed > options.index {
            return share(&waiter, question.as_ref(), reading);
        }
        if done {
            return reading.reply.into();
        }
        tokio::select! {
            () = waiter.changed() => {}
            () = sleep_until(deadline) => over = true,
        }
    }
}

/// Up to a sixteenth more, so that clients that began together do not end together.
pub(super) fn jitter(wait: Duration) -> Duration {
    let most = u64::try_from(wait.as_nanos() / 16).unwrap_or(u64::MAX);
    Duration::from_nanos(random() % most.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_at_most_a_sixteenth() {
        let wait = Duration::from_secs(160);
        let jitters: Vec<_> = (0..100).map(|_| jitter(wait)).collect();
        assert!(
            jitters
                .iter()
                .all(|jitter| *jitter <= Duration::from_secs(10))
        );
        assert!(jitters.iter().any(|jitter| *jitter != jitters[0]));
        assert_eq!(jitter(Duration::ZERO), Duration::ZERO);
    }
}
