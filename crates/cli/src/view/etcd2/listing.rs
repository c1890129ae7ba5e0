//! What is in a directory.

use std::io::{self, Write};

use quorate_etcd::v2::{Event, Node};
use serde::{Serialize, Serializer};

use crate::view::{Style, View};

/// The keys in a directory, or the one key that it is.
pub(crate) struct ListingView {
    event: Event,
    slash: bool,
}

impl ListingView {
    /// `slash` puts one behind the names of directories.
    pub(crate) fn new(event: Event, slash: bool) -> Self {
        Self { event, slash }
    }
}

impl Serialize for ListingView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.event.serialize(serializer)
    }
}

impl View for ListingView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let Some(root) = &self.event.node else {
            return Ok(());
        };
        let mut left: Vec<&Node> = match root.dir {
            true => root.nodes.iter().rev().collect(),
            false => vec![root],
        };
        while let Some(node) = left.pop() {
            let key = style.line(node.path());
            match (node.dir, self.slash) {
                (true, true) => writeln!(out, "{}", style.title(format!("{key}/")))?,
                (true, false) => writeln!(out, "{}", style.title(key))?,
                (false, _) => writeln!(out, "{key}")?,
            }
            left.extend(node.nodes.iter().rev());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_below_each_other_with_what_is_in_them() {
        let mut sub = Node::directory("/d/b", 2);
        sub.nodes = vec![Node::file("/d/b/1", "x", 3)];
        let mut root = Node::directory("/d", 1);
        root.nodes = vec![Node::file("/d/a", "y", 4), sub, Node::file("/d/c", "z", 5)];
        let of = |node: Node, slash| {
            let event = Event {
                node: Some(node),
                ..Event::default()
            };
            let mut out = Vec::new();
            let view = ListingView::new(event, slash);
            view.text(&mut out, &Style::PLAIN).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(of(root.clone(), true), "/d/a\n/d/b/\n/d/b/1\n/d/c\n");
        assert_eq!(of(root, false), "/d/a\n/d/b\n/d/b/1\n/d/c\n");
        assert_eq!(of(Node::file("/f", "", 1), true), "/f\n");
    }
}
