//! What locks and semaphores have in common.

use quorate_net::secret::Secret;
use quorate_wire::consul::SessionRequest;

use super::Holder;
use crate::answer::Answer;
use crate::{Client, Error, QueryOptions, SessionKeeper, WriteOptions};

/// Something that sessions contend for: how to see it, take it and give it back. The waiting, the
/// monitoring and the cleaning up are the same for all.
pub(crate) trait Recipe: Send + Sync + 'static {
    /// What a look at the server shows.
    type Seen: Send + Sync;

    fn client(&self) -> &Client;

    fn terms(&self) -> &Terms;

    /// The key that decides.
    fn key(&self) -> &str;

    /// What it is, for errors: ``lock `a` ``.
    fn title(&self) -> String;

    fn look(
        &self,
        options: QueryOptions,
    ) -> impl Future<Output = Result<Answer<Self::Seen>, Error>> + Send;

    /// How `session` stands, going by what was seen.
    fn judge(&self, seen: &Self::Seen, session: Option<&str>) -> Result<Standing, Error>;

    /// Takes what was seen to be free, if it still is as it was seen.
    fn take(
        &self,
        session: &str,
        seen: &Self::Seen,
    ) -> impl Future<Output = Result<Take, Error>> + Send;

    /// Gives it back. `false`: the session did not hold it.
    fn give_back(
        &self,
        session: &str,
        how: GiveBack,
    ) -> impl Future<Output = Result<bool, Error>> + Send;
}

/// How a session stands.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It could be taken.
    Free,
    /// The session has it already: the answer to an earlier attempt was lost.
    Mine,
    /// Others have it.
    Busy(Vec<Holder>),
}

/// What came of trying to take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// It is ours, with this fencing token.
    Won(u64),
    /// Somebody else was faster.
    Beaten,
    /// It changed since it was seen.
    Moved,
    /// It is nobody's, but can't be had during the lock-delay.
    Delayed,
    /// The session does not exist.
    SessionGone,
}

/// How it is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GiveBack {
    Release,
    /// Removes the key as well.
    Delete,
}

/// The session to contend with.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// One for each acquisition, made like this.
    Own(Box<SessionRequest>),
    /// One that somebody else keeps.
    Shared(SessionKeeper),
}

/// What every request of a recipe carries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    pub(crate) datacenter: Option<String>,
    pub(crate) token: Option<Secret>,
}

impl Terms {
    pub(crate) fn query(&self) -> QueryOptions {
        let mut options = QueryOptions::new();
        options.token.clone_from(&self.token);
        options.query.datacenter.clone_from(&self.datacenter);
        options
    }

    pub(crate) fn write(&self) -> WriteOptions {
        let mut options = WriteOptions::new();
        options.token.clone_from(&self.token);
        options.write.datacenter.clone_from(&self.datacenter);
        options
    }
}
