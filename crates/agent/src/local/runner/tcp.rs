use std::time::Duration;

use tokio::time::timeout;

use super::dial::{connect, split};
use super::outcome::Outcome;

/// Connects, and lets go at once.
pub(super) async fn run(address: &str, limit: Duration) -> Outcome {
    let (host, port) = match split(address) {
        Ok(parts) => parts,
        Err(problem) => return Outcome::critical(problem),
    };
    match timeout(limit, connect(host, port)).await {
        Ok(Ok(_)) => Outcome::passing(format!("TCP connect {address}: Success")),
        Ok(Err(problem)) => Outcome::critical(problem),
        Err(_) => Outcome::critical(format!("dial tcp {address}: i/o timeout")),
    }
}
