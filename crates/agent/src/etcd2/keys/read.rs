//! Reads of keys.

use std::sync::atomic::Ordering::Relaxed;

use http::{Method, StatusCode};

use super::super::request::Outcome;
use super::{KeyRequest, shown, watch};

/// Answers at once, or begins a watch. A read that asks for agreement does not wait, even where it
/// asks for that too.
pub(super) fn answer(asked: &KeyRequest) -> Outcome {
    let parameters = &asked.parameters;
    if asked.method == Method::GET && parameters.wait && !parameters.quorum {
        return watch::answer(asked);
    }
    let front = &asked.front;
    let snapshot = front.snapshot();
    let state = snapshot.etcd2();
    match state.get(&asked.key) {
        Ok(node) => {
            front.counts.gets.fetch_add(1, Relaxed);
            let body = shown::read(&asked.key, node, parameters.recursive, front.clock(state));
            asked.found(StatusCode::OK, state.index(), body).into()
        }
        Err(refusal) => {
            front.counts.failed_gets.fetch_add(1, Relaxed);
            front.key_refusal(refusal).into()
        }
    }
}
