//! Holding something: from the attempt to acquire it until it is given back.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{sleep, timeout};

use super::acquisition::Acquisition;
use super::contest::{Contest, Leftover, Patience, Stop};
use super::monitor;
use super::recipe::{GiveBack, Recipe, Source};
use crate::error::Class;
use crate::session_keeper::{Claim, Lease};
use crate::{Error, ErrorKind, LostReason, SessionKeeper};

/// How often something is given back that nobody waits for, and for how long each time.
const PARTING_TRIES: u32 = 2;
const PARTING_TIMEOUT: Duration = Duration::from_secs(1);
/// How long a session outlives what it held. Its end is a write too, and whoever waits for the lock
/// is not to wait for that one as well.
const LINGER: Duration = Duration::from_millis(50);

type Reply = oneshot::Sender<Result<(), Error>>;

/// Give it back like this, and answer. When every sender is gone: give it back.
type Order = (GiveBack, Reply);

/// What a guard holds: the task that does everything ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tenure {
    title: String,
    session: String,
    token: u64,
    lease: Lease,
    orders: mpsc::UnboundedSender<Order>,
}

impl Tenure {
    pub(crate) fn session(&self) -> &str {
        &self.session
    }

    pub(crate) fn token(&self) -> u64 {
        self.token
    }

    pub(crate) fn lease(&self) -> &Lease {
        &self.lease
    }

    /// Gives it back, and says whether it was still held.
    pub(crate) async fn end(self, how: GiveBack) -> Result<(), Error> {
        // What was said to be lost stays lost, also if the task has not noticed yet and the server
        // has not given it to anybody.
        let lost = self.lease.lost_reason();
        let (reply, done) = oneshot::channel();
        if self.orders.send((how, reply)).is_ok()
            && let Ok(result) = done.await
            && lost.is_none()
        {
            return result;
        }
        // Or the task ended before: then it was lost too.
        let lost = lost.or_else(|| self.lease.lost_reason());
        Err(not_held(&self.title, how, lost))
    }
}

fn not_held(title: &str, how: GiveBack, reason: Option<LostReason>) -> Error {
    let reason = reason.unwrap_or(LostReason::NotHolder);
    let verb = match how {
        GiveBack::Release => "release",
        GiveBack::Delete => "destroy",
    };
    Error::new(Class::refused(reason.kind()), format!("{verb} {title}")).with_detail(reason)
}

/// Acquires in a task of its own, which then holds it. Dropping the future tells the task to give
/// up and clean up after itself.
pub(crate) async fn acquire<R: Recipe>(
    recipe: R,
    source: Source,
    patience: Patience,
) -> Result<Acquisition<Tenure>, Error> {
    let operation = format!("acquire {}", recipe.title());
    let closed =
        || Error::new(Class::refused(ErrorKind::Closed), operation).with_detail(LostReason::Closed);
    let tasks = recipe.client().tasks().spawner();
    if tasks.is_cancelled() {
        return Err(closed());
    }
    let (sender, result) = oneshot::channel();
    let stop = tasks.cancelled();
    tasks.spawn(serve(recipe, source, patience, sender, stop));
    result.await.unwrap_or_else(|_| Err(closed()))
}

async fn serve<R: Recipe>(
    recipe: R,
    source: Source,
    patience: Patience,
    mut reply: oneshot::Sender<Result<Acquisition<Tenure>, Error>>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    let (ended, leftover) = {
        let quit = pin!(async {
            tokio::select! {
                () = reply.closed() => {}
                () = &mut stop => {}
            }
        });
        let mut contest = Contest::new(&recipe, &source, patience, quit);
        (contest.run().await, contest.into_leftover())
    };
    let own = matches!(source, Source::Own(_));
    match ended {
        Ok(token) => hold(&recipe, leftover, own, token, reply, stop).await,
        Err(ended) => {
            // Whoever is told may want to use the same session for the same key at once.
            let leftover = leftover.uncertain.then_some(leftover);
            match ended {
                Stop::Quit => drop(reply),
                Stop::TimedOut(holders) => {
                    let _ = reply.send(Ok(Acquisition::TimedOut { holders }));
                }
                Stop::Failed(error) => {
                    let _ = reply.send(Err(error));
                }
            }
            if let Some(leftover) = leftover {
                tidy(&recipe, leftover).await;
            }
        }
    }
}

/// Gives back what may have been acquired without anybody's knowledge. A session of its own ends
/// after that, so that no lock-delay starts.
async fn tidy<R: Recipe>(recipe: &R, leftover: Leftover) {
    if let Some(keeper) = leftover.keeper {
        part(recipe, keeper.id()).await;
    }
    drop(leftover.claim);
}

/// Why the tenure ends.
enum End {
    Ordered(GiveBack, Reply),
    Dropped,
    Lost(LostReason),
    Closed,
}

async fn hold<R: Recipe>(
    recipe: &R,
    leftover: Leftover,
    own: bool,
    token: u64,
    reply: oneshot::Sender<Result<Acquisition<Tenure>, Error>>,
    mut stop: impl Future<Output = ()> + Send + Unpin,
) {
    let Leftover {
        keeper: Some(keeper),
        claim,
        ..
    } = leftover
    else {
        return;
    };
    let (orders, mut receiver) = mpsc::unbounded_channel();
    let (state, narrow) = watch::channel(None);
    let tenure = Tenure {
        title: recipe.title(),
        session: keeper.id().to_owned(),
        token,
        lease: keeper.lease().narrowed(narrow),
        orders,
    };
    // If nobody waits any more, the tenure comes back and is dropped here, and with it the orders.
    drop(reply.send(Ok(Acquisition::Acquired(tenure))));
    let end = tokio::select! {
        biased;
        order = receiver.recv() => order.map_or(End::Dropped, |(how, reply)| End::Ordered(how, reply)),
        () = &mut stop => End::Closed,
        reason = keeper.lost() => End::Lost(reason),
        () = monitor::until_lost(recipe, keeper.id(), keeper.ttl(), token) => End::Lost(LostReason::NotHolder),
    };
    // Whoever asks learns it before the network is asked for anything.
    state.send_replace(Some(end.reason()));
    let ending = Ending {
        recipe,
        keeper,
        own,
        claim,
    };
    ending.run(end, stop).await;
}

impl End {
    fn reason(&self) -> LostReason {
        match self {
            Self::Ordered(..) | Self::Dropped => LostReason::Released,
            Self::Lost(reason) => *reason,
            Self::Closed => LostReason::Closed,
        }
    }
}

struct Ending<'a, R> {
    recipe: &'a R,
    keeper: SessionKeeper,
    own: bool,
    /// Held to the end: another task with the same session must not be released by this one.
    claim: Option<Claim>,
}

impl<R: Recipe> Ending<'_, R> {
    async fn run(self, end: End, stop: impl Future<Output = ()>) {
        match end {
            End::Ordered(how, reply) => {
                let result = self.give_back(how).await;
                // Whoever is told may want to use the same session for the same key at once.
                drop(self.claim);
                let _ = reply.send(result);
            }
            End::Dropped => {
                part(self.recipe, self.keeper.id()).await;
                drop(self.claim);
            }
            End::Closed => return part(self.recipe, self.keeper.id()).await,
            End::Lost(reason) => {
                let title = self.recipe.title();
                tracing::warn!(session = self.keeper.id(), %reason, "{title} lost");
                return;
            }
        }
        if self.own {
            tokio::select! {
                () = sleep(LINGER) => {}
                () = stop => {}
            }
        }
        // Dropping the last handle of a session destroys it.
    }

    async fn give_back(&self, how: GiveBack) -> Result<(), Error> {
        let lost = self.keeper.lease().lost_reason();
        match give_back(self.recipe, self.keeper.id(), how).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_held(&self.recipe.title(), how, lost)),
            Err(error) => {
                // A session that is known to be destroyed holds nothing.
                let sure = self.own && how == GiveBack::Release && self.ended().await;
                if sure { Ok(()) } else { Err(error) }
            }
        }
    }

    /// Destroys the session, and says whether it was alive until then.
    async fn ended(&self) -> bool {
        self.keeper.destroy().await.is_ok()
            && self.keeper.lease().lost_reason() == Some(LostReason::Destroyed)
    }
}

/// Gives it back. If the answer to that is lost, tries once more: what is not held then was given
/// back by the first try.
async fn give_back<R: Recipe>(recipe: &R, session: &str, how: GiveBack) -> Result<bool, Error> {
    match recipe.give_back(session, how).await {
        Err(error) if error.kind() == ErrorKind::Indeterminate => recipe
            .give_back(session, how)
            .await
            .map(|_| true)
            .map_err(|_| error),
        result => result,
    }
}

/// Gives it back as well as that can be done in a short time; the end of the session does the rest.
async fn part<R: Recipe>(recipe: &R, session: &str) {
    for _ in 0..PARTING_TRIES {
        let give_back = recipe.give_back(session, GiveBack::Release);
        if let Ok(Ok(_)) = timeout(PARTING_TIMEOUT, give_back).await {
            return;
        }
    }
}
