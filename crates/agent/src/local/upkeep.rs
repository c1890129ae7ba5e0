//! What is done from time to time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::settings::up_to;
use crate::consul::Front;
use crate::engine::consul::LocalChange;
use crate::start::register_self;

/// The shortest interval, so that a task leaves time for others.
const SHORTEST: Duration = Duration::from_millis(10);

/// Makes the catalog agree with the agent, again and again.
pub(super) async fn sync(front: Arc<Front>, mut stop: impl Future<Output = ()> + Unpin) {
    let interval = front.local.sync_interval.max(SHORTEST);
    while goes_on(&mut stop, interval + up_to(interval)).await {
        // When the store has failed, every request says so.
        let _ = register_self(&front.writer, &front.local.node).await;
        let _ = front.submit_local(LocalChange::Sync).await;
    }
}

/// Removes what has been critical for too long, again and again.
pub(super) async fn reap(front: Arc<Front>, mut stop: impl Future<Output = ()> + Unpin) {
    let interval = front.local.reap_interval.max(SHORTEST);
    while goes_on(&mut stop, interval).await {
        let _ = front.submit_local(LocalChange::Reap).await;
    }
}

/// Waits, and says whether there is work to do after it.
pub(super) async fn goes_on(
    stop: &mut (impl Future<Output = ()> + Unpin),
    pause: Duration,
) -> bool {
    tokio::select! {
        () = stop => false,
        () = sleep(pause) => true,
    }
}
