//! The task that keeps one session alive, and ends it.

use std::sync::Arc;
use std::time::Duration;

use quorate_net::backoff::Backoff;
use quorate_wire::consul::SessionRequest;
use tokio::sync::{RwLock, mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::lease::{LostReason, State};
use crate::error::Class;
use crate::{Client, Error, ErrorKind, WriteOptions};

/// How often a session that nobody waits for is destroyed, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a session outlives its client's closing, for what it holds to be given back.
const CLOSING_GRACE: Duration = Duration::from_millis(2_500);
/// The longest pause before a renewal that failed is tried again.
const MAX_RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Destroy the session and answer. When every sender is gone: destroy it.
pub(super) type Order = oneshot::Sender<Result<(), Error>>;

/// Where the session comes from.
#[derive(Debug)]
pub(super) enum Origin {
    Create(Box<SessionRequest>, Duration),
    Adopt(String),
}

/// A session that is being kept.
pub(super) struct Kept {
    pub(super) id: String,
    pub(super) ttl: Duration,
    pub(super) state: watch::Receiver<State>,
    pub(super) using: Arc<RwLock<()>>,
}

pub(super) struct Keeping {
    pub(super) client: Client,
    pub(super) options: WriteOptions,
    pub(super) orders: mpsc::UnboundedReceiver<Order>,
    /// Read by those who use the session.
    pub(super) using: Arc<RwLock<()>>,
}

/// The session as the server last confirmed it.
struct Confirmed {
    id: String,
    ttl: Duration,
    state: watch::Sender<State>,
}

impl Keeping {
    /// Gets the session, tells `ready`, keeps it until there is a reason not to, and destroys it.
    pub(super) async fn run(
        self,
        origin: Origin,
        ready: oneshot::Sender<Result<Kept, Error>>,
        stop: impl Future<Output = ()> + Unpin,
    ) {
        let (session, receiver) = match self.obtain(origin).await {
            Ok(session) => session,
            Err(error) => return drop(ready.send(Err(error))),
        };
        let kept = Kept {
            id: session.id.clone(),
            ttl: session.ttl,
            state: receiver,
            using: Arc::clone(&self.using),
        };
        // When nobody waits any more, the handle and with it the orders are gone as well.
        let _ = ready.send(Ok(kept));
        self.keep(session, stop).await;
    }

    async fn obtain(&self, origin: Origin) -> Result<(Confirmed, watch::Receiver<State>), Error> {
        let begun = Instant::now();
        let (id, ttl) = match origin {
            Origin::Create(request, ttl) => (
                self.client
                    .session()
                    .create_with(&request, &self.options)
                    .await?,
                ttl,
            ),
            Origin::Adopt(id) => {
                let ttl = self.adopt(&id).await?;
                (id, ttl)
            }
        };
        let (state, receiver) = watch::channel(State {
            deadline: begun + ttl,
            lost: None,
        });
        Ok((Confirmed { id, ttl, state }, receiver))
    }

    /// Renews a session that exists already, to learn its TTL.
    async fn adopt(&self, id: &str) -> Result<Duration, Error> {
        let operation = || format!("keep session `{id}`");
        let renewed = self.client.session().renew_with(id, &self.options).await?;
        let session = renewed.ok_or_else(|| {
            Error::new(Class::refused(ErrorKind::LeaseLost), operation())
                .with_detail(LostReason::SessionGone)
        })?;
        session.ttl().ok_or_else(|| {
            Error::invalid(
                operation(),
                "ttl: the session has none, so it needs no keeper",
            )
        })
    }

    async fn keep(mut self, mut session: Confirmed, stop: impl Future<Output = ()> + Unpin) {
        let (reason, reply) = self.until_lost(&mut session, stop).await;
        // Whoever asks learns it before the network is asked for anything.
        session.state.send_if_modified(|state| {
            let first = state.lost.is_none();
            state.lost = state.lost.or(Some(reason));
            first
        });
        if matches!(reason, LostReason::DeadlinePassed | LostReason::SessionGone) {
            tracing::warn!(session = %session.id, %reason, "session lost");
        }
        if reason == LostReason::Closed {
            // What the session holds is given back first: its end would start a lock-delay.
            let _ = timeout(CLOSING_GRACE, self.using.write()).await;
        }
        match reply {
            Some(reply) => {
                let destroyed = self
                    .client
                    .session()
                    .destroy_with(&session.id, &self.options)
                    .await;
                let _ = reply.send(destroyed);
            }
            None if reason == LostReason::SessionGone => {}
            None => self.part(&session.id).await,
        }
    }

    /// Renews the session until it is lost or somebody wants it destroyed.
    async fn until_lost(
        &mut self,
        session: &mut Confirmed,
        mut stop: impl Future<Output = ()> + Unpin,
    ) -> (LostReason, Option<Order>) {
        let mut pause = renewal_pause(session.ttl);
        loop {
            let deadline = session.state.borrow().deadline;
            tokio::select! {
                biased;
                order = self.orders.recv() => return (LostReason::Destroyed, order),
                () = &mut stop => return (LostReason::Closed, None),
                () = sleep_until(deadline) => return (LostReason::DeadlinePassed, None),
                renewed = renew(&self.client, &self.options, session, pause) => match renewed {
                    Renewal::Done(next) => pause = next,
                    Renewal::Lost(reason) => return (reason, None),
                },
            }
        }
    }

    /// Destroys the session as well as that can be done in a short time; the TTL does the rest.
    async fn part(&self, id: &str) {
        for _ in 0..PARTING_TRIES {
            let sessions = self.client.session();
            let destroy = sessions.destroy_with(id, &self.options);
            if let Ok(Ok(())) = timeout(PARTING_TIMEOUT, destroy).await {
                return;
            }
        }
        tracing::debug!(session = %id, "left to its TTL: it could not be destroyed");
    }
}

enum Renewal {
    /// Go on, and renew again after this pause.
    Done(Duration),
    Lost(LostReason),
}

/// Renews after `pause`, and moves the deadline if that succeeds in time.
async fn renew(
    client: &Client,
    options: &WriteOptions,
    session: &mut Confirmed,
    pause: Duration,
) -> Renewal {
    tokio::time::sleep(pause).await;
    let begun = Instant::now();
    let sessions = client.session();
    let answer = timeout(session.ttl / 3, sessions.renew_with(&session.id, options)).await;
    match answer {
        Ok(Ok(Some(answer))) => session.confirm(begun, answer.ttl()),
        Ok(Ok(None)) => Renewal::Lost(LostReason::SessionGone),
        Ok(Err(error)) if error.kind() == ErrorKind::LeaseLost => {
            Renewal::Lost(LostReason::SessionGone)
        }
        Ok(Err(error)) => {
            tracing::debug!(session = %session.id, %error, "renewal failed");
            Renewal::Done(retry_pause(session.ttl))
        }
        Err(_) => {
            tracing::debug!(session = %session.id, "renewal took too long");
            Renewal::Done(retry_pause(session.ttl))
        }
    }
}

impl Confirmed {
    /// Takes a successful renewal that was begun at `begun`. The TTL that the server answers
    /// counts: under load it may be longer than the one that was asked for.
    fn confirm(&mut self, begun: Instant, ttl: Option<Duration>) -> Renewal {
        self.ttl = ttl.unwrap_or(self.ttl);
        let deadline = begun + self.ttl;
        let mut late = false;
        self.state.send_if_modified(|state| {
            // An answer that came after the deadline must not bring the lease back to life:
            // somebody may have seen that it was over.
            late = Instant::now() >= state.deadline;
            if !late {
                state.deadline = deadline;
            }
            !late
        });
        if late {
            Renewal::Lost(LostReason::DeadlinePassed)
        } else {
            Renewal::Done(renewal_pause(self.ttl))
        }
    }
}

/// A third of the TTL less up to a tenth of that, so that clients that were started together do
/// not renew together.
fn renewal_pause(ttl: Duration) -> Duration {
    let third = ttl / 3;
    third.saturating_sub(up_to(third / 10))
}

fn retry_pause(ttl: Duration) -> Duration {
    let cap = MAX_RETRY_PAUSE.min(ttl / 15);
    cap / 2 + up_to(cap / 2)
}

/// A random duration between zero and `most`.
pub(crate) fn up_to(most: Duration) -> Duration {
    Backoff::new(most, most).next_delay()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renewals_are_a_third_of_the_ttl_apart_or_a_tenth_less() {
        let ttl = Duration::from_secs(15);
        let pauses: Vec<_> = (0..500).map(|_| renewal_pause(ttl)).collect();
        assert!(
            pauses
                .iter()
                .all(|p| *p <= ttl / 3 && *p >= ttl / 3 * 9 / 10)
        );
        assert!(pauses.iter().any(|p| *p != pauses[0]), "they must differ");
    }

    #[test]
    fn several_retries_fit_into_the_ttl() {
        for _ in 0..100 {
            assert!(retry_pause(Duration::from_secs(10)) <= Duration::from_secs(1));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_confirmation_moves_the_deadline_unless_it_has_passed() {
        let ttl = Duration::from_secs(15);
        let begun = Instant::now();
        let (state, receiver) = watch::channel(State {
            deadline: begun + ttl,
            lost: None,
        });
        let mut session = Confirmed {
            id: String::new(),
            ttl,
            state,
        };
        tokio::time::advance(ttl / 2).await;
        assert!(matches!(
            session.confirm(begun + ttl / 3, None),
            Renewal::Done(_)
        ));
        assert_eq!(receiver.borrow().deadline, begun + ttl / 3 + ttl);
        tokio::time::advance(ttl).await;
        let late = session.confirm(begun + ttl, None);
        assert!(matches!(late, Renewal::Lost(LostReason::DeadlinePassed)));
        assert_eq!(receiver.borrow().deadline, begun + ttl / 3 + ttl);
    }
}
