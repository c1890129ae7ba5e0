//! The client against the real Consul. Without one, every trial shows as ignored.

mod filter;
mod kv;
mod operator;
mod security;
mod session;
mod txn;
mod watch;

use std::process::ExitCode;

use quorate_consul::{Client, ErrorKind, Limits};
use quorate_testkit::cases;
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use quorate_testkit::trial::{Subject, Suite, Target};

/// The server that trials share, and a client of it.
struct Consul {
    client: Client,
    server: ConsulServer,
}

async fn start() -> anyhow::Result<Consul> {
    let server = ConsulServer::start(ConsulOptions::default().with_unix_socket()).await?;
    let client = Client::new(&server.url())?;
    Ok(Consul { client, server })
}

fn main() -> ExitCode {
    use {filter::*, kv::*, operator::*, security::*, session::*, txn::*, watch::*};
    let cases = cases![Consul;
        values_of_every_kind_are_read_back,
        every_legal_key_is_read_back,
        preconditions_decide,
        names_are_cut_at_the_separator,
        a_compressed_listing_is_the_same,
        options_change_nothing_but_how_it_is_asked,
        the_servers_own_limit_of_a_value_is_an_invalid_argument,
        every_verb_of_a_transaction_works,
        what_fails_in_a_transaction_is_listed,
        keys_that_a_path_cannot_carry_work_in_a_transaction,
        the_servers_own_limit_of_operations_is_an_invalid_argument,
        a_session_has_what_was_asked_for,
        a_session_lives_until_it_is_destroyed,
        a_session_on_something_unknown_is_refused,
        a_session_that_has_ended_takes_no_key,
        a_change_wakes_the_watch_and_nothing_else_does,
        a_prefix_is_watched_to_its_end,
        a_session_is_watched_to_its_end,
        the_cluster_tells_its_state,
        an_unknown_datacenter_is_not_found,
        a_unix_socket_is_as_good,
        tls_is_checked_in_both_directions,
        tokens_decide_what_is_allowed,
        the_key_of_the_gossip_is_changed,
        every_operator_of_a_filter_decides,
        any_text_can_stand_in_a_filter,
        a_filter_that_makes_no_sense_is_an_invalid_argument,
    ];
    let target = Target::real("real consul 1.8.7", ConsulServer::locate(), start);
    Suite::new().with_target(target).with_cases(cases).run()
}

/// The kind of a failure.
fn kind<T: std::fmt::Debug>(result: Result<T, quorate_consul::Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

/// A client whose own limits let the server's be reached.
fn unlimited(url: &str) -> anyhow::Result<Client> {
    let limits = Limits::default()
        .with_max_value_bytes(usize::MAX)
        .with_max_txn_ops(usize::MAX)
        .with_max_txn_bytes(usize::MAX);
    Ok(Client::builder().address(url).limits(limits).build()?)
}

async fn the_cluster_tells_its_state(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let leader = consul.client.status().leader().await?;
    anyhow::ensure!(leader == Some(consul.server.leader()), "{leader:?}");
    let peers = consul.client.status().peers().await?;
    anyhow::ensure!(peers == [consul.server.leader()], "{peers:?}");
    let agent = consul.client.agent();
    anyhow::ensure!(agent.node_name().await? == consul.server.node_name());
    anyhow::ensure!(agent.datacenter().await? == "dc1");
    anyhow::ensure!(agent.self_info().await?.config.version == "1.8.7");
    let answer = consul.client.raw().get("/v1/no/such/route").await?;
    anyhow::ensure!(answer.status == 404);
    Ok(())
}
