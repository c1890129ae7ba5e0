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

/// What a template makes of a name.
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn render(
    query: &quorate_wire::consul::PreparedQuery,
    name: &str,
) -> Result<quorate_wire::consul::PreparedQuery, String> {
    template::Template::compile(query)?.render(query, name)
}
