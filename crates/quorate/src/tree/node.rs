//! A tree in memory: what stands between a value and its keys.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::error::{TreeError, TreeProblem};
use super::name::{LOCK, MARKER, look_like_a_list};
use super::options::TreeOptions;

/// One place of a tree: a leaf, a directory, both if others wrote it so, or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// What the key itself holds.
    pub(crate) value: Option<Bytes>,
    /// What the marker says.
    pub(crate) kind: Option<Kind>,
    /// What is beneath, by the names as they are stored.
    pub(crate) children: BTreeMap<String, Node>,
    /// Written, it takes the place of what is there, instead of being merged into it.
    pub(crate) whole: bool,
}

/// What a marker says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Map,
    List,
    Null,
}

impl Kind {
    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Map => "{}",
            Self::List => "[]",
            Self::Null => "null",
        }
    }

    fn parse(value: &[u8]) -> Option<Self> {
        let kinds = [Self::Map, Self::List, Self::Null];
        kinds
            .into_iter()
            .find(|kind| value.trim_ascii() == kind.text().as_bytes())
    }
}

impl Node {
    pub(crate) fn leaf(value: impl Into<Bytes>) -> Self {
        Self {
            value: Some(value.into()),
            whole: true,
            ..Self::default()
        }
    }

    /// A place where nothing is, and where a write leaves nothing.
    pub(crate) fn nothing() -> Self {
        Self {
            whole: true,
            ..Self::default()
        }
    }

    pub(crate) fn null() -> Self {
        Self {
            kind: Some(Kind::Null),
            ..Self::nothing()
        }
    }

    pub(crate) fn list(items: BTreeMap<String, Node>) -> Self {
        Self {
            kind: items.is_empty().then_some(Kind::List),
            children: items,
            ..Self::nothing()
        }
    }

    /// A map; marked as one where its names don't tell.
    pub(crate) fn map(children: BTreeMap<String, Node>) -> Self {
        let mut map = Self {
            children,
            ..Self::default()
        };
        map.kind = map.needs_mark().then_some(Kind::Map);
        map
    }

    fn needs_mark(&self) -> bool {
        let names = self.children.iter().filter(|(_, node)| !node.is_nothing());
        let names = names.map(|(name, _)| name.as_str());
        names.clone().next().is_none() || look_like_a_list(&names)
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.value.is_none() && self.kind.is_none() && self.children.is_empty()
    }

    /// Whether there is something beneath, or a marker says that there could be.
    pub(crate) fn is_directory(&self) -> bool {
        !self.children.is_empty() || matches!(self.kind, Some(Kind::Map | Kind::List))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.kind == Some(Kind::Null) && self.value.is_none() && self.children.is_empty()
    }

    /// Whether it is a list where no type says so.
    pub(crate) fn is_list(&self) -> bool {
        match self.kind {
            Some(Kind::List) => self.children.keys().all(|name| super::name::is_index(name)),
            Some(Kind::Map) => false,
            Some(Kind::Null) | None => look_like_a_list(&self.children.keys().map(String::as_str)),
        }
    }

    /// Takes the key `path`, relative to this node.
    pub(crate) fn insert(
        &mut self,
        path: &str,
        value: Bytes,
        options: &TreeOptions,
    ) -> Result<(), TreeError> {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        if name == LOCK {
            return Ok(());
        }
        // `a/` is how graphical tools write the directory `a`.
        let place = match name {
            MARKER | "" => parent,
            _ => path,
        };
        let node = self.at(place, options)?;
        match name {
            MARKER => node.kind = Kind::parse(&value).or(node.kind),
            "" if !path.is_empty() => node.kind = node.kind.or(Some(Kind::Map)),
            _ => node.value = Some(value),
        }
        Ok(())
    }

    fn at(&mut self, path: &str, options: &TreeOptions) -> Result<&mut Self, TreeError> {
        let limit = options.depth();
        let mut node = self;
        for (depth, name) in path.split('/').filter(|name| !name.is_empty()).enumerate() {
            if depth >= limit {
                let error = TreeError::from(TreeProblem::TooDeep { limit });
                return Err(error.beneath(path));
            }
            node = node.children.entry(name.to_owned()).or_default();
        }
        Ok(node)
    }

    /// Every key with what it holds, relative to this node, which is `path`.
    pub(crate) fn flatten(&self, path: &str, entries: &mut BTreeMap<String, Bytes>) {
        if let Some(value) = &self.value {
            entries.insert(path.to_owned(), value.clone());
        }
        if let Some(kind) = self.kind {
            entries.insert(
                join(path, MARKER),
                Bytes::from_static(kind.text().as_bytes()),
            );
        }
        for (name, child) in &self.children {
            child.flatten(&join(path, name), entries);
        }
    }
}

/// `name` beneath `path`, which may be empty.
pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    if name.is_empty() {
        return path.to_owned();
    }
    format!("{path}/{name}")
}
