use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::outcome::{Outcome, Streak};
use super::{grpc, http, report, script, tcp};
use crate::consul::Front;
use crate::engine::consul::{CheckKind, LocalCheck};
use crate::local::settings::up_to;

/// How long an HTTP request, a connection or a call of gRPC may take unless the check says.
const NETWORK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a program may take unless the check says.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(30);

/// Runs a check again and again, at first after a part of its interval, so that checks that were
/// registered together are not run together.
pub(super) async fn run(front: &Front, check: &LocalCheck) {
    let plan = &check.plan;
    let mut streak = Streak::default();
    let mut pause = up_to(plan.interval);
    loop {
        sleep(pause).await;
        let outcome = once(check).await;
        if streak.admits(&outcome, plan) {
            report(front, check, outcome.status, outcome.output).await;
        }
        pause = plan.interval;
    }
}

async fn once(check: &LocalCheck) -> Outcome {
    let plan = &check.plan;
    let limit = plan.timeout.unwrap_or(NETWORK_TIMEOUT);
    match &plan.kind {
        CheckKind::Http {
            url,
            method,
            header,
            body,
            tls_skip_verify,
        } => {
            let request = http::Check {
                url,
                method,
                header,
                body,
                tls_skip_verify: *tls_skip_verify,
                output_max_bytes: plan.output_max_bytes,
            };
            request.run(limit).await
        }
        CheckKind::Tcp { address } => tcp::run(address, limit).await,
        CheckKind::Grpc {
            target,
            tls,
            tls_skip_verify,
        } => {
            let call = grpc::run(target, *tls, *tls_skip_verify);
            let late = "rpc error: code = DeadlineExceeded desc = context deadline exceeded";
            let outcome = timeout(limit, call).await;
            outcome.unwrap_or_else(|_| Outcome::critical(late))
        }
        CheckKind::Script { args } => {
            let limit = plan.timeout.unwrap_or(SCRIPT_TIMEOUT);
            script::run(args, limit, plan.output_max_bytes).await
        }
        CheckKind::Outside | CheckKind::Ttl { .. } | CheckKind::Alias { .. } => {
            Outcome::critical("this kind of check is not repeated")
        }
    }
}
