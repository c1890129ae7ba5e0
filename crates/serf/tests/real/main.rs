//! The client against real Serf agents. Without Serf, every trial shows as ignored.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod alone;
mod cluster;
mod streams;

use std::process::ExitCode;

use quorate_serf::Client;
use quorate_testkit::cases;
use quorate_testkit::server::{SerfOptions, SerfServer};
use quorate_testkit::trial::{Subject, Suite, Target};

/// The agent that trials share, and a client of it.
struct Serf {
    client: Client,
    // Ends with the trials.
    server: SerfServer,
}

impl Serf {
    async fn start() -> anyhow::Result<Self> {
        let server = SerfServer::start(SerfOptions::default().with_tag("role", "web")).await?;
        let client = Client::connect(&server.addr().to_string()).await?;
        Ok(Self { client, server })
    }
}

fn main() -> ExitCode {
    use {alone::*, cluster::*, streams::*};
    let cases = cases![Serf;
        an_agent_tells_who_it_is,
        what_is_refused_is_told_by_its_meaning,
        tokens_that_are_missing_and_wrong_are_told_apart,
        commands_go_together,
        events_come_back_on_a_stream,
        a_query_is_answered_and_ends_early,
        a_log_is_followed,
        a_stream_survives_a_restart,
        many_streams_survive_a_restart_and_end_with_the_client,
        members_join_fail_and_leave,
        keys_are_changed_by_all_members,
        an_agent_that_stands_still_is_left_for_another,
    ];
    let target = Target::real("real serf 0.10.1", SerfServer::locate(), Serf::start);
    Suite::new().with_target(target).with_cases(cases).run()
}

/// Shorthand for what all trials return.
type Outcome = anyhow::Result<()>;
type Trial = Subject<Serf>;
