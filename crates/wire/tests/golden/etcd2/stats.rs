//! Statistics.

use quorate_wire::etcd2::stats::MemberState;
use quorate_wire::etcd2::{LeaderStats, SelfStats, StoreStats};

use super::SERVERS;

#[test]
fn statistics_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for (name, state) in [
            ("stats-self", MemberState::Leader),
            ("stats-self-leader", MemberState::Leader),
            ("stats-self-follower", MemberState::Follower),
            ("no-leader-stats-self", MemberState::Leader),
        ] {
            let stats: SelfStats = server.again(name, &server.answer(name), "");
            assert_eq!(stats.state, state, "{name}");
        }
        for (name, followers) in [("stats-leader", 0), ("stats-leader-two", 1)] {
            let stats: LeaderStats = server.again(name, &server.answer(name), "");
            assert_eq!(stats.followers.len(), followers, "{name}");
        }
        let stats: StoreStats = server.again("stats-store", &server.answer("stats-store"), "");
        assert!(stats.gets_success > 0 && stats.compare_and_swap_fail > 0);
    }
}
