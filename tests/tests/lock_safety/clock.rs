//! A holder whose clock stands still while it goes on itself, as on a machine whose time is frozen:
//! no deadline of its own can tell it that its lease is over. Its fencing token must do.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::etcd::v3::{
    Client, Cond, Leadership, LockGuard, LostReason, QueueOptions, Txn, TxnOp,
};
use quorate_conformance::contender::Prize;
use quorate_conformance::leased::Leased;
use quorate_conformance::random::Random;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::server::Server;

/// How long each step may take.
const SOON: Duration = Duration::from_secs(80);
/// Longer than the machine stands still between the beginning of a lease and that of its standstill.
const TTL: Duration = Duration::from_secs(10);

/// The clock of this runtime stands still until it is let go on.
struct Standstill {
    go_on: std::sync::mpsc::Sender<()>,
    held: JoinHandle<()>,
}

impl Standstill {
    fn begin() -> Self {
        let (go_on, wait) = std::sync::mpsc::channel();
        // A clock that is paused jumps to the next timer once there is nothing to do; not while
        // somebody blocks.
        let held = tokio::task::spawn_blocking(move || {
            let _ = wait.recv();
        });
        tokio::time::pause();
        Self { go_on, held }
    }

    async fn end(self) -> anyhow::Result<()> {
        tokio::time::resume();
        drop(self.go_on);
        Ok(self.held.await?)
    }
}

enum Held {
    Lock(LockGuard),
    Leadership(Leadership),
    Leased(Leased, String),
}

impl Held {
    async fn take(client: &Client, prize: &Prize) -> anyhow::Result<Self> {
        let options = QueueOptions::new().with_ttl(TTL);
        Ok(match prize {
            Prize::Lock(name) => {
                Self::Lock(client.lock(name).with_options(options).acquire().await?)
            }
            Prize::Leadership(name) => {
                let election = client.election(name).with_options(options);
                Self::Leadership(election.campaign("me").await?)
            }
            Prize::Leased(key) => loop {
                if let Some(leased) = Leased::take(client, key, TTL).await? {
                    break Self::Leased(leased, key.clone());
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            },
            Prize::Slot(..) => anyhow::bail!("several have slots"),
        })
    }

    fn key_and_token(&self) -> (&str, i64) {
        match self {
            Self::Lock(guard) => (guard.key(), guard.fencing_token()),
            Self::Leadership(guard) => (guard.key(), guard.fencing_token()),
            Self::Leased(leased, key) => (key, leased.fencing_token()),
        }
    }

    fn valid_until(&self) -> Instant {
        match self {
            Self::Lock(guard) => guard.valid_until(),
            Self::Leadership(guard) => guard.valid_until(),
            Self::Leased(leased, _) => leased.valid_until(),
        }
    }

    /// Whether the server tells the end by itself: whoever is in a queue looks at its key.
    fn is_told(&self) -> bool {
        !matches!(self, Self::Leased(..))
    }

    async fn lost(&self) -> LostReason {
        match self {
            Self::Lock(guard) => guard.lost().await,
            Self::Leadership(guard) => guard.lost().await,
            Self::Leased(leased, _) => leased.lost().await,
        }
    }

    /// Writes what only the holder may. Whether it was written.
    async fn write(&self, client: &Client, guarded: &str, value: &str) -> anyhow::Result<bool> {
        let (key, token) = self.key_and_token();
        let write = Txn::new()
            .when(Cond::create_revision(key).is(token))
            .then(TxnOp::put(guarded, value.to_owned()));
        Ok(client.kv().txn(&write).await?.succeeded)
    }
}

/// What the two holders tell each other.
struct Passage {
    /// The token of the first, when its clock stands still.
    stopped: oneshot::Sender<i64>,
    /// When the second holds.
    taken: oneshot::Receiver<()>,
}

/// The first holder, on a clock of its own.
async fn stand_still(url: &str, prize: &Prize, passage: Passage) -> anyhow::Result<()> {
    let client = Client::new(url)?;
    let guarded = guarded(prize);
    let held = Held::take(&client, prize).await?;
    ensure!(held.write(&client, &guarded, "first").await?, "not written");
    let clock = Standstill::begin();
    let (before, until) = (Instant::now(), held.valid_until());
    let sent = passage.stopped.send(held.key_and_token().1);
    ensure!(sent.is_ok(), "nobody waits");
    passage.taken.await?;
    ensure!(
        Instant::now() == before && before < until,
        "the clock went on"
    );
    ensure!(
        !held.write(&client, &guarded, "late").await?,
        "it wrote after another one had it"
    );
    if held.is_told() {
        let reason = held.lost().await;
        ensure!(reason == LostReason::EntryGone, "{reason}");
    }
    clock.end().await?;
    let reason = timeout(SOON, held.lost()).await.context("never lost")?;
    let reasons = [LostReason::EntryGone, LostReason::DeadlinePassed];
    ensure!(reasons.contains(&reason), "{reason}");
    Ok(())
}

fn guarded(prize: &Prize) -> String {
    format!("{}-guarded", prize.words()[1])
}

/// One holds, its clock stops, a member stands still if there are several, the lease ends, another
/// one has it: nothing of the first counts any more.
pub(crate) async fn outlive(server: &mut Server, prize: Prize) -> anyhow::Result<()> {
    let addrs: Vec<_> = server.addrs()?.iter().map(ToString::to_string).collect();
    let url = addrs.join(",");
    let (stopped, is_stopped) = oneshot::channel();
    let (take, taken) = oneshot::channel();
    let passage = Passage { stopped, taken };
    let first = {
        let (url, prize) = (url.clone(), prize.clone());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(stand_still(&url, &prize, passage))
        })
    };
    let followed = follow(server, &url, &prize, is_stopped, take).await;
    let ended = tokio::task::spawn_blocking(move || first.join());
    let ended = timeout(SOON, ended)
        .await
        .context("the first one hangs")??;
    ended.map_err(|_| anyhow::anyhow!("the first one panicked"))??;
    let (client, held) = followed?;
    let found = client.kv().get(&guarded(&prize)).await?;
    let value = found.map(|kv| kv.value_text().into_owned());
    ensure!(value.as_deref() == Some("second"), "{value:?}");
    drop(held);
    Ok(())
}

/// The second holder.
async fn follow(
    server: &mut Server,
    url: &str,
    prize: &Prize,
    is_stopped: oneshot::Receiver<i64>,
    take: oneshot::Sender<()>,
) -> anyhow::Result<(Client, Held)> {
    let client = Client::new(url)?;
    let earlier = timeout(SOON, is_stopped)
        .await
        .context("it never holds")??;
    server.stand_still(&mut Random::new(1)).await?;
    let held = timeout(SOON, Held::take(&client, prize)).await;
    let held = held.context("its lease does not end")??;
    let (_, token) = held.key_and_token();
    ensure!(token > earlier, "{token} after {earlier}");
    let written = held.write(&client, &guarded(prize), "second").await?;
    ensure!(written, "the second one may not write");
    ensure!(take.send(()).is_ok(), "the first one is gone");
    Ok((client, held))
}
