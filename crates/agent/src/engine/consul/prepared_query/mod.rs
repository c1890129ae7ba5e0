//! Prepared queries: searches that are stored and run by their name, and templates of such.

mod interpolation;
mod read;
mod table;
mod template;
mod validate;
mod write;

pub use read::Unresolved;
pub(super) use table::PreparedQueries;
pub use write::{PreparedQueryRefusal, PreparedQueryWrite};
