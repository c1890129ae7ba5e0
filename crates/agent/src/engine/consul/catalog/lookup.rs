use std::sync::Arc;

use super::Node;
use super::tables::{Catalog, digits};

/// The shortest start of an id that finds a node.
const SHORTEST: usize = 2;
/// The most hyphens of an id.
const HYPHENS: usize = 4;

impl Catalog {
    /// The node with that UUID, in whichever case it is written.
    pub(super) fn node_with_id(&self, id: &str) -> Option<&Arc<Node>> {
        let name = self.node_ids.get(&*digits(id))?;
        self.nodes.get(name)
    }

    /// A node by its name in any case, by its UUID, or by the start of its UUID when no other
    /// begins like that; also its name in lower case.
    ///
    /// As on the real server, an odd last digit does not count, and hyphens may stand anywhere.
    pub(super) fn find_node(&self, name_or_id: &str) -> Option<(Box<str>, &Arc<Node>)> {
        let name: Box<str> = name_or_id.to_lowercase().into();
        if let Some(node) = self.nodes.get(&*name) {
            return Some((name, node));
        }
        let start = id_start(&name)?;
        let mut found = self.node_ids.range(start.clone()..);
        let (_, name) = found.next().filter(|(id, _)| id.starts_with(&*start))?;
        let other = found.next().filter(|(id, _)| id.starts_with(&*start));
        match other {
            None => Some((name.clone(), self.nodes.get(name)?)),
            Some(_) => None,
        }
    }
}

/// The digits that `text` gives of an id, if it can be the start of one.
fn id_start(text: &str) -> Option<Box<str>> {
    let even = text
        .get(..text.len() & !1)
        .filter(|it| it.len() >= SHORTEST)?;
    let start = digits(even);
    let hyphens = even.len() - start.len();
    let hex = start.bytes().all(|byte| byte.is_ascii_hexdigit());
    (hyphens <= HYPHENS && start.len().is_multiple_of(2) && hex && !start.is_empty())
        .then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 found with the same texts.
    #[test]
    fn an_id_starts_with_an_even_number_of_digits() {
        for (text, start) in [
            ("11", Some("11")),
            ("111", Some("11")),
            ("11111111", Some("11111111")),
            ("11111111-11", None),
            ("11111111-111", None),
            ("11111111-1111-11", Some("11111111111111")),
            ("1111-1111", None),
            ("1", None),
            ("zz", None),
            ("--", None),
        ] {
            assert_eq!(id_start(text).as_deref(), start, "{text}");
        }
    }
}
