//! Snapshots: Consul's whole state in one file, as `GET /v1/snapshot` gives it.
//!
//! A gzipped tar of three files, like those of a real server: `meta.json` says what it is,
//! `state.bin` holds the rows, and `SHA256SUMS` proves that both are whole. Only `state.bin` is of
//! a form of our own, so tools that look at the rest, like `consul snapshot inspect`, work. A real
//! server refuses such a file because of the version in it, and we refuse those of a real server.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let empty: &[u8] = &[];
//! let error = quorate_agent::snapshot::inspect(empty).unwrap_err();
//! assert_eq!(error.to_string(), "failed to decompress snapshot: EOF");
//! # Ok(())
//! # }
//! ```

mod error;
mod inspect;
mod load;
mod meta;
mod save;
mod state;
mod sums;
mod tar;

pub use error::SnapshotError;
pub use inspect::{Inspection, TableCount, inspect};
pub(crate) use load::Loader;
pub(crate) use save::Saver;

/// The files of a snapshot, in their order.
const META: &str = "meta.json";
const STATE: &str = "state.bin";
const SUMS: &str = "SHA256SUMS";
