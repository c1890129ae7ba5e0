//! Random histories against a model that is as simple as can be: a map from whole keys.

use std::collections::BTreeMap;

use proptest::prelude::*;
use quorate_agent::engine::etcd2::{Op, Problem};
use quorate_agent::engine::{Engine, Row, Time};

use super::{Tree, create, delete, dir, expecting, put, set, swap, update};

/// Values by key; `None` is a directory.
#[derive(Clone, Debug, Default)]
struct Model(BTreeMap<String, Option<String>>);

impl Model {
    fn parents(key: &str) -> impl Iterator<Item = &str> {
        key.match_indices('/').skip(1).map(|(at, _)| &key[..at])
    }

    fn in_the_way(&self, key: &str) -> Option<Problem> {
        let mut found = Self::parents(key).filter_map(|key| self.0.get(key));
        found.any(Option::is_some).then_some(Problem::NotDir)
    }

    fn missing_or_in_the_way(&self, key: &str) -> Option<Problem> {
        for parent in Self::parents(key) {
            match self.0.get(parent) {
                None => return Some(Problem::NotFound),
                Some(Some(_)) => return Some(Problem::NotDir),
                Some(None) => {}
            }
        }
        (!self.0.contains_key(key)).then_some(Problem::NotFound)
    }

    fn put(&mut self, key: &str, value: Option<String>) {
        for parent in Self::parents(key) {
            self.0.insert(parent.to_owned(), None);
        }
        self.0.insert(key.to_owned(), value);
    }

    fn apply(&mut self, change: &Change) -> Result<(), Problem> {
        let Change { key, value, kind } = change;
        match kind {
            Kind::Set | Kind::SetDir => {
                if let Some(problem) = self.in_the_way(key) {
                    return Err(problem);
                }
                if self.0.get(key) == Some(&None) {
                    return Err(Problem::NotFile);
                }
                self.put(key, (*kind == Kind::Set).then(|| value.clone()));
            }
            Kind::Create => {
                if let Some(problem) = self.in_the_way(key) {
                    return Err(problem);
                }
                if self.0.contains_key(key) {
                    return Err(Problem::Exists);
                }
                self.put(key, Some(value.clone()));
            }
            Kind::Update | Kind::Swap => {
                if let Some(problem) = self.missing_or_in_the_way(key) {
                    return Err(problem);
                }
                let Some(Some(known)) = self.0.get(key).cloned() else {
                    return Err(Problem::NotFile);
                };
                if *kind == Kind::Swap && known != "x" {
                    return Err(Problem::CompareFailed);
                }
                self.put(key, Some(value.clone()));
            }
            Kind::Delete | Kind::DeleteAll => {
                if let Some(problem) = self.missing_or_in_the_way(key) {
                    return Err(problem);
                }
                if *kind == Kind::Delete && self.0.get(key) == Some(&None) {
                    return Err(Problem::NotFile);
                }
                let below = format!("{key}/");
                self.0
                    .retain(|known, _| known != key && !known.starts_with(&below));
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Set,
    SetDir,
    Create,
    Update,
    Swap,
    Delete,
    DeleteAll,
}

#[derive(Clone, Debug)]
struct Change {
    key: String,
    value: String,
    kind: Kind,
}

impl Change {
    fn op(&self) -> Op {
        let put = put(&self.value);
        match self.kind {
            Kind::Set => set(put),
            Kind::SetDir => set(dir()),
            Kind::Create => create(put),
            Kind::Update => update(put),
            Kind::Swap => swap(expecting("x", 0), put),
            Kind::Delete => delete(false),
            Kind::DeleteAll => delete(true),
        }
    }
}

fn change() -> impl Strategy<Value = Change> {
    let kinds = [
        Kind::Set,
        Kind::SetDir,
        Kind::Create,
        Kind::Update,
        Kind::Swap,
        Kind::Delete,
        Kind::DeleteAll,
    ];
    let key = prop::collection::vec(prop::sample::select(vec!["a", "b", "ab", "_h"]), 1..4);
    let key = key.prop_map(|parts| format!("/{}", parts.join("/")));
    let value = prop::sample::select(vec!["x", "y"]).prop_map(str::to_owned);
    (key, value, prop::sample::select(kinds.to_vec())).prop_map(|(key, value, kind)| Change {
        key,
        value,
        kind,
    })
}

/// Everything in the tree, as the model has it.
fn contents(engine: &Engine) -> BTreeMap<String, Option<String>> {
    let rows = engine.rows().filter_map(|row| match row {
        Row::Etcd2(quorate_agent::engine::etcd2::Row::Node(key, Some(node))) => {
            let value = node
                .value()
                .map(|value| String::from_utf8(value.to_vec()).unwrap());
            Some((key.to_string(), value))
        }
        _ => None,
    });
    rows.collect()
}

proptest! {
    #[test]
    fn any_history_gives_what_the_model_gives(changes in prop::collection::vec(change(), 1..60)) {
        let mut tree = Tree::new();
        let mut model = Model::default();
        let mut stored: BTreeMap<Vec<u8>, Row> = BTreeMap::new();
        for change in &changes {
            let before = tree.index();
            let result = tree.write(&change.key, change.op()).map(|event| event.index);
            let expected = model.apply(change);
            prop_assert_eq!(result.as_ref().err().map(|it| it.problem), expected.err());
            prop_assert_eq!(tree.index(), before + u64::from(result.is_ok()));
            prop_assert_eq!(&contents(&tree.engine), &model.0);
            for row in tree.changes.rows.drain(..) {
                let Row::Etcd2(inner) = &row else { continue };
                let (key, gone) = match inner {
                    quorate_agent::engine::etcd2::Row::Node(key, node) => {
                        (key.as_bytes().to_vec(), node.is_none())
                    }
                    quorate_agent::engine::etcd2::Row::Event(slot, event) => {
                        (slot.to_be_bytes().to_vec(), event.is_none())
                    }
                    _ => continue,
                };
                if gone {
                    stored.remove(&key);
                } else {
                    stored.insert(key, row);
                }
            }
        }
        // What was stored on the way is what there is.
        let engine = Engine::restore(stored.into_values(), Time::START);
        prop_assert_eq!(&contents(&engine), &model.0);
        prop_assert_eq!(engine.snapshot().etcd2().index(), tree.index());
    }
}
