//! What is followed for as long as it is read: over lost connections, until the client is closed.

use std::collections::VecDeque;
use std::sync::Arc;

use quorate_net::call::Operation;

use crate::client::Client;
use crate::comeback::Comeback;
use crate::error::Error;
use crate::link::{Link, Records, Taken};

/// What is followed, and how far it has come.
#[derive(Debug)]
pub(crate) struct Following<T> {
    pub(crate) client: Client,
    /// What is told next.
    pub(crate) ready: VecDeque<T>,
    /// Whether what was missed has to be asked for.
    pub(crate) gap: bool,
    records: Option<Records>,
    comeback: Comeback,
    /// Whether no agent has accepted yet.
    fresh: bool,
}

impl<T> Following<T> {
    /// What no agent was asked for yet.
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            ready: VecDeque::new(),
            gap: false,
            records: None,
            comeback: Comeback::default(),
            fresh: true,
        }
    }

    /// An agent has accepted. Whether it is the first one.
    pub(crate) fn goes_on(&mut self, records: Records) -> bool {
        self.records = Some(records);
        self.gap = false;
        self.comeback.accepted();
        std::mem::take(&mut self.fresh)
    }

    /// What it comes on, while it is connected.
    pub(crate) fn records(&self) -> Option<&Records> {
        self.records.as_ref()
    }

    /// Takes away what it comes on.
    pub(crate) fn end(&mut self) -> Option<Records> {
        self.records.take()
    }
}

/// What can be followed.
pub(crate) trait Followed {
    /// What it tells.
    type Item;

    /// What is done, for errors.
    fn operation(&self) -> Operation<'_>;

    /// How far it has come.
    fn following(&mut self) -> &mut Following<Self::Item>;

    /// Asks an agent for it.
    ///
    /// Cancel safe.
    fn subscribe(&mut self) -> impl Future<Output = Result<(), Error>> + Send;

    /// Takes a record in, which came on this connection.
    fn record(&mut self, record: &[u8], link: Arc<Link>) -> Result<(), Error>;

    /// Takes note of records that there was no room for.
    fn missed(&mut self, count: u64);

    /// Asks for what was missed, where that can be asked for: whoever sets [`Following::gap`] fills it here.
    ///
    /// Cancel safe.
    fn fill(&mut self) -> impl Future<Output = Result<(), Error>> + Send {
        std::future::ready(Ok(()))
    }
}

/// What it tells next: an error when the connection is lost, and each time that it can't be made
/// again; `None` after the client was closed.
///
/// Cancel safe.
pub(crate) async fn next<F: Followed>(followed: &mut F) -> Option<Result<F::Item, Error>> {
    loop {
        if let Some(item) = followed.following().ready.pop_front() {
            return Some(Ok(item));
        }
        if let Err(error) = step(followed).await? {
            return Some(Err(error));
        }
    }
}

async fn step<F: Followed>(followed: &mut F) -> Option<Result<(), Error>> {
    let following = followed.following();
    if following.client.inner.is_closed() {
        return None;
    }
    let Some(records) = &following.records else {
        following.comeback.turn().await;
        return Some(followed.subscribe().await);
    };
    if following.gap {
        return Some(followed.fill().await);
    }
    match records.take().await {
        Taken::Record(record) => {
            let link = Arc::clone(records.link());
            Some(followed.record(&record, link))
        }
        Taken::Missed(count) => {
            followed.missed(count);
            Some(Ok(()))
        }
        Taken::End(why) => {
            following.records = None;
            following.comeback.ended();
            let closed = following.client.inner.is_closed();
            (!closed).then(|| Err(Error::lost(followed.operation(), &why)))
        }
    }
}
