//! Looking at filters before they are sent.

use std::collections::BTreeMap;

use quorate_wire::go_regex;
use quorate_wire::serf::MemberFilter;

use crate::error::Error;

/// Refuses expressions that an agent can't compile: it would end the connection without a word.
///
/// They are read as Go reads them, in which agents are written.
pub(crate) fn check_members(operation: &str, filter: &MemberFilter) -> Result<(), Error> {
    check(operation, "name", &filter.name)?;
    check(operation, "status", &filter.status)?;
    check_tags(operation, &filter.tags)
}

/// The same for the expressions of tags.
pub(crate) fn check_tags(operation: &str, tags: &BTreeMap<String, String>) -> Result<(), Error> {
    tags.iter()
        .try_for_each(|(tag, expression)| check(operation, &format!("tag {tag:?}"), expression))
}

fn check(operation: &str, field: &str, expression: &str) -> Result<(), Error> {
    match go_regex::compile(expression) {
        Ok(_) => Ok(()),
        Err(why) => Err(Error::invalid(operation, format_args!("{field}: {why}"))),
    }
}
