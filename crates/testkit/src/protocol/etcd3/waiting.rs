//! A request that waits in a queue.

use anyhow::Context as _;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_net::task::{Task, spawn};
use tokio::time::{sleep, timeout};

use super::line::World;
use super::target::PATIENCE;
use crate::eventually_ok;
use crate::protocol::PARKED;

/// A request that waits, in a task of its own. Dropping it takes the request back.
pub(super) struct Waiting(Task<anyhow::Result<String>>);

impl Waiting {
    /// Sends a line, and returns when its key (`name/#lease`) is in the queue.
    pub(super) async fn begin(
        world: &World,
        line: &'static str,
        entry: &str,
    ) -> anyhow::Result<Self> {
        let mut other = world.clone();
        let waiting = spawn(async move { other.ask(line).await });
        let key = world.queue_key(entry)?;
        let arrived = || async {
            let request = pb::RangeRequest {
                key: key.clone(),
                count_only: true,
                ..pb::RangeRequest::default()
            };
            match world.channel.kv().range(request).await {
                Ok(answer) if answer.get_ref().count == 1 => Ok(()),
                Ok(_) => Err("no key".to_owned()),
                Err(status) => Err(status.to_string()),
            }
        };
        eventually_ok(PATIENCE, "it is in the queue", arrived).await?;
        Ok(Self(waiting))
    }

    /// It waits, and goes on to wait.
    pub(super) async fn waits(&self) -> anyhow::Result<()> {
        sleep(PARKED).await;
        anyhow::ensure!(!self.0.is_finished(), "it does not wait");
        Ok(())
    }

    /// Its answer.
    pub(super) async fn told(self) -> anyhow::Result<String> {
        let told = timeout(PATIENCE, self.0).await.context("it waits on")?;
        told.context("it failed")?
    }
}
