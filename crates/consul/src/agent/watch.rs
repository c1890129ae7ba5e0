//! Following one of the agent's services by its digest.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use quorate_net::backoff::Backoff;
use quorate_wire::consul::agent::AgentService;
use quorate_wire::consul::path;
use tokio::time::sleep;

use super::is_missing;
use crate::call::{Effect, Operation, effective_wait};
use crate::client::Client;
use crate::error::Error;
use crate::options::QueryOptions;
use crate::url::Url;

/// The first and the longest pause after errors, and while there is no such service.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// How often an agent is asked for a service that it does not have: it answers at once.
const ABSENT_PAUSE: Duration = Duration::from_secs(1);
/// The least time between two questions.
const PACE: Duration = Duration::from_millis(50);

/// Follows one of the agent's services: what it is now, whenever it changes, and `None` once it is
/// gone. A `Stream` as well.
///
/// The agent holds each question until the service's digest is another
/// (`GET /v1/agent/service/ID?hash=…`); it can't wait for a service that it does not have, which
/// is asked for once a second. There is no task behind it, and it never ends; after an error it
/// waits (200 ms to 30 s, at random) and goes on.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// use quorate_consul::ServiceRegistration;
///
/// client.agent().register_service(&ServiceRegistration::new("web").with_port(1)).await?;
/// let mut web = client.agent().watch_service("web");
/// assert_eq!(web.next().await?.expect("it is there").port, 1);
/// client.agent().register_service(&ServiceRegistration::new("web").with_port(2)).await?;
/// assert_eq!(web.next().await?.expect("it is there").port, 2);
/// # Ok(())
/// # }
/// ```
#[must_use = "it asks nothing unless polled"]
pub struct ServiceWatch {
    client: Client,
    id: String,
    options: QueryOptions,
    /// What was told last; `None` before the first.
    told: Option<Option<AgentService>>,
    backoff: Backoff,
    /// How long to wait before the next question.
    pause: Option<Duration>,
    asking: Option<Asking>,
}

type Found = Result<Option<AgentService>, Error>;
type Asking = Pin<Box<dyn Future<Output = Found> + Send>>;

impl ServiceWatch {
    pub(super) fn new(client: Client, id: &str, options: QueryOptions) -> Self {
        Self {
            client,
            id: id.to_owned(),
            options,
            told: None,
            backoff: Backoff::new(BACKOFF.0, BACKOFF.1),
            pause: None,
            asking: None,
        }
    }

    /// The service now, at first, and then whenever it changes; `None` while there is none.
    ///
    /// # Errors
    /// As [`Agent::service`](crate::Agent::service). The next call goes on.
    ///
    /// # Cancel safety
    /// Safe: dropping the future loses no change.
    pub async fn next(&mut self) -> Result<Option<AgentService>, Error> {
        poll_fn(|cx| self.poll_change(cx)).await
    }

    pub(crate) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        loop {
            let asking = match &mut self.asking {
                Some(asking) => asking,
                None => {
                    let ask = self.ask();
                    self.asking.insert(ask)
                }
            };
            let Poll::Ready(found) = asking.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.asking = None;
            match found {
                Err(error) => {
                    self.pause = Some(self.backoff.next_delay());
                    // Whatever comes next is read anew; the same is not told twice.
                    return Poll::Ready(Err(error));
                }
                Ok(service) => {
                    self.backoff.reset();
                    self.pause = Some(if service.is_some() {
                        PACE
                    } else {
                        ABSENT_PAUSE
                    });
                    if self.told.as_ref() != Some(&service) {
                        self.told = Some(service.clone());
                        return Poll::Ready(Ok(service));
                    }
                }
            }
        }
    }

    fn ask(&mut self) -> Asking {
        let (client, id) = (self.client.clone(), self.id.clone());
        let (options, pause) = (self.options.clone(), self.pause.take());
        let hash = self.told.as_ref().and_then(Option::as_ref);
        let hash = hash.map(|service| service.content_hash.clone());
        Box::pin(async move {
            if let Some(pause) = pause {
                sleep(pause).await;
            }
            ask(&client, &id, &options, hash.as_deref().unwrap_or_default()).await
        })
    }
}

/// One question, held by the agent while the service has this digest.
async fn ask(client: &Client, id: &str, options: &QueryOptions, hash: &str) -> Found {
    let operation = Operation::new("follow the agent's service", id);
    super::check_name(operation, "service", id)?;
    let mut url = Url::named(path::AGENT_SERVICE, id);
    let wait = effective_wait(options.query.wait, client.default_wait());
    if !hash.is_empty() {
        url.pair("hash", hash);
        if options.query.wait.is_none() {
            url.pair("wait", &quorate_wire::consul::GoDuration::millis_text(wait));
        }
    }
    let mut options = options.clone();
    options.query.index = None;
    let mut call = client.read_local(operation, url, &options);
    if !hash.is_empty() {
        call.effect = Effect::Blocking(wait);
    }
    let reply = client.execute(call).await?;
    if is_missing(&reply) {
        return Ok(None);
    }
    let answer = reply.answer(|body| serde_json::from_slice(body).map(Some))?;
    Ok(answer.value)
}

impl Stream for ServiceWatch {
    type Item = Found;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Found>> {
        self.poll_change(cx).map(Some)
    }
}

impl fmt::Debug for ServiceWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceWatch")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
