//! What a rule grants.

/// What a rule grants. Each level grants those before it, `Deny` nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Access {
    Deny,
    Read,
    /// Of keys alone: to list what is under a prefix, where listing has a rule of its own.
    List,
    Write,
}

impl Access {
    /// Reads the word of a rule, in any case of letters, as Consul does.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        let levels = [Self::Deny, Self::Read, Self::List, Self::Write];
        let mut levels = levels.into_iter();
        levels.find(|level| level.as_str().eq_ignore_ascii_case(word))
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
        }
    }

    /// Whether a rule of this level allows what needs `wanted`.
    pub(crate) fn grants(self, wanted: Self) -> bool {
        self >= wanted && self != Self::Deny
    }

    /// What counts when two policies have the same rule: a denial, or else the greater one.
    pub(crate) fn merge(self, other: Self) -> Self {
        if self == Self::Deny || other == Self::Deny {
            return Self::Deny;
        }
        self.max(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_beats_everything_and_a_greater_grant_a_lesser_one() {
        use Access::{Deny, List, Read, Write};
        for (one, other, merged) in [
            (Read, Write, Write),
            (List, Read, List),
            (List, Write, Write),
            (Deny, Write, Deny),
            (Deny, Deny, Deny),
        ] {
            assert_eq!(one.merge(other), merged);
            assert_eq!(other.merge(one), merged);
        }
    }

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!(Access::parse("READ"), Some(Access::Read));
        for word in ["", "reader", "none"] {
            assert_eq!(Access::parse(word), None);
        }
    }
}
