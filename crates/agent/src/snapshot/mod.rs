//! Snapshots: Consul's whole state in one file, as `GET /v1/snapshot` gives it.
//!
//! The file is like those of a real server, and only the state in it is of a form of our own. So
//! tools that look at the rest, like `consul snapshot inspect`, work. A real server refuses such a
//! file because of the version in it, and we refuse those of a real server.

mod inspect;
mod load;
mod save;
mod state;

pub use inspect::{Inspection, Inspector, TableCount, inspect};
pub(crate) use load::Rows;
pub use quorate_wire::consul::snapshot::SnapshotError;
pub(crate) use save::Saver;

/// The version of our form: one that no real server restores, whatever its state may say.
const VERSION: u64 = 100;
/// Why a sound snapshot is not restored here.
const FOREIGN: &str =
    "its state is in a format of another program; only snapshots of this one can be restored here";
