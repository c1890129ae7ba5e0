//! The tasks that run the checks: one for each, so that none waits for another.

mod alias;
mod dial;
mod grpc;
mod http;
mod outcome;
mod repeat;
mod script;
mod tcp;
mod url;

use std::collections::HashMap;
use std::sync::Arc;

use quorate_net::task::{self, Task};
use quorate_wire::consul::health::CRITICAL;

use crate::consul::Front;
use crate::engine::Topic;
use crate::engine::consul::{CheckKind, LocalChange, LocalCheck};
use crate::waiters::Watch;

/// A check that is being run.
struct Running {
    registration: u64,
    task: Task<()>,
}

impl Running {
    /// Ends it, and returns when it has ended.
    async fn end(self) {
        self.task.abort();
        // It was aborted, or had ended by itself.
        let _ = self.task.join().await;
    }
}

/// Runs what is registered, until it is told to stop.
pub(super) async fn supervise(front: Arc<Front>, mut stop: impl Future<Output = ()> + Unpin) {
    let mut running: HashMap<Box<str>, Running> = HashMap::new();
    let mut waiter = front
        .writer
        .waiters()
        .register([Watch::Topic(Topic::LocalPlans)]);
    loop {
        for old in take_stale(&mut running, &front) {
            old.end().await;
        }
        start_new(&mut running, &front);
        tokio::select! {
            () = &mut stop => break,
            () = waiter.changed() => {}
        }
    }
    for (_, old) in running {
        old.end().await;
    }
}

/// Takes out what was removed or registered again.
fn take_stale(running: &mut HashMap<Box<str>, Running>, front: &Front) -> Vec<Running> {
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let is_stale = |id: &str, old: &Running| {
        let known = state.local_check(id);
        known.is_none_or(|known| known.registration != old.registration)
    };
    let stale = running.extract_if(|id, old| is_stale(id, old));
    stale.map(|(_, old)| old).collect()
}

fn start_new(running: &mut HashMap<Box<str>, Running>, front: &Arc<Front>) {
    let snapshot = front.snapshot();
    for check in snapshot.consul().local_checks() {
        let id = check.check.check_id.as_str();
        if running.contains_key(id) || !is_run(&check.plan.kind) {
            continue;
        }
        let registration = check.registration;
        let task = task::spawn(run(Arc::clone(front), Arc::clone(check)));
        running.insert(id.into(), Running { registration, task });
    }
}

/// Whether a check needs a task; the engine itself keeps TTLs.
fn is_run(kind: &CheckKind) -> bool {
    !matches!(kind, CheckKind::Outside | CheckKind::Ttl { .. })
}

async fn run(front: Arc<Front>, check: Arc<LocalCheck>) {
    match &check.plan.kind {
        CheckKind::Outside | CheckKind::Ttl { .. } => {}
        CheckKind::Alias { node, service_id } => {
            alias::follow(&front, &check, node, service_id).await;
        }
        CheckKind::Script { .. } if !front.local.script_checks => {
            // It was registered when they were allowed.
            let output = "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' to true";
            report(&front, &check, CRITICAL, output.to_owned()).await;
        }
        CheckKind::Http { .. }
        | CheckKind::Tcp { .. }
        | CheckKind::Grpc { .. }
        | CheckKind::Script { .. } => repeat::run(&front, &check).await,
    }
}

/// Tells the engine what a check said. When the store has failed there is nobody to tell.
async fn report(front: &Front, check: &LocalCheck, status: &str, output: String) {
    let ran = LocalChange::Ran {
        id: check.check.check_id.clone(),
        registration: check.registration,
        status: status.to_owned(),
        output,
    };
    let _ = front.submit_local(ran).await;
}
