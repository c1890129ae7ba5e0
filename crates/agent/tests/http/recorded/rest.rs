//! The endpoints that sessions need beside their own.

use super::Replay;

pub(super) async fn replay(replay: &mut Replay) {
    replay
        .same(&["status-leader", "status-peers", "catalog-datacenters"])
        .await;
    // Consul writes its node a second time when it has joined its own pool.
    for name in [
        "catalog-nodes",
        "catalog-nodes-filter",
        "catalog-nodes-bad-filter",
        "health-node-unknown",
    ] {
        replay.same_text(name).await;
    }
}
