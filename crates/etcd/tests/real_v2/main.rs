//! The v2 client against real etcds. Without one, every trial of it shows as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod auth;
mod cluster;
mod keys;
mod recipes;
#[path = "../secure/mod.rs"]
mod secure;
mod tls;
mod trio;
mod watch;

use std::process::ExitCode;
use std::time::Duration;

use quorate_etcd::v2::{Client, Error, Timeouts};
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
        let server = EtcdServer::start(version).await?;
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
    use {auth::*, cluster::*, keys::*, recipes::*, tls::*, trio::*, watch::*};
    let cases = cases![Etcd;
        values_and_keys_of_every_kind_are_read_back,
        each_way_to_write_decides_as_documented,
        directories_are_made_listed_and_deleted,
        conditions_decide,
        a_ttl_is_kept_renewed_and_ends,
        keys_in_order_sort_in_the_order_of_their_making,
        what_a_key_tells_of_its_refusal,
        a_watch_tells_every_change_once,
        a_tree_is_watched_without_what_is_hidden,
        a_quiet_watch_outlives_the_history,
        a_watch_after_a_forgotten_index_lists_again,
        a_watch_goes_on_after_the_server_was_killed,
        members_statistics_version_and_health_are_read,
        a_server_without_the_api_is_named,
        users_and_roles_decide,
        tls_is_checked_in_both_directions,
        everything_goes_on_when_the_leader_is_killed,
        locks_exclude_in_order,
        a_lock_whose_entry_is_deleted_is_lost,
        a_semaphore_lets_in_as_many_as_it_has_slots,
        an_election_is_handed_on,
    ];
    let target = |name, version| {
        Target::real(name, EtcdServer::locate(version), move || {
            Etcd::start(version)
        })
    };
    Suite::new()
        .with_target(target("real etcd 3.4.23", EtcdVersion::V3_4))
        .with_target(target("real etcd 3.5.16", EtcdVersion::V3_5))
        .with_cases(cases)
        .run()
}

/// Shorthand for what all trials return.
type Outcome = anyhow::Result<()>;
type Trial = Subject<Etcd>;
