//! One table of cases, run against several targets.
//!
//! A case is a named async function; a target is something that keeps the same promises, such as
//! the embedded agent or a real server. [`Suite::run`] makes a trial of each pair, runs them with
//! [libtest-mimic](libtest_mimic) as `cargo test` would, and prints how many passed on each target.
//! A test binary of that kind needs `harness = false` in its `Cargo.toml`.
//!
//! ```no_run
//! use anyhow::ensure;
//! use quorate_testkit::cases;
//! use quorate_testkit::server::{ConsulOptions, ConsulServer};
//! use quorate_testkit::trial::{Subject, Suite, Target};
//!
//! /// What every target gives to the cases.
//! struct Keys { url: String, _server: Option<ConsulServer> }
//!
//! const CAS: &str = "compare-and-set";
//!
//! async fn a_value_is_read_back(subject: &Subject<Keys>) -> anyhow::Result<()> {
//!     let key = subject.key("name"); // under a prefix that no other trial has
//!     ensure!(!key.is_empty() && subject.url.starts_with("http"));
//!     Ok(())
//! }
//! async fn a_stale_write_is_refused(_: &Subject<Keys>) -> anyhow::Result<()> { Ok(()) }
//!
//! async fn consul() -> anyhow::Result<Keys> {
//!     let server = ConsulServer::start(ConsulOptions::default()).await?;
//!     Ok(Keys { url: server.url(), _server: Some(server) })
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     Suite::new()
//!         .with_target(Target::real("real consul 1.8.7", ConsulServer::locate(), consul).able(&[CAS]))
//!         .with_cases(cases![Keys; a_value_is_read_back, a_stale_write_is_refused needs [CAS]])
//!         .run()
//! }
//! ```

mod case;
mod subject;
mod suite;
mod tally;
mod target;

pub use case::{Case, Run};
pub use subject::Subject;
pub use suite::{Outcome, Suite};
pub use tally::Tally;
pub use target::Target;
