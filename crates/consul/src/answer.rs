//! A value, and what the answer's headers say about it.

use quorate_wire::consul::QueryMeta;

/// What a read returned, and what its headers say: the index to block on, how stale it is, whether
/// a cache answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// What the headers say. Fields that the endpoint does not send are `None`.
    pub meta: QueryMeta,
}

impl<T> Answer<T> {
    /// A value with its metadata. Callers of [`Blocking::new`](crate::Blocking::new) need it.
    #[must_use]
    pub fn new(value: T, meta: QueryMeta) -> Self {
        Self { value, meta }
    }

    /// The same metadata with another value.
    #[must_use]
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Answer<U> {
        Answer {
            value: f(self.value),
            meta: self.meta,
        }
    }

    /// The value alone.
    #[must_use]
    pub fn into_value(self) -> T {
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mapping_keeps_the_metadata() {
        let meta = QueryMeta::from_headers(|_| Some("7"));
        let answer = Answer::new(2, meta.clone()).map(|n| n + 1);
        assert_eq!(answer, Answer::new(3, meta));
        assert_eq!(answer.into_value(), 3);
    }
}
