//! Members on Consul: those of the gossip pool.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use futures_core::Stream as _;
use quorate_consul::wire::agent::{Member as NativeMember, MemberStatus as NativeStatus};
use quorate_consul::{Blocking, HealthCheck};
use tokio::time::sleep;

use super::ConsulBackend;
use crate::backend::roster::Roster;
use crate::backend::unfolded::unfolded;
use crate::backend::{BoxFuture, BoxStream, MemberBackend};
use crate::{Error, Member, MemberEvent, MemberStatus, Result, TagChanges};

const WATCH: &str = "watch the members";
/// How often the agent is asked when nothing happens in the catalog.
const EVERY: Duration = Duration::from_secs(5);
/// How long to wait after an error.
const PAUSE: Duration = Duration::from_secs(1);

impl MemberBackend for ConsulBackend {
    /// `GET /v1/agent/members`
    fn list(&self) -> BoxFuture<'_, Result<Vec<Member>>> {
        Box::pin(self.listed("list the members"))
    }

    /// `GET /v1/agent/members`, when the checks of nodes change (`GET /v1/health/state/any`,
    /// blocking), and from time to time.
    fn watch(&self) -> Result<BoxStream<'static, Result<MemberEvent>>> {
        let checks = self.client.health().watch_any_with(self.of_nodes());
        let following = Following {
            backend: self.clone(),
            checks: Box::pin(checks),
            roster: Roster::default(),
            pending: VecDeque::new(),
            failed: false,
        };
        Ok(unfolded(following, |mut following| {
            Box::pin(async move {
                let next = following.next().await;
                (following, Some(next))
            })
        }))
    }

    fn change_tags<'a>(&'a self, _: &'a TagChanges) -> BoxFuture<'a, Result<()>> {
        let detail = "Consul's agents are told their tags when they start";
        let error = Error::unsupported("change the tags", detail).with_target(self.url.as_str());
        Box::pin(std::future::ready(Err(error)))
    }
}

impl ConsulBackend {
    async fn listed(&self, operation: &str) -> Result<Vec<Member>> {
        let listed = self.client.agent().members().await;
        let listed = listed.map_err(|error| self.error(error, operation))?;
        let mut members: Vec<Member> = listed.into_iter().map(member).collect();
        members.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(members)
    }
}

fn member(native: NativeMember) -> Member {
    let mut member = Member::new(native.name, native.addr, native.port);
    member.tags = native.tags;
    member.status = match native.status {
        NativeStatus::Alive => MemberStatus::Alive,
        NativeStatus::Leaving => MemberStatus::Leaving,
        NativeStatus::Left => MemberStatus::Left,
        NativeStatus::Failed => MemberStatus::Failed,
        _ => MemberStatus::Unknown,
    };
    member
}

/// The members as they were last told, and what says that they may have changed.
struct Following {
    backend: ConsulBackend,
    checks: Pin<Box<Blocking<Vec<HealthCheck>>>>,
    roster: Roster,
    pending: VecDeque<MemberEvent>,
    failed: bool,
}

impl Following {
    async fn next(&mut self) -> Result<MemberEvent> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Ok(event);
            }
            if std::mem::take(&mut self.failed) {
                sleep(PAUSE).await;
            } else if self.roster.has_begun() {
                let checks = &mut self.checks;
                tokio::select! {
                    _ = poll_fn(|cx| checks.as_mut().poll_next(cx)) => {}
                    () = sleep(EVERY) => {}
                }
            }
            match self.backend.listed(WATCH).await {
                Ok(now) => self.pending = self.roster.replace(now),
                Err(error) => {
                    self.failed = true;
                    return Err(error);
                }
            }
        }
    }
}
