//! Which instances of a service are asked for.

use crate::url::Url;

/// Which instances of a service are asked for. A name alone asks for all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceQuery {
    /// The service's name, in any case of letters.
    pub name: String,
    /// The tags that an instance must have, all of them, in any case of letters (`tag`).
    pub tags: Vec<String>,
    /// Only instances all of whose checks pass, and those of their node: a warning is too much
    /// (`passing`).
    pub passing_only: bool,
}

impl ServiceQuery {
    /// All instances of the service.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Only those with this tag; repeated calls must all hold.
    #[must_use]
    pub fn with_tag(mut self, tag: impl Into<String>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// Only those that pass all their checks.
    #[must_use]
    pub fn with_passing_only(mut self) -> Self {
        self.passing_only = true;
        self
    }

    pub(super) fn add_to(&self, url: &mut Url) {
        for tag in &self.tags {
            url.pair("tag", tag);
        }
        if self.passing_only {
            url.flag("passing");
        }
    }
}

impl From<&str> for ServiceQuery {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl From<String> for ServiceQuery {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

impl From<&ServiceQuery> for ServiceQuery {
    fn from(query: &ServiceQuery) -> Self {
        query.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_encoded_and_passing_is_a_flag() {
        let mut url = Url::new("/x");
        let query = ServiceQuery::new("web").with_tag("a b").with_tag("c&d");
        query.with_passing_only().add_to(&mut url);
        assert_eq!(url.into_string(), "/x?tag=a%20b&tag=c%26d&passing");
    }
}
