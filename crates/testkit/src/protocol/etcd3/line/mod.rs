//! Requests and answers as short lines, so that a table of them can be read.
//!
//! ```text
//! put a 1 lease=7 prev                 get a* limit=2 rev=A down=mod      del a..c prev
//! txn version a = 0, value b > x ? put a 1 ; get b : ( ? del b : nothing )
//! stream a* (as get, in parts)    compact A    grant 7 60    revoke 7    ttl 7 keys    leases    keep 7
//! as root secret    as nobody    user add u p    role grant r read a..c    auth enable
//! lock a 7    unlock a/#7    campaign e 7 v    leader e    alarm raise 0 1    member list
//! ```
//!
//! Keys are below the trial's own prefix, `''` is the empty key; `a*` is all that begins so, `a..c`
//! up to there, `a..` from there on. A value is its text, `''`, `@5` for five bytes, `%00` for one.
//! Leases are numbers of the trial.
//!
//! An answer is told in this way: `put @A was a='1' @B`, `[a='1' @A/B v2 lease 7] of 3 more`,
//! `deleted 1 @A`, `yes @A { put ; [] }`, `NotFound: etcdserver: requested lease not found`. Revisions
//! are letters in the order in which they are first seen: that of the last change, behind a slash
//! that of the making if it is another one; requests may have them too, as `rev=A` or `last+1`.
//!
//! With [`World::exact`] names are as they are and revisions are numbers, those of all headers too.

mod auth;
mod kv;
mod lease;
mod names;
mod say;
mod service;
mod status;
mod tell;
mod txn;
mod words;

use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use quorate_etcd_proto::tonic::{Request, Response, Status};
use tokio::time::timeout;

pub use self::names::Names;
pub(crate) use self::tell::tell_kv;
pub(crate) use self::words::Words as Line;
use self::words::Words;
use super::channel::Channel;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(40);

/// What an etcd says that has not looked at the request yet, and gave up waiting until it can.
pub(super) const BUSY: &str =
    "etcdserver: request timed out, waiting for the applied index took too long";

/// A connection to a server, who asks, and what its words stand for.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) channel: Channel,
    pub(crate) names: Names,
    token: Option<String>,
}

impl World {
    /// One trial among others.
    pub(crate) fn below(channel: Channel, prefix: &str) -> Self {
        Self {
            channel,
            names: Names::below(prefix),
            token: None,
        }
    }

    /// One that has its server alone: every name is as it is, every revision a number.
    #[must_use]
    pub fn exact(channel: Channel) -> Self {
        Self {
            channel,
            names: Names::exact(),
            token: None,
        }
    }

    /// Sends one request, and tells the answer. A server that did not get round to it, because the
    /// machine is busy, is asked again.
    ///
    /// # Errors
    ///
    /// When the line makes no sense, or no answer comes within 40 s.
    pub async fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        let told = timeout(PATIENCE, async {
            loop {
                let told = Box::pin(self.answer(line)).await;
                let refused = told.as_ref().ok();
                let refused = refused.and_then(|told| told.strip_prefix("Unavailable: "));
                if refused != Some(BUSY) {
                    return told;
                }
            }
        });
        told.await
            .with_context(|| format!("no answer: {line}"))?
            .with_context(|| line.to_owned())
    }

    async fn answer(&mut self, line: &str) -> anyhow::Result<String> {
        let names = self.names.clone();
        let mut words = Words::new(line, &names);
        let verb = words.next()?;
        let told = match verb {
            "put" | "get" | "stream" | "del" | "txn" | "compact" => {
                self.ask_kv(verb, &mut words).await
            }
            "grant" | "revoke" | "ttl" | "leases" | "keep" => {
                self.ask_lease(verb, &mut words).await
            }
            "as" | "auth" | "user" | "role" => self.ask_auth(verb, &mut words).await,
            "lock" | "unlock" | "campaign" | "leader" | "proclaim" | "resign" => {
                self.ask_service(verb, &mut words).await
            }
            "status" | "alarm" | "defrag" | "hash" | "move" | "downgrade" | "member" => {
                self.ask_status(verb, &mut words).await
            }
            _ => bail!("what is {verb}?"),
        };
        let told = told?;
        words.end()?;
        Ok(told)
    }

    /// Sends requests one after the other, each of which must be answered as it says.
    pub(crate) async fn play(&mut self, lines: &[(&str, &str)]) -> anyhow::Result<()> {
        let mut wrong = String::new();
        for (line, expected) in lines {
            let told = self.ask(line).await?;
            if told != *expected {
                let _ = write!(wrong, "\n{line}\n     {told}\nnot  {expected}");
            }
        }
        anyhow::ensure!(wrong.is_empty(), "{wrong}");
        Ok(())
    }

    /// A message with the token of whoever asks.
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let token = self.token.as_ref().and_then(|token| token.parse().ok());
        if let Some(token) = token {
            request.metadata_mut().insert("token", token);
        }
        request
    }

    /// An answer in one line.
    fn told<T>(
        &mut self,
        answer: Result<Response<T>, Status>,
        tell: impl FnOnce(&mut Names, T) -> String,
    ) -> String {
        match answer {
            Ok(answer) => tell(&mut self.names, answer.into_inner()),
            Err(status) => refusal(&status),
        }
    }
}

/// A refusal, told: `NotFound: etcdserver: member not found`.
pub(super) fn refusal(status: &Status) -> String {
    format!("{:?}: {}", status.code(), status.message())
}
