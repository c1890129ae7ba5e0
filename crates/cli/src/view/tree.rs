//! Keys as a tree: `kv tree`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::{Style, View};

/// The keys below a prefix.
#[derive(Debug, Serialize)]
pub(crate) struct TreeView {
    prefix: String,
    keys: usize,
    tree: Vec<NodeView>,
}

/// A segment of keys: a key of its own if it has a size, a folder if it has children.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NodeView {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<NodeView>,
    /// Keys below it that `--depth` leaves out.
    #[serde(skip_serializing_if = "is_zero")]
    more: usize,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference"
)]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

#[derive(Default)]
struct Node {
    size: Option<usize>,
    keys: usize,
    children: BTreeMap<String, Node>,
}

impl TreeView {
    /// Builds the tree of `keys` (full keys with the size of their value) below `prefix`.
    pub(crate) fn new<'a>(
        prefix: &str,
        keys: impl Iterator<Item = (&'a str, usize)>,
        depth: Option<u16>,
    ) -> Self {
        let mut root = Node::default();
        for (key, size) in keys {
            root.insert(key.strip_prefix(prefix).unwrap_or(key), size);
        }
        let depth = depth.map_or(usize::MAX, usize::from);
        Self {
            prefix: prefix.to_owned(),
            keys: root.keys,
            tree: root.view(depth),
        }
    }
}

impl Node {
    fn insert(&mut self, path: &str, size: usize) {
        self.keys += 1;
        match path.split_once('/') {
            // A foreign client may have written `folder/`, a key that ends with the separator.
            Some((name, "")) => self.child(&format!("{name}/")).leaf(size),
            Some((name, rest)) => self.child(name).insert(rest, size),
            None => self.child(path).leaf(size),
        }
    }

    fn child(&mut self, name: &str) -> &mut Self {
        self.children.entry(name.to_owned()).or_default()
    }

    fn leaf(&mut self, size: usize) {
        self.size = Some(size);
    }

    fn view(self, depth: usize) -> Vec<NodeView> {
        let views = self.children.into_iter().map(|(name, node)| {
            let shown = depth > 1;
            let more = if shown { 0 } else { node.keys };
            let size = node.size;
            let children = if shown {
                node.view(depth - 1)
            } else {
                Vec::new()
            };
            NodeView {
                name,
                size,
                children,
                more,
            }
        });
        views.collect()
    }
}

impl View for TreeView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let root = if self.prefix.is_empty() {
            "/"
        } else {
            &self.prefix
        };
        writeln!(out, "{}", style.title(style.clean(root)))?;
        branches(out, style, &self.tree, "")?;
        let plural = if self.keys == 1 { "" } else { "s" };
        writeln!(out, "{}", style.faint(format!("{} key{plural}", self.keys)))
    }
}

fn branches(
    out: &mut dyn Write,
    style: &Style,
    nodes: &[NodeView],
    indent: &str,
) -> io::Result<()> {
    for (position, node) in nodes.iter().enumerate() {
        let last = position + 1 == nodes.len();
        let (branch, below) = if last {
            ("└── ", "    ")
        } else {
            ("├── ", "│   ")
        };
        let size = node
            .size
            .map(|size| format!("  {size} B"))
            .unwrap_or_default();
        let more = if node.more == 0 {
            String::new()
        } else {
            format!("  (+{})", node.more)
        };
        let rest = style.faint(format!("{size}{more}"));
        writeln!(out, "{indent}{branch}{}{rest}", style.clean(&node.name))?;
        branches(out, style, &node.children, &format!("{indent}{below}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(view: &TreeView) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    const KEYS: [(&str, usize); 4] = [("a/b", 1), ("a/c/d", 2), ("a/c", 3), ("e", 4)];

    #[test]
    fn a_tree_has_a_branch_for_each_segment() {
        let view = TreeView::new("", KEYS.into_iter(), None);
        let expected =
            "/\n├── a\n│   ├── b  1 B\n│   └── c  3 B\n│       └── d  2 B\n└── e  4 B\n4 keys\n";
        assert_eq!(text(&view), expected);
    }

    #[test]
    fn depth_says_how_many_keys_it_leaves_out() {
        let view = TreeView::new("", KEYS.into_iter(), Some(1));
        assert_eq!(text(&view), "/\n├── a  (+3)\n└── e  4 B\n4 keys\n");
    }
}
