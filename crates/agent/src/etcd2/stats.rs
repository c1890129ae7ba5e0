//! `/v2/stats`.

use std::sync::atomic::Ordering::Relaxed;

use http::StatusCode;
use quorate_wire::etcd2::stats::{LeaderInfo, MemberState};
use quorate_wire::etcd2::{LeaderStats, SelfStats, StoreStats};

use super::front::Front;
use super::reply::Reply;

/// What the agent says of itself: it leads, for as long as it serves.
pub(super) fn of_self(front: &Front) -> Reply {
    let (start_time, since) = front.started;
    let id = front.identity.member_text();
    let stats = SelfStats {
        name: front.name.clone(),
        id: id.clone(),
        state: MemberState::Leader,
        start_time,
        leader_info: LeaderInfo {
            leader: id,
            uptime: since.elapsed().into(),
            start_time,
        },
        ..SelfStats::default()
    };
    Reply::json(StatusCode::OK, &stats)
}

/// What the leader says of its followers: there are none.
pub(super) fn of_leader(front: &Front) -> Reply {
    let stats = LeaderStats {
        leader: front.identity.member_text(),
        ..LeaderStats::default()
    };
    Reply::json(StatusCode::OK, &stats)
}

/// What was counted since the agent started.
pub(super) fn of_store(front: &Front) -> Reply {
    let snapshot = front.snapshot();
    let stats = snapshot.etcd2().stats();
    let counts = &front.counts;
    let stats = StoreStats {
        gets_success: counts.gets.load(Relaxed),
        gets_fail: counts.failed_gets.load(Relaxed),
        sets_success: stats.sets.success,
        sets_fail: stats.sets.fail,
        delete_success: stats.deletes.success,
        delete_fail: stats.deletes.fail,
        update_success: stats.updates.success,
        update_fail: stats.updates.fail,
        create_success: stats.creates.success,
        create_fail: stats.creates.fail,
        compare_and_swap_success: stats.swaps.success,
        compare_and_swap_fail: stats.swaps.fail,
        compare_and_delete_success: stats.compared_deletes.success,
        compare_and_delete_fail: stats.compared_deletes.fail,
        expire_count: stats.expired,
        watchers: u64::try_from(counts.watchers.load(Relaxed)).unwrap_or(u64::MAX),
    };
    Reply::json(StatusCode::OK, &stats)
}
