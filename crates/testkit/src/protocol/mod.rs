//! The conformance tables: what a server that speaks a protocol has to do, as cases that run
//! against ours and against the real one.
//!
//! Each case is a named async function; its name is the rule. The same table runs against every
//! target, so that what is written here is what the real server does, and what ours does too.

pub mod consul;
pub mod etcd2;
pub mod etcd3;
pub mod serf;
pub mod unified;

use std::fmt::Debug;
use std::time::Duration;

/// Long enough for a request to be received and parked, where nothing shows that it is. A case that
/// is too early here proves less; it does not fail.
const PARKED: Duration = Duration::from_millis(100);

/// An error that shows both, unless they are equal.
#[expect(
    clippy::needless_pass_by_value,
    reason = "most of what is compared was made for it"
)]
fn equal<A: PartialEq<B> + Debug, B: Debug>(what: &str, got: A, expected: B) -> anyhow::Result<()> {
    anyhow::ensure!(got == expected, "{what}: {got:?}, not {expected:?}");
    Ok(())
}
