//! Rule by operation: the same requests with tokens of every rule set to the real Consul 1.8.7 and
//! to the embedded agent, both with access rules on, and their answers compared row by row: the
//! status, the headers of a read, and the body, from which a list may lack what is not allowed.
//!
//! `rules.rs` is a table of rule sets, `operations/` one of requests. Each request is made with the
//! rule sets that are about its resources, and with one that allows everything but these.
//! `QUORATE_ACL_MATRIX_NOUN` names the one noun to look at, `QUORATE_ACL_MATRIX_REPORTS` how many
//! differences to print (default 20).

#![allow(
    clippy::print_stdout,
    reason = "what was compared is printed, and how it differed"
)]
#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

#[path = "differential/exchange.rs"]
#[allow(
    dead_code,
    reason = "the time that an answer took is of no interest here"
)]
mod exchange;
#[path = "acl_matrix/known.rs"]
mod known;
#[path = "acl_matrix/operation.rs"]
mod operation;
#[path = "acl_matrix/operations/mod.rs"]
mod operations;
#[path = "acl_matrix/plain.rs"]
mod plain;
#[path = "acl_matrix/rules.rs"]
mod rules;
#[path = "acl_matrix/run.rs"]
mod run;
#[path = "acl_matrix/side.rs"]
mod side;
#[path = "acl_matrix/world.rs"]
mod world;

use std::process::ExitCode;
use std::time::Duration;

use quorate_testkit::cases;
use quorate_testkit::server::ConsulServer;
use quorate_testkit::trial::{Subject, Suite, Target};
use run::compare;
use world::Settings;

/// How long one matrix may take.
const TIME_LIMIT: Duration = Duration::from_secs(1200);

/// Every case starts servers of its own.
struct Nothing;

async fn everything_is_denied_that_no_rule_allows(_: &Subject<Nothing>) -> anyhow::Result<()> {
    compare(Settings::deny(), |_| true).await
}

async fn everything_is_allowed_that_no_rule_denies(_: &Subject<Nothing>) -> anyhow::Result<()> {
    compare(Settings::allow(), |_| true).await
}

async fn lists_of_keys_have_rules_of_their_own(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let keys = |noun: &str| matches!(noun, "kv" | "txn");
    compare(Settings::deny().with_key_list_policy(), keys).await
}

fn main() -> ExitCode {
    let start = || async { Ok(Nothing) };
    Suite::new()
        .with_target(Target::real(
            "real consul 1.8.7",
            ConsulServer::locate(),
            start,
        ))
        .with_cases(cases![Nothing;
            everything_is_denied_that_no_rule_allows,
            everything_is_allowed_that_no_rule_denies,
            lists_of_keys_have_rules_of_their_own,
        ])
        .with_time_limit(TIME_LIMIT)
        .run()
}
