//! Locks: hand-over, and loss.

use std::time::{Duration, Instant};

use quorate::prelude::*;
use quorate::{Acquisition, ErrorKind, LockOptions, Result};

use super::Stage;
use super::sessions;
use super::step::Step;

/// How long a hand-over or a loss may take to be seen.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a contender is seen to wait.
pub(super) const WAITING: Duration = Duration::from_millis(300);

/// Short times, so that the tour leaves nothing locked behind.
fn options(label: &str) -> LockOptions {
    LockOptions::default()
        .with_ttl(Duration::from_secs(10))
        .with_lock_delay(Duration::ZERO)
        .with_value(label.to_owned())
        .with_label(format!("quorate tour: {label}"))
}

pub(super) async fn two_contenders(stage: &Stage, step: &mut Step) -> Result<()> {
    let name = stage.key("locks/nightly");
    let lock = |label| {
        stage
            .coordinator
            .lock(name.as_str())
            .with_options(options(label))
    };
    let (ann, bob) = (lock("ann"), lock("bob"));
    step.sent(format!("ann acquires {name}"));
    let held = ann.acquire().await?;
    let first = held.fencing_token();
    step.received(format!("held, fencing token {first}"));
    step.sent("bob tries");
    let tried = bob.try_acquire().await?;
    let refused = matches!(tried, Acquisition::TimedOut { .. });
    step.received(if refused { "held by another" } else { "held" });
    drop(tried);
    step.expect("only one can hold it", refused);
    step.sent("bob waits");
    let mut waiting = std::pin::pin!(bob.acquire_within(PATIENCE));
    let early = tokio::time::timeout(WAITING, &mut waiting).await.is_ok();
    step.received(if early { "something" } else { "nothing yet" });
    step.expect("bob waits", !early);
    if early {
        return held.release().await;
    }
    step.sent("ann releases it");
    let started = Instant::now();
    let (waited, released) = tokio::join!(waiting, held.release());
    released?;
    let Acquisition::Acquired(held) = waited? else {
        step.expect("bob gets it when ann releases it", false);
        return Ok(());
    };
    let (second, took) = (held.fencing_token(), started.elapsed());
    step.received(format!(
        "bob holds it after {} ms, fencing token {second}",
        took.as_millis()
    ));
    step.expect("the token grew", second > first);
    let key = stage.key("results/nightly");
    step.sent(format!("put {key} = done, if bob still holds the lock"));
    let revision = stage
        .coordinator
        .kv()
        .put_fenced(held.holding(), &key, "done")
        .await?;
    step.received(format!("revision {revision}"));
    step.expect("bob says that he holds it", held.is_held());
    held.release().await
}

pub(super) async fn lost(stage: &Stage, step: &mut Step) -> Result<()> {
    let name = stage.key("locks/lost");
    let lock = stage
        .coordinator
        .lock(name.as_str())
        .with_options(options("carl"));
    step.sent(format!("carl acquires {name}"));
    let held = lock.acquire().await?;
    step.received(format!("held, fencing token {}", held.fencing_token()));
    let (client, session) = (
        sessions::client(&stage.coordinator)?,
        held.holding().owner().to_owned(),
    );
    step.sent(format!("an operator ends carl's session {session}"));
    client.session().destroy(&session).await?;
    let started = Instant::now();
    let reason = tokio::time::timeout(PATIENCE, held.lost()).await.ok();
    let millis = started.elapsed().as_millis();
    step.received(reason.map_or_else(|| "nothing".into(), |r| format!("lost: {r} ({millis} ms)")));
    step.expect("carl is told", reason.is_some());
    step.expect("and no longer says that he holds it", !held.is_held());
    let key = stage.key("results/lost");
    step.sent(format!("put {key} = late, if carl still holds the lock"));
    let refused = stage
        .coordinator
        .kv()
        .put_fenced(held.holding(), &key, "late")
        .await
        .err();
    let kind = refused.as_ref().map(quorate::Error::kind);
    step.received(refused.map_or_else(|| "done".into(), |error| format!("refused: {error}")));
    step.expect(
        "a late write is refused by the server",
        kind == Some(ErrorKind::LeaseLost),
    );
    drop(held);
    Ok(())
}
