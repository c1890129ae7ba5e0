//! From a call to its answer: agents, connections, attempts.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quorate_net::endpoint::{Endpoint, EndpointId};
use quorate_net::error::{Failure, NetErrorKind, Phase};
use quorate_net::http::Verdict;
use quorate_net::retry::{Retry, RetryPolicy, Turn};
use quorate_wire::msgpack::{Decode, Encode, SplitError};
use quorate_wire::serf::{Auth, Command, Handshake, VERSION};
use tokio::time::timeout_at;

use crate::call::{Call, Lane};
use crate::client::Client;
use crate::error::Error;
use crate::link::{Answered, Link, LinkEnd, Lost, QueueLimits, Records};

/// What comes on top of the time that the agent may need.
const MARGIN: Duration = Duration::from_secs(5);

/// Why an attempt has no answer.
pub(crate) enum NoAnswer {
    /// Something on the way did not work.
    Failure(Failure),
    /// The agent refused the connection.
    Refused(Error),
}

impl From<Lost> for NoAnswer {
    fn from(lost: Lost) -> Self {
        let kind = match *lost.why {
            // It would be too large again.
            LinkEnd::Nonsense(SplitError::TooLarge { .. }) => NetErrorKind::TooLarge,
            LinkEnd::Nonsense(_) => NetErrorKind::Protocol,
            LinkEnd::Silent(_) => NetErrorKind::Timeout,
            _ => NetErrorKind::Io,
        };
        let phase = if lost.sent {
            Phase::Response
        } else {
            Phase::Send
        };
        Self::Failure(Failure::new(phase, kind, (*lost.why).clone()).with_sent(lost.sent))
    }
}

/// Whether a connection is shared.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Connect {
    Shared,
    Alone,
}

/// What is done on a connection, again on the next one if it got no answer.
pub(crate) trait Attempt: Sync {
    /// What it gives.
    type Answer: Send;

    fn on(&self, link: &Arc<Link>) -> impl Future<Output = Result<Self::Answer, NoAnswer>> + Send;
}

/// One request and its answer.
struct Ask<'a>(&'a Call<'a>);

impl Attempt for Ask<'_> {
    type Answer = Answered;

    async fn on(&self, link: &Arc<Link>) -> Result<Answered, NoAnswer> {
        Ok(link.ask(self.0.command, &self.0.body).await?)
    }
}

/// A request that records follow.
struct Follow<'a>(&'a Call<'a>, QueueLimits);

impl Attempt for Follow<'_> {
    type Answer = (Answered, Records);

    async fn on(&self, link: &Arc<Link>) -> Result<(Answered, Records), NoAnswer> {
        Ok(link.follow(self.0.command, &self.0.body, self.1).await?)
    }
}

/// How far an attempt has come: the connection on which it was made, as soon as there is one.
type Progress = OnceLock<Arc<Link>>;

impl Client {
    /// Sends a call and waits for its answer; a refusal is an error.
    pub(crate) async fn ask(&self, call: &Call<'_>) -> Result<Answered, Error> {
        let answered = self.ask_raw(call).await?;
        match answered.error.as_str() {
            "" => Ok(answered),
            text => Err(Error::refused(call.operation.to_string(), text)),
        }
    }

    /// Sends a call and decodes the body of its answer.
    pub(crate) async fn ask_for<T: Decode>(&self, call: &Call<'_>) -> Result<T, Error> {
        let answered = self.ask(call).await?;
        decode(call, answered)
    }

    /// Sends a call and waits for its answer, which may be a refusal.
    pub(crate) async fn ask_raw(&self, call: &Call<'_>) -> Result<Answered, Error> {
        self.attempts(call, Connect::Shared, &Ask(call)).await
    }

    /// Sends a call that records follow.
    pub(crate) async fn follow(&self, call: &Call<'_>, connect: Connect) -> Result<Records, Error> {
        let follow = Follow(call, self.inner.limits.queue());
        let (answered, records) = self.attempts(call, connect, &follow).await?;
        match answered.error.as_str() {
            "" => Ok(records),
            text => Err(Error::refused(call.operation.to_string(), text)),
        }
    }

    /// Makes attempts at one agent after the other until one has an answer.
    pub(crate) async fn attempts<A: Attempt>(
        &self,
        call: &Call<'_>,
        connect: Connect,
        attempt: &A,
    ) -> Result<A::Answer, Error> {
        let mut retry = Retry::new(&self.inner.endpoints, self.policy(call));
        loop {
            if self.inner.is_closed() {
                return Err(Error::closed(call.operation.to_string()));
            }
            let turn = retry.turn().await;
            match self.one(call, connect, &turn, attempt).await {
                Ok(answer) => {
                    retry.answered(&turn, Verdict::Done);
                    return Ok(answer);
                }
                Err(NoAnswer::Refused(error)) => {
                    retry.answered(&turn, Verdict::Done);
                    return Err(error.with_peer(self.peer(turn.endpoint())));
                }
                Err(NoAnswer::Failure(failure)) => {
                    retry
                        .failed(&turn, failure, call.replay())
                        .map_err(|error| {
                            Error::of_net(error, call.operation.to_string(), call.is_write())
                                .with_peer(self.peer(turn.endpoint()))
                        })?;
                }
            }
        }
    }

    fn policy(&self, call: &Call<'_>) -> RetryPolicy {
        let mut timeouts = self.inner.timeouts;
        if !call.patience.is_zero() {
            timeouts.attempt = timeouts.attempt.max(call.patience.saturating_add(MARGIN));
            timeouts.overall = timeouts
                .overall
                .map(|overall| overall.max(call.patience.saturating_add(2 * MARGIN)));
        }
        RetryPolicy::new(timeouts).with_seed(self.inner.seed)
    }

    fn peer(&self, id: EndpointId) -> Option<&str> {
        self.inner.endpoints.get(id).map(Endpoint::as_str)
    }

    async fn one<A: Attempt>(
        &self,
        call: &Call<'_>,
        connect: Connect,
        turn: &Turn,
        attempt: &A,
    ) -> Result<A::Answer, NoAnswer> {
        let progress = Progress::new();
        let work = async {
            let link = match connect {
                Connect::Shared => self.link(call, turn.endpoint()).await?,
                Connect::Alone => self.connection(call, turn.endpoint()).await?,
            };
            attempt.on(progress.get_or_init(|| link)).await
        };
        let Some(until) = turn.until() else {
            return work.await;
        };
        match timeout_at(until, work).await {
            Ok(result) => result,
            Err(_) => Err(NoAnswer::Failure(self.out_of_time(call, &progress))),
        }
    }

    /// The connection for a call, made if there is none.
    async fn link(&self, call: &Call<'_>, id: EndpointId) -> Result<Arc<Link>, NoAnswer> {
        let mut place = self.inner.place(call.lane).lock().await;
        if let Some((at, link)) = &*place
            && *at == id
            && link.ended().is_none()
        {
            // What may take long does not wait behind something else that may.
            return match call.lane == Lane::Slow && link.is_busy() {
                true => self.connection(call, id).await,
                false => Ok(Arc::clone(link)),
            };
        }
        let link = self.connection(call, id).await?;
        *place = Some((id, Arc::clone(&link)));
        Ok(link)
    }

    /// A new connection, ready for commands.
    async fn connection(&self, call: &Call<'_>, id: EndpointId) -> Result<Arc<Link>, NoAnswer> {
        let mut phase = Phase::Connect;
        let connected = self.inner.connector.connect(id, &mut phase).await;
        let stream = connected.map_err(NoAnswer::Failure)?;
        let link = Link::new(stream, self.inner.link_limits);
        self.inner.register(&link);
        self.shake(call, id, &link).await?;
        Ok(link)
    }

    /// An agent that does not answer what it answers at once is given up, with its connection.
    fn out_of_time(&self, call: &Call<'_>, progress: &Progress) -> Failure {
        let Some(link) = progress.get() else {
            return Failure::timeout(Phase::Connect).with_sent(false);
        };
        if call.lane == Lane::Quick {
            link.give_up(self.inner.timeouts.attempt);
        }
        Failure::timeout(Phase::Response).with_sent(true)
    }

    /// Handshake and token, in one write.
    async fn shake(
        &self,
        call: &Call<'_>,
        id: EndpointId,
        link: &Arc<Link>,
    ) -> Result<(), NoAnswer> {
        // Nothing of the call itself has been sent.
        let unsent = |lost: Lost| {
            NoAnswer::from(Lost {
                sent: false,
                ..lost
            })
        };
        let handshake = Handshake { version: VERSION }.to_msgpack();
        let auth = self.inner.auth_key(id);
        let auth = auth.map(|key| {
            Auth {
                auth_key: key.expose().to_owned(),
            }
            .to_msgpack()
        });
        let first = link
            .submit(Command::Handshake, &handshake, None)
            .await
            .map_err(unsent)?;
        let second = match &auth {
            Some(auth) => Some(
                link.submit(Command::Auth, auth, None)
                    .await
                    .map_err(unsent)?,
            ),
            None => None,
        };
        check(call, &first.answer().await.map_err(unsent)?)?;
        if let Some(second) = second {
            check(call, &second.answer().await.map_err(unsent)?)?;
        }
        Ok(())
    }
}

fn check(call: &Call<'_>, answered: &Answered) -> Result<(), NoAnswer> {
    match answered.error.as_str() {
        "" => Ok(()),
        text => Err(NoAnswer::Refused(Error::refused(
            call.operation.to_string(),
            text,
        ))),
    }
}

/// The body of an answer.
pub(crate) fn decode<T: Decode>(call: &Call<'_>, answered: Answered) -> Result<T, Error> {
    let operation = || call.operation.to_string();
    let Some(body) = answered.body else {
        return Err(Error::protocol(
            operation(),
            call.is_write(),
            "the answer has no body",
        ));
    };
    T::from_msgpack(&body).map_err(|error| {
        Error::protocol(operation(), call.is_write(), "the answer cannot be decoded")
            .with_source(error)
    })
}
