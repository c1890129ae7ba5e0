//! `quorate etcd lock`.

use std::time::Duration;

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb::RangeRequest;
use quorate_etcd::v3::{LockGuard, QueueOptions};

use super::{Context, held};
use crate::args::etcd::lock::LockArgs;
use crate::command::lock::ending;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::etcd::key::RangeView;

/// For how long tasks are waited for at the end.
pub(super) const CLOSE: Duration = Duration::from_secs(2);

pub(super) async fn run(context: Context<'_>, args: LockArgs) -> Result<Exit, Failure> {
    let ttl = Duration::from_secs(args.ttl);
    let options = QueueOptions::new().with_ttl(ttl);
    let lock = context.client.lock(&args.name).with_options(options);
    // From here on no signal ends this process before the lock is given back.
    let mut signals = Signals::listen(&Signals::PASSED_ON)?;
    let acquired = tokio::select! {
        acquired = lock.acquire() => Ok(acquired?),
        signal = ending(&mut signals) => Err(Exit::Signal(signals::number(signal))),
    };
    let guard = match acquired {
        Ok(guard) => guard,
        Err(exit) => {
            context.client.close(CLOSE).await;
            return Ok(exit);
        }
    };
    let ended = match args.command.as_slice() {
        [] => wait(context, &guard, &mut signals).await,
        words => {
            let token = guard.fencing_token().to_string();
            let variables = [("ETCD_LOCK_KEY", guard.key()), ("ETCD_LOCK_REV", &token)];
            let lease = guard.lease();
            held::run(words, &variables, &lease, ttl / 5, &mut signals).await
        }
    };
    give_back(guard).await;
    ended
}

/// Prints the key, and waits for a signal.
async fn wait(
    context: Context<'_>,
    guard: &LockGuard,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    show_key(context, guard.key()).await?;
    tokio::select! {
        _ = guard.lost() => Err(held::lost_lock()),
        signal = ending(signals) => Ok(Exit::Signal(signals::number(signal))),
    }
}

/// Prints the key that shows that something is held.
pub(super) async fn show_key(context: Context<'_>, key: &str) -> Result<(), Failure> {
    let request = RangeRequest {
        key: key.to_owned().into(),
        ..RangeRequest::default()
    };
    let response = context.client.raw().send(&raw::RANGE, &request).await?;
    context.show(&RangeView::from(response))?;
    Ok(())
}

async fn give_back(guard: LockGuard) {
    if let Err(error) = guard.release().await {
        tracing::debug!(%error, "the lock was not released and ends with its time");
    }
}
