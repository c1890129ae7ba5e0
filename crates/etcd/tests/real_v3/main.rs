//! The v3 client against real etcds. Without one, every trial of it shows as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod auth;
mod cluster;
mod failures;
mod kv;
mod lease;
mod maintenance;
mod recipes;
#[path = "../secure/mod.rs"]
mod secure;
mod semaphore;
mod tls;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use quorate_etcd::v3::{Client, Error, Timeouts};
use quorate_testkit::cases;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Subject, Suite, Target};

/// The server that trials share, and a client of it.
struct Etcd {
    client: Client,
    version: EtcdVersion,
    // Ends with the trials.
    server: EtcdServer,
}

impl Etcd {
    async fn start(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start_without_v2(version).await?;
        Ok(Self {
            client: patient(&server.url())?,
            version,
            server,
        })
    }
}

/// Long enough for whatever has to happen, on a machine that stands still for seconds in between.
const SOON: Duration = Duration::from_secs(50);

/// A client that gives a slow machine time.
fn patient(urls: &str) -> Result<Client, Error> {
    let builder = Client::builder().address(urls);
    builder.timeouts(patience()).build()
}

fn patience() -> Timeouts {
    Timeouts::default()
        .with_attempt(SOON / 2)
        .with_overall(Some(SOON))
}

fn main() -> ExitCode {
    use {auth::*, cluster::*, failures::*, kv::*, lease::*, maintenance::*, recipes::*};
    use {semaphore::*, tls::*, watch::*};
    let cases = cases![Etcd;
        keys_are_written_read_and_deleted,
        each_option_of_a_range_decides,
        a_put_decides_about_the_lease_of_its_key,
        a_transaction_does_one_list_or_the_other,
        what_is_compacted_is_told_apart,
        a_large_range_is_read_in_pages_at_one_revision,
        what_is_wrong_is_told_as_such,
        a_dead_server_is_passed_over,
        a_server_that_stands_still_is_left_and_its_writes_are_indeterminate,
        a_client_goes_on_after_its_server_was_restarted,
        another_cluster_is_refused,
        a_lease_is_granted_looked_at_and_revoked,
        a_lease_that_is_kept_outlives_its_time_and_ends_with_its_keeper,
        a_lease_that_somebody_revokes_is_lost,
        a_lease_is_lost_at_its_deadline_when_the_server_stands_still,
        a_watch_tells_every_change_once_and_in_order,
        options_of_a_watch_decide,
        what_is_compacted_is_listed_again,
        a_watch_goes_on_after_the_server_was_killed,
        a_watch_that_is_not_read_holds_up_nobody_and_misses_nothing,
        large_revisions_come_whole,
        a_copy_made_of_a_watch_is_exact,
        users_and_roles_decide,
        a_server_tells_how_it_is,
        an_alarm_stops_writes_until_it_is_disarmed,
        a_snapshot_is_saved_whole,
        locks_exclude_in_order,
        a_queue_within_a_queue_holds_up_nobody,
        a_lock_whose_key_is_deleted_is_lost,
        a_waiter_whose_lease_ends_does_not_win,
        a_lock_is_lost_at_its_deadline_when_the_server_stands_still,
        an_election_is_handed_on,
        nobody_has_a_turn_before_the_delay_is_over,
        never_more_hold_than_there_are_slots,
        a_slot_that_is_given_back_goes_to_the_first_that_waits,
        all_agree_on_the_number_of_slots,
        a_slot_whose_key_is_deleted_is_lost,
        contenders_of_other_clients_count,
        the_services_of_the_servers_share_the_queues,
        a_member_that_goes_away_is_left,
        a_member_without_a_leader_is_left,
        tls_is_checked_in_both_directions,
        a_certificate_that_is_replaced_is_read_again,
    ];
    let target = |name, version| {
        Target::real(name, EtcdServer::locate(version), move || {
            Etcd::start(version)
        })
    };
    Suite::new()
        .with_target(target("real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(target("real etcd 3.5.16", EtcdVersion::V3_5))
        .with_target(target("real etcd 3.7.2", EtcdVersion::V3_7))
        .with_cases(cases)
        .run()
}

/// Shorthand for what all trials return.
type Outcome = anyhow::Result<()>;
type Trial = Subject<Etcd>;
