use std::sync::Arc;

use bytes::Bytes;
use rpds::RedBlackTreeMapSync;

use super::path;
use super::refusal::{KeyRefusal, Problem};

/// What is in a directory, by name, in byte order.
pub type Children = RedBlackTreeMapSync<Box<str>, Arc<Node>>;

/// A file or a directory. Its key is where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// The index of the write that made it.
    pub created: u64,
    /// The index of the last write to its value.
    pub modified: u64,
    /// When it expires, in nanoseconds since 1970.
    pub expiration: Option<i64>,
    /// What it holds.
    pub content: Content,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A value; any bytes.
    File(Bytes),
    /// Other nodes.
    Dir(Children),
}

impl Node {
    /// An empty directory.
    pub(super) fn dir(index: u64, expiration: Option<i64>) -> Self {
        Self {
            created: index,
            modified: index,
            expiration,
            content: Content::Dir(Children::default()),
        }
    }

    /// A file.
    pub(super) fn file(index: u64, expiration: Option<i64>, value: Bytes) -> Self {
        Self {
            created: index,
            modified: index,
            expiration,
            content: Content::File(value),
        }
    }

    /// Whether it is a directory.
    #[must_use]
    pub fn is_dir(&self) -> bool {
        matches!(self.content, Content::Dir(_))
    }

    /// The value of a file.
    #[must_use]
    pub fn value(&self) -> Option<&Bytes> {
        match &self.content {
            Content::File(value) => Some(value),
            Content::Dir(_) => None,
        }
    }

    /// What is in a directory.
    #[must_use]
    pub fn children(&self) -> Option<&Children> {
        match &self.content {
            Content::File(_) => None,
            Content::Dir(children) => Some(children),
        }
    }

    /// The node at `key` below this one, which is the root.
    ///
    /// # Errors
    /// [`Problem::NotDir`] with the file in the way, or [`Problem::NotFound`] with the first part
    /// that is missing, whichever comes first on the way down.
    pub(super) fn find<'a>(self: &'a Arc<Self>, key: &str) -> Result<&'a Arc<Self>, KeyRefusal> {
        let mut node = self;
        let mut end = 0;
        for part in path::parts(key) {
            let Some(children) = node.children() else {
                return Err(KeyRefusal::new(Problem::NotDir, &key[..end]));
            };
            // Each part of a clean key has one slash in front.
            end += 1 + part.len();
            node = children
                .get(part)
                .ok_or_else(|| KeyRefusal::new(Problem::NotFound, &key[..end]))?;
        }
        Ok(node)
    }

    /// Puts `node` at `key`, in directories that are made at `index` where there are none. Calls
    /// `made` with the key of each. No file may be on the way.
    pub(super) fn place(
        self: &mut Arc<Self>,
        key: &str,
        node: Arc<Self>,
        index: u64,
        made: &mut impl FnMut(&str, &Arc<Self>),
    ) {
        place_at(self, key, 0, node, index, made);
    }

    /// Takes the node at `key` away, which is not the root.
    pub(super) fn remove(self: &mut Arc<Self>, key: &str) {
        remove_at(self, key.get(1..).unwrap_or_default());
    }

    /// Calls `each` with the key of everything below `key`, at any depth, and with the node.
    pub(super) fn descend(&self, key: &str, each: &mut impl FnMut(&str, &Arc<Self>)) {
        let Some(children) = self.children() else {
            return;
        };
        for (name, child) in children {
            let key = path::join(key, name);
            each(&key, child);
            child.descend(&key, each);
        }
    }
}

fn place_at(
    dir: &mut Arc<Node>,
    key: &str,
    done: usize,
    node: Arc<Node>,
    index: u64,
    made: &mut impl FnMut(&str, &Arc<Node>),
) {
    let Content::Dir(children) = &mut Arc::make_mut(dir).content else {
        return;
    };
    let rest = &key[done + 1..];
    let Some((name, _)) = rest.split_once('/') else {
        children.insert_mut(rest.into(), node);
        return;
    };
    let end = done + 1 + name.len();
    let mut child = match children.get(name) {
        Some(child) => Arc::clone(child),
        None => {
            let child = Arc::new(Node::dir(index, None));
            made(&key[..end], &child);
            child
        }
    };
    place_at(&mut child, key, end, node, index, made);
    children.insert_mut(name.into(), child);
}

fn remove_at(dir: &mut Arc<Node>, rest: &str) {
    let Content::Dir(children) = &mut Arc::make_mut(dir).content else {
        return;
    };
    let Some((name, rest)) = rest.split_once('/') else {
        children.remove_mut(rest);
        return;
    };
    if let Some(child) = children.get(name) {
        let mut child = Arc::clone(child);
        remove_at(&mut child, rest);
        children.insert_mut(name.into(), child);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(keys: &[&str]) -> Arc<Node> {
        let mut root = Arc::new(Node::dir(0, None));
        for (index, key) in (1..).zip(keys) {
            let file = Node::file(index, None, Bytes::from_static(b"v"));
            root.place(key, Arc::new(file), index, &mut |_, _| {});
        }
        root
    }

    #[test]
    fn a_walk_says_what_it_hit_first() {
        let root = tree(&["/a/b/c"]);
        assert_eq!(root.find("/a/b/c").unwrap().created, 1);
        assert!(root.find("/").unwrap().is_dir());
        let file = root.find("/a/b/c/d/e").unwrap_err();
        assert_eq!((file.problem, &*file.cause), (Problem::NotDir, "/a/b/c"));
        let hole = root.find("/a/x/y").unwrap_err();
        assert_eq!((hole.problem, &*hole.cause), (Problem::NotFound, "/a/x"));
    }

    #[test]
    fn directories_on_the_way_are_made_and_told() {
        let mut root = tree(&["/a/b"]);
        let mut made = Vec::new();
        let file = Arc::new(Node::file(9, None, Bytes::new()));
        root.place("/a/c/d/e", file, 9, &mut |key, _| made.push(key.to_owned()));
        assert_eq!(made, ["/a/c", "/a/c/d"]);
        assert_eq!(root.find("/a/c").unwrap().created, 9);
        root.remove("/a/c/d");
        assert!(root.find("/a/c").is_ok() && root.find("/a/c/d").is_err());
    }

    #[test]
    fn a_tree_that_was_handed_out_does_not_change() {
        let mut root = tree(&["/a/b"]);
        let before = Arc::clone(&root);
        root.remove("/a/b");
        assert!(before.find("/a/b").is_ok() && root.find("/a/b").is_err());
    }
}
