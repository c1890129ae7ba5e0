//! The rules of one resource, found by name.

use std::collections::HashMap;

use super::access::Access;

/// The rules of one resource. A lookup costs one hash for each length that a prefix has.
#[derive(Debug, Default)]
pub(super) struct Tree {
    exact: HashMap<Box<[u8]>, Access>,
    prefix: HashMap<Box<[u8]>, Access>,
    /// The lengths of the prefixes, longest first.
    lengths: Vec<usize>,
}

impl Tree {
    /// Adds a rule; one of the same name that is there already is merged with it.
    pub(super) fn add(&mut self, name: &[u8], is_prefix: bool, access: Access) {
        let rules = if is_prefix {
            if let Err(at) = self.lengths.binary_search_by(|it| name.len().cmp(it)) {
                self.lengths.insert(at, name.len());
            }
            &mut self.prefix
        } else {
            &mut self.exact
        };
        let entry = rules.entry(name.into());
        entry
            .and_modify(|old| *old = old.merge(access))
            .or_insert(access);
    }

    /// The rule that counts for `name`: the one of exactly this name, or else that of the longest
    /// prefix.
    pub(super) fn access(&self, name: &[u8]) -> Option<Access> {
        let exact = self.exact.get(name).copied();
        exact.or_else(|| self.prefix_access(name))
    }

    /// The rule of the longest prefix of `name`.
    fn prefix_access(&self, name: &[u8]) -> Option<Access> {
        let mut found = self.lengths.iter().filter_map(|length| {
            let prefix = name.get(..*length)?;
            self.prefix.get(prefix).copied()
        });
        found.next()
    }

    /// Whether everything under `prefix` may be written; `None` when no rule speaks of all of it
    /// and none forbids a part.
    pub(super) fn may_write_under(&self, prefix: &[u8]) -> Option<bool> {
        let base = self.prefix_access(prefix).map(|it| it == Access::Write);
        let mut rules = self.exact.iter().chain(&self.prefix);
        let refused =
            rules.any(|(name, access)| name.starts_with(prefix) && *access != Access::Write);
        if base == Some(false) || refused {
            return Some(false);
        }
        base
    }

    /// Whether any name may be accessed; `None` when nothing says so and the rule of all names
    /// does not refuse it.
    pub(super) fn any_grants(&self, wanted: Access) -> Option<bool> {
        let mut all = self.exact.values().chain(self.prefix.values());
        if all.any(|access| access.grants(wanted)) {
            return Some(true);
        }
        let catch_all = self.prefix.get(&b""[..]);
        catch_all.map(|access| access.grants(wanted))
    }

    /// Whether every name may be accessed; `None` when no rule speaks of all names and none
    /// refuses one.
    pub(super) fn all_grant(&self, wanted: Access) -> Option<bool> {
        let mut all = self.exact.values().chain(self.prefix.values());
        if all.any(|access| !access.grants(wanted)) {
            return Some(false);
        }
        self.prefix.get(&b""[..]).map(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(rules: &[(&str, bool, Access)]) -> Tree {
        let mut tree = Tree::default();
        for (name, is_prefix, access) in rules {
            tree.add(name.as_bytes(), *is_prefix, *access);
        }
        tree
    }

    #[test]
    fn the_exact_rule_counts_and_else_the_longest_prefix() {
        let tree = tree(&[
            ("a", true, Access::Deny),
            ("a", false, Access::Read),
            ("abc", true, Access::Write),
            ("", true, Access::List),
        ]);
        for (name, access) in [
            ("a", Access::Read),
            ("ab", Access::Deny),
            ("abc", Access::Write),
            ("abcd", Access::Write),
            ("x", Access::List),
            ("", Access::List),
        ] {
            assert_eq!(tree.access(name.as_bytes()), Some(access), "{name}");
        }
        assert_eq!(Tree::default().access(b"a"), None);
    }

    #[test]
    fn a_tree_may_be_deleted_only_when_nothing_in_it_is_refused() {
        let write = tree(&[("a/", true, Access::Write)]);
        assert_eq!(write.may_write_under(b"a/"), Some(true));
        assert_eq!(write.may_write_under(b"a/b/"), Some(true));
        assert_eq!(write.may_write_under(b"a"), None);
        for refused in [("a/b", false), ("a/b/", true)] {
            let tree = tree(&[
                ("a/", true, Access::Write),
                (refused.0, refused.1, Access::Read),
            ]);
            assert_eq!(tree.may_write_under(b"a/"), Some(false));
            assert_eq!(tree.may_write_under(b""), Some(false));
            assert_eq!(tree.may_write_under(b"a/c"), Some(true));
        }
    }

    #[test]
    fn all_names_and_any_name_are_told_apart() {
        let some = tree(&[("a", false, Access::Write), ("", true, Access::Deny)]);
        assert_eq!(some.any_grants(Access::Read), Some(true));
        assert_eq!(some.all_grant(Access::Read), Some(false));
        let none = tree(&[("", true, Access::Deny)]);
        assert_eq!(none.any_grants(Access::Read), Some(false));
        let all = tree(&[("", true, Access::Write), ("b", false, Access::Write)]);
        assert_eq!(all.all_grant(Access::Write), Some(true));
        let one = tree(&[("b", false, Access::Write)]);
        assert_eq!(one.all_grant(Access::Write), None);
        assert_eq!(Tree::default().any_grants(Access::Read), None);
    }
}
