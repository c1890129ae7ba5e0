//! What the examples share: where they run.
//!
//! Each program under `src/bin/` is one task. It runs on an agent in this process that ends with
//! it, or on the backend that `QUORATE_URL` names (`consul://127.0.0.1:8500`, `embedded:DIR`).

mod etcd2;
mod etcd3;
mod serf;

pub use etcd2::Etcd2;
pub use etcd3::Etcd3;
pub use serf::Serf;

/// The backend's URL.
#[must_use]
pub fn url() -> String {
    std::env::var("QUORATE_URL").unwrap_or_else(|_| "memory:".into())
}

/// A prefix of this run's own, so that examples don't meet on a shared server.
#[must_use]
pub fn prefix(name: &str) -> String {
    format!("examples/{name}/{}", std::process::id())
}
