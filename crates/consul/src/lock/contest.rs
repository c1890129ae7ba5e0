//! Waiting for something until it is ours.

use std::pin::Pin;
use std::time::Duration;

use quorate_net::backoff::Backoff;
use quorate_net::lease::random_up_to;
use tokio::time::{Instant, sleep, sleep_until};

use super::Holder;
use super::recipe::{Recipe, Source, Standing, Take};
use crate::answer::Answer;
use crate::error::Class;
use crate::session_keeper::{Claim, Turn};
use crate::{Error, ErrorKind, LostReason, SessionKeeper};

/// How long one blocking query waits.
const WAIT: Duration = Duration::from_secs(15);
/// Between two tries while the lock-delay lasts: this, and up to the spread more.
const DELAY_PAUSE: Duration = Duration::from_secs(1);
const DELAY_SPREAD: Duration = Duration::from_secs(4);
/// The longest pause of a waiter after it was woken, when it knows of many others.
const MAX_JITTER: Duration = Duration::from_millis(100);
/// How often a single try tries to take it, when what it saw keeps changing under its hands.
const MAX_TRIES: u32 = 8;

/// For how long to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// One try, without waiting for anybody.
    Once,
    /// Until this instant; for ever without one.
    Until(Option<Instant>),
}

impl Patience {
    /// Zero is one try; a time too long to be represented is for ever.
    pub(crate) fn within(time: Duration) -> Self {
        if time.is_zero() {
            Self::Once
        } else {
            Self::Until(Instant::now().checked_add(time))
        }
    }
}

/// Why the contest ended without success.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Nobody is interested any more.
    Quit,
    TimedOut(Vec<Holder>),
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// One attempt to acquire. What it has got hold of stays in here, so that whoever ends it can
/// clean up.
pub(crate) struct Contest<'a, R: Recipe> {
    recipe: &'a R,
    source: &'a Source,
    patience: Patience,
    /// Resolves when nobody is interested any more.
    quit: Pin<&'a mut (dyn Future<Output = ()> + Send)>,
    keeper: Option<SessionKeeper>,
    claim: Option<Claim>,
    /// Who was last seen to hold it.
    holders: Vec<Holder>,
    /// The last failure that is being ridden out.
    failure: Option<Error>,
    /// How often somebody else was faster.
    beaten: u32,
    /// How often it was tried to take it.
    tries: u32,
    /// A request to take it may have had an effect that nobody knows of.
    uncertain: bool,
    backoff: Backoff,
}

/// What a contest leaves.
pub(crate) struct Leftover {
    pub(crate) keeper: Option<SessionKeeper>,
    pub(crate) claim: Option<Claim>,
    /// Whether it may be held without anybody's knowledge.
    pub(crate) uncertain: bool,
}

impl<'a, R: Recipe> Contest<'a, R> {
    pub(crate) fn new(
        recipe: &'a R,
        source: &'a Source,
        patience: Patience,
        quit: Pin<&'a mut (dyn Future<Output = ()> + Send)>,
    ) -> Self {
        Self {
            recipe,
            source,
            patience,
            quit,
            keeper: None,
            claim: None,
            holders: Vec::new(),
            failure: None,
            beaten: 0,
            tries: 0,
            uncertain: false,
            backoff: Backoff::default(),
        }
    }

    pub(crate) fn into_leftover(self) -> Leftover {
        Leftover {
            keeper: self.keeper,
            claim: self.claim,
            uncertain: self.uncertain,
        }
    }

    /// Tries until it is ours, and returns the fencing token. The session is then in the leftover.
    pub(crate) async fn run(&mut self) -> Result<u64, Stop> {
        if matches!(self.source, Source::Shared(_)) {
            self.session().await?;
        }
        // The first look costs no write: a single try at something that is held ends here,
        // without a session.
        let first = self.recipe.look(self.recipe.terms().query());
        let mut seen = self.step(first).await??;
        if let Standing::Busy(holders) = self.judge(&seen)? {
            self.holders = holders;
            if self.patience == Patience::Once {
                return Err(self.timed_out());
            }
        }
        // One task of this process at a time asks the server: the others would only be woken to
        // lose against each other.
        let _turn = self.turn().await?;
        loop {
            let keeper = self.session().await?;
            match self.judge(&seen)? {
                Standing::Busy(holders) => {
                    self.holders = holders;
                    if self.patience == Patience::Once {
                        return Err(self.timed_out());
                    }
                    self.wait_for_change(&mut seen).await?;
                }
                Standing::Free | Standing::Mine => {
                    if let Some(token) = self.take(&keeper, &mut seen).await? {
                        return Ok(token);
                    }
                }
            }
        }
    }

    fn judge(&self, seen: &Answer<R::Seen>) -> Result<Standing, Error> {
        self.recipe
            .judge(&seen.value, self.keeper.as_ref().map(SessionKeeper::id))
    }

    /// Waits for what every try needs: a session that lives, and the right to use it for this key.
    async fn session(&mut self) -> Result<SessionKeeper, Stop> {
        if let Some(keeper) = &self.keeper {
            if keeper.is_alive() {
                return Ok(keeper.clone());
            }
            self.forget_session()?;
        }
        let (recipe, source) = (self.recipe, self.source);
        let keeper = match source {
            Source::Own(request) => {
                let request = SessionKeeper::start_with(
                    recipe.client(),
                    (**request).clone(),
                    recipe.terms().write(),
                );
                self.step(request).await??
            }
            Source::Shared(keeper) => keeper.clone(),
        };
        self.claim = Some(self.claim(&keeper).await?);
        self.keeper = Some(keeper.clone());
        if keeper.is_alive() {
            Ok(keeper)
        } else {
            Err(self.session_lost(&keeper).into())
        }
    }

    /// Makes room for a new session. One that somebody else keeps can't be replaced.
    fn forget_session(&mut self) -> Result<(), Error> {
        match (self.source, self.keeper.take()) {
            (Source::Shared(keeper), _) => {
                self.keeper = Some(keeper.clone());
                Err(self.session_lost(keeper))
            }
            (Source::Own(_), _) => {
                self.uncertain = false;
                self.claim = None;
                Ok(())
            }
        }
    }

    fn session_lost(&self, keeper: &SessionKeeper) -> Error {
        let reason = keeper
            .lease()
            .lost_reason()
            .unwrap_or(LostReason::SessionGone);
        let operation = format!("acquire {}", self.recipe.title());
        Error::new(Class::refused(ErrorKind::LeaseLost), operation).with_detail(reason)
    }

    async fn claim(&mut self, keeper: &SessionKeeper) -> Result<Claim, Stop> {
        let recipe = self.recipe;
        let key = recipe.key();
        match (keeper.try_claim(key), self.patience) {
            (Some(claim), _) => Ok(claim),
            (None, Patience::Once) => {
                let seen = self.recipe.look(self.recipe.terms().query()).await?;
                if let Standing::Busy(holders) = self.recipe.judge(&seen.value, None)? {
                    self.holders = holders;
                }
                Err(self.timed_out())
            }
            (None, Patience::Until(_)) => {
                let claim = while_alive(keeper.lost(), keeper.claim(key));
                match self.step(claim).await? {
                    Some(claim) => Ok(claim),
                    None => Err(self.session_lost(keeper).into()),
                }
            }
        }
    }

    async fn turn(&mut self) -> Result<Option<Turn>, Stop> {
        if self.patience == Patience::Once {
            return Ok(None);
        }
        let recipe = self.recipe;
        let datacenter = recipe.terms().datacenter.as_deref().unwrap_or_default();
        let name = format!("{datacenter}/{}", recipe.key());
        let turn = recipe.client().turns().enter(&name);
        match self.keeper.as_ref().map(SessionKeeper::lost) {
            // The loss of a shared session ends the waiting; the next step sees it.
            Some(lost) => self.step(while_alive(lost, turn)).await,
            None => self.step(turn).await.map(Some),
        }
    }

    /// Blocks until what was seen changes. Then, if others are known to wait too, pauses for a
    /// random moment and looks again, so that not everybody tries to take it at once.
    async fn wait_for_change(&mut self, seen: &mut Answer<R::Seen>) -> Result<(), Stop> {
        self.look(seen, true).await?;
        let free = !matches!(self.judge(seen)?, Standing::Busy(_));
        if free && self.beaten > 0 {
            let most = Duration::from_millis(10).saturating_mul(1 << self.beaten.min(4));
            self.step(sleep(random_up_to(most.min(MAX_JITTER)))).await?;
            self.look(seen, false).await?;
        }
        Ok(())
    }

    /// Looks again; if `blocking`, not before there is something new. Failures that pass by
    /// themselves are ridden out for as long as the session lives. If the session ends meanwhile,
    /// what was seen before stays.
    async fn look(&mut self, seen: &mut Answer<R::Seen>, blocking: bool) -> Result<(), Stop> {
        let recipe = self.recipe;
        let lost = self.keeper.as_ref().map(SessionKeeper::lost);
        let mut options = recipe.terms().query();
        if let Some(index) = seen.meta.index.filter(|_| blocking) {
            options = options.with_blocking(index, self.wait());
        }
        let look = while_alive(wait_if(lost), recipe.look(options));
        match self.step(look).await? {
            None => Ok(()),
            Some(Ok(mut answer)) => {
                // An index that went backwards is from another history: look afresh.
                if blocking && answer.meta.index < seen.meta.index {
                    answer.meta.index = None;
                }
                *seen = answer;
                self.failure = None;
                self.backoff.reset();
                Ok(())
            }
            Some(Err(error)) => {
                seen.meta.index = None;
                self.ride_out(error).await
            }
        }
    }

    fn wait(&self) -> Duration {
        match self.patience {
            Patience::Until(Some(deadline)) => {
                WAIT.min(deadline.saturating_duration_since(Instant::now()))
            }
            _ => WAIT,
        }
    }

    /// Waits a moment after a failure that may pass; returns any other.
    async fn ride_out(&mut self, error: Error) -> Result<(), Stop> {
        let passes = matches!(
            error.kind(),
            ErrorKind::Unavailable | ErrorKind::Timeout | ErrorKind::Indeterminate
        );
        if !passes || (self.patience == Patience::Once && !self.uncertain) {
            return Err(error.into());
        }
        tracing::debug!(key = self.recipe.key(), %error, "trying to acquire in spite of");
        let again = self.failure.replace(error).is_some();
        if again && self.patience == Patience::Once {
            return Err(self.timed_out());
        }
        let pause = self.backoff.next_delay();
        self.step(sleep(pause)).await
    }

    /// Tries to take it. `None`: look at `seen` again, which is fresh.
    async fn take(
        &mut self,
        keeper: &SessionKeeper,
        seen: &mut Answer<R::Seen>,
    ) -> Result<Option<u64>, Stop> {
        // This is the one request that is not dropped half-way: only its answer says what has to
        // be cleaned up.
        if self.patience == Patience::Once && self.tries == MAX_TRIES {
            return Err(self.timed_out());
        }
        self.tries = self.tries.saturating_add(1);
        self.uncertain = true;
        let taken = match self.recipe.take(keeper.id(), &seen.value).await {
            Ok(taken) => taken,
            Err(error) => {
                self.uncertain = error.kind() == ErrorKind::Indeterminate;
                self.ride_out(error).await?;
                self.look(seen, false).await?;
                return Ok(None);
            }
        };
        match taken {
            Take::Won(token) if keeper.is_alive() => return Ok(Some(token)),
            // Too late: the next round gets a new session, or fails.
            Take::Won(_) => return Ok(None),
            Take::Beaten | Take::Moved => self.beaten = self.beaten.saturating_add(1),
            Take::Delayed => {
                self.uncertain = false;
                self.sit_out_delay().await?;
            }
            Take::SessionGone => self.forget_session()?,
        }
        self.uncertain = false;
        self.look(seen, false).await?;
        Ok(None)
    }

    async fn sit_out_delay(&mut self) -> Result<(), Stop> {
        self.holders.clear();
        if self.patience == Patience::Once {
            return Err(self.timed_out());
        }
        self.step(sleep(DELAY_PAUSE + random_up_to(DELAY_SPREAD)))
            .await
    }

    /// Runs something that may be dropped, until the time is over or nobody is interested.
    async fn step<F: Future>(&mut self, future: F) -> Result<F::Output, Stop> {
        let deadline = match self.patience {
            Patience::Until(deadline) => deadline,
            Patience::Once => None,
        };
        tokio::select! {
            biased;
            () = self.quit.as_mut() => Err(Stop::Quit),
            output = future => Ok(output),
            () = wait_if(deadline.map(sleep_until)) => Err(self.timed_out()),
        }
    }

    /// The time is over. If that is because nothing could be seen, the failure says more.
    fn timed_out(&mut self) -> Stop {
        match self.failure.take() {
            Some(error) => Stop::Failed(error),
            None => Stop::TimedOut(std::mem::take(&mut self.holders)),
        }
    }
}

/// The output of `future`, unless the session is lost before.
async fn while_alive<F: Future>(
    lost: impl Future<Output = LostReason>,
    future: F,
) -> Option<F::Output> {
    tokio::select! {
        output = future => Some(output),
        _ = lost => None,
    }
}

/// Waits for `future`; for ever if there is none.
async fn wait_if<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}
