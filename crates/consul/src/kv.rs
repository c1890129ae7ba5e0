//! Keys and values: `/v1/kv`.

mod put;
mod read;
mod write;

use std::fmt;

use quorate_wire::consul::path::{KeyError, check_key, check_prefix};

use crate::call::Operation;
use crate::client::Client;
use crate::error::Error;

pub use put::PutOptions;

/// Keys and values.
///
/// A key is UTF-8 without a leading slash, empty or dot segments (`a//b`, `a/../b`) and without
/// non-printable characters: a server would store another key, or none. Such keys are refused
/// before anything is sent; a [transaction](Client::txn) can reach most of them. A prefix is any
/// start of a key, not only whole segments: `a` covers `a`, `a/b` and `ab`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let kv = client.kv();
/// kv.put("jobs/a", "1").await?;
/// let entry = kv.get("jobs/a").await?.expect("just written");
/// assert!(kv.cas("jobs/a", "2", entry.modify_index).await?);
/// assert!(!kv.cas("jobs/a", "3", entry.modify_index).await?, "somebody wrote meanwhile");
/// assert_eq!(kv.keys("jobs/", None).await?, ["jobs/a"]);
/// kv.delete_tree("jobs/").await?;
/// assert!(kv.get("jobs/a").await?.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Kv {
    client: Client,
}

impl Kv {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }
}

/// Refuses a key that would not reach the server as it is.
fn key(operation: Operation<'_>) -> Result<(), Error> {
    check_key(operation.subject).map_err(|error| refuse(operation, "key", error))
}

/// Refuses a prefix that would not reach the server as it is.
fn prefix(operation: Operation<'_>) -> Result<(), Error> {
    check_prefix(operation.subject).map_err(|error| refuse(operation, "prefix", error))
}

fn refuse(operation: Operation<'_>, field: impl fmt::Display, error: KeyError) -> Error {
    Error::invalid(operation.to_string(), format_args!("{field}: {error}")).with_source(error)
}
