//! Filter expressions: `?filter=Service.Port == 80 and "web" in Service.Tags`.
//!
//! Consul's language, operator by operator, and its words for what is wrong. An expression is
//! checked once against the selectors of what it filters, and then asked about each element.
//! Reading takes time linear in the expression; nesting and regular expressions are bounded.

mod cursor;
mod expression;
mod fields;
mod grammar;
mod literal;
mod resolve;

#[cfg(test)]
mod tests;

use serde::Serialize;

use super::reply::{Refused, Reply};
use super::request::Request;
use expression::Expression;
pub(crate) use fields::*;

/// An expression that fits what it is to filter.
#[derive(Debug)]
pub(crate) struct Filter(Expression);

impl Filter {
    /// Reads an expression about elements with these fields, or says in Consul's words what is
    /// wrong with it.
    pub(crate) fn parse(expression: &str, fields: &'static Fields) -> Result<Self, String> {
        let parsed = grammar::parse(expression)?;
        resolve::resolve(parsed, fields).map(Self)
    }

    /// Whether the expression is true of `element`, which is read as it is shown in JSON. What it
    /// leaves out there counts as empty, zero or false.
    pub(crate) fn keeps<T: Serialize + ?Sized>(&self, element: &T) -> bool {
        // Elements have text keys only, which is all that could fail.
        let shown = serde_json::to_value(element).unwrap_or_default();
        self.0.holds(&shown)
    }
}

/// What is said before the problem of an expression.
const REFUSED: &str = "Failed to create boolean expression evaluator: ";

impl Request<'_> {
    /// The `filter` of a read that servers answer, which carries the headers of a read even when
    /// it fails.
    pub(crate) fn filter(&self, fields: &'static Fields) -> Result<Option<Filter>, Refused> {
        let refused = |text: String| Reply::server_error(text).with_no_leader().into();
        self.parse_filter(fields).map_err(refused)
    }

    /// The `filter` of a read that the agent answers from what it knows itself.
    pub(crate) fn local_filter(&self, fields: &'static Fields) -> Result<Option<Filter>, Refused> {
        let refused = |text: String| Reply::server_error(text).into();
        self.parse_filter(fields).map_err(refused)
    }

    /// As [`Request::local_filter`], of the agent's checks, where Consul looks at selectors with
    /// the first check.
    pub(crate) fn check_filter(&self, fields: &'static Fields) -> Result<Option<Filter>, Refused> {
        self.parse_filter(fields).map_err(|text| {
            let late = text.strip_prefix(REFUSED);
            let late = late.filter(|problem| problem.starts_with("Selector "));
            Reply::server_error(late.map_or(text.clone(), str::to_owned)).into()
        })
    }

    fn parse_filter(&self, fields: &'static Fields) -> Result<Option<Filter>, String> {
        let Some(expression) = self.params.text("filter") else {
            return Ok(None);
        };
        let filter =
            Filter::parse(expression, fields).map_err(|problem| format!("{REFUSED}{problem}"))?;
        Ok(Some(filter))
    }
}

/// Drops from `elements` what the filter, if there is one, does not keep.
pub(crate) fn retain<T: Serialize>(filter: Option<&Filter>, elements: &mut Vec<T>) {
    if let Some(filter) = filter {
        elements.retain(|element| filter.keeps(element));
    }
}
