//! Values as trees of keys.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use quorate::prelude::*;
use quorate::tree::{ListNames, Scalars, Tree, TreeOptions};
use quorate::{ErrorKind, Outcome, TreeError};
use serde_json::{Value, json};

use super::target::{TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        the_dictionary_of_the_tutorial_is_written_read_and_erased,
        values_of_every_shape_come_back,
        a_set_merges_and_a_replacement_removes,
        empty_is_not_absent,
        parts_of_a_value_have_paths_of_their_own,
        in_order_keys_are_read_as_a_list,
        what_can_not_be_read_names_the_path,
        locks_in_a_tree_survive_a_replacement,
        everybody_who_appends_gets_a_place,
        appended_structs_are_whole,
        updates_lose_nothing,
        a_watch_of_a_tree_tells_values,
        too_much_for_one_step_is_said_or_refused,
        replacements_at_the_same_time_never_mix needs [TRANSACTIONS],
        updates_of_structs_lose_nothing needs [TRANSACTIONS],
    ]
    .into()
}

fn with_types(it: &Subject<Unified>) -> Tree {
    let options = TreeOptions::default().with_scalars(Scalars::Json);
    it.coordinator.tree().with_options(options)
}

async fn the_dictionary_of_the_tutorial_is_written_read_and_erased(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), format!("/{}", it.key("collection")));
    let dictionary = json!({"subcollection": ["item1", "item2"]});
    tree.set(&path, &dictionary).await?;
    let key = it.key("collection/subcollection/1");
    let item = it.coordinator.kv().get(&key).await?.context("no item")?;
    equal("item", item.text(), Some("item1"))?;
    equal("read", tree.get::<Value>(&path).await?, dictionary)?;
    ensure!(tree.contains(&path).await?);
    tree.remove(&path).await?;
    ensure!(!tree.contains(&path).await?);
    let kind = tree.get::<Value>(&path).await.map_err(|error| error.kind());
    equal("erased", kind, Err(ErrorKind::NotFound))?;
    equal("found", tree.find::<Value>(&path).await?, None)
}

/// Values of every shape: each seed another one, always the same.
struct Shapes(u64);

impl Shapes {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "", "a", "/", "%", "%2F", ".", "..", ".tree", ".lock", "_", "1", "2", "0", " ", "\n",
            "\0", "ä", "漢", "🦀", "\"", "\\", "null", "true", "?x=1&y#z", "+", "{}", "[]",
        ];
        let count = self.below(3) + 1;
        let mut text = String::new();
        for _ in 0..count {
            let at = usize::try_from(self.below(PIECES.len() as u64)).unwrap_or(0);
            text.push_str(PIECES[at]);
        }
        text
    }

    fn value(&mut self, depth: u64) -> Value {
        match self.below(if depth == 0 { 6 } else { 10 }) {
            0 => Value::Null,
            1 => Value::from(self.below(2) == 0),
            2 => Value::from(i64::MIN + 1 + i64::from(self.below(9) > 4)),
            3 => Value::from(u64::MAX - self.below(5)),
            4 => Value::from(0.1 * f64::from(u32::try_from(self.below(1000)).unwrap_or(0))),
            5 => Value::from(self.text()),
            6 | 7 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let count = self.below(4);
                let field = |_| (self.text(), self.value(depth - 1));
                (0..count).map(field).collect::<Value>()
            }
        }
    }
}

async fn values_of_every_shape_come_back(it: &Subject<Unified>) -> anyhow::Result<()> {
    let padded = with_types(it).with_options(
        TreeOptions::default()
            .with_scalars(Scalars::Json)
            .with_list_names(ListNames::Padded),
    );
    let path = it.key("value");
    for seed in 1..=40_u64 {
        let value = Shapes(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)).value(4);
        let tree = if seed % 2 == 0 {
            with_types(it)
        } else {
            padded.clone()
        };
        tree.replace(&path, &value).await?;
        let back = tree.get::<Value>(&path).await;
        let back = back.with_context(|| format!("seed {seed}: {value}"))?;
        equal(&format!("seed {seed}"), back, value)?;
    }
    Ok(())
}

async fn a_set_merges_and_a_replacement_removes(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("settings"));
    tree.set(
        &path,
        &json!({"db": {"host": "a", "port": "1"}, "on": "yes"}),
    )
    .await?;
    let written = tree
        .set(&path, &json!({"db": {"port": "2"}, "on": "yes"}))
        .await?;
    equal(
        "written",
        (written.puts, written.deletes, written.atomic),
        (1, 0, true),
    )?;
    let merged = json!({"db": {"host": "a", "port": "2"}, "on": "yes"});
    equal("merged", tree.get::<Value>(&path).await?, merged)?;
    tree.set(&path, &json!({"db": "none"})).await?;
    let merged = json!({"db": "none", "on": "yes"});
    equal("a leaf for a map", tree.get::<Value>(&path).await?, merged)?;
    tree.set(&path, &json!({"db": {"host": "b"}})).await?;
    let merged = json!({"db": {"host": "b"}, "on": "yes"});
    equal("a map for a leaf", tree.get::<Value>(&path).await?, merged)?;
    tree.set(&path, &json!({"on": {"weekdays": "yes"}})).await?;
    let merged = json!({"db": {"host": "b"}, "on": {"weekdays": "yes"}});
    equal(
        "a map for a plain leaf",
        tree.get::<Value>(&path).await?,
        merged,
    )?;
    tree.replace(&path, &json!({"db": ["x"]})).await?;
    equal(
        "replaced",
        tree.get::<Value>(&path).await?,
        json!({"db": ["x"]}),
    )
}

async fn empty_is_not_absent(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("empty"));
    equal("before", tree.find::<Value>(&path).await?, None)?;
    for empty in [json!({}), json!([]), json!(null), json!("")] {
        tree.replace(&path, &empty).await?;
        equal("read", tree.find::<Value>(&path).await?, Some(empty))?;
        ensure!(tree.contains(&path).await?);
        equal(
            "children",
            tree.children(&path).await?,
            Vec::<String>::new(),
        )?;
    }
    Ok(())
}

async fn parts_of_a_value_have_paths_of_their_own(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("parts"));
    tree.set(&path, &json!({"a/b": "1", "list": ["x", {"deep": "2"}]}))
        .await?;
    equal(
        "names",
        tree.children(&path).await?,
        vec!["a/b".to_owned(), "list".to_owned()],
    )?;
    let deep: BTreeMap<String, u8> = tree.get(&format!("{path}/list/2")).await?;
    equal("deep", deep.get("deep").copied(), Some(2))?;
    let name = quorate::tree::escape("a/b").into_owned();
    equal(
        "escaped",
        tree.get::<u8>(&format!("{path}/{name}")).await?,
        1,
    )?;
    tree.remove(&format!("{path}/list/2/deep")).await?;
    ensure!(!tree.contains(&format!("{path}/list/2")).await?);
    tree.set(&format!("{path}/list/2"), "y").await?;
    equal(
        "list",
        tree.get::<Vec<String>>(&format!("{path}/list")).await?,
        vec!["x".to_owned(), "y".to_owned()],
    )
}

async fn in_order_keys_are_read_as_a_list(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, kv, path) = (it.coordinator.tree(), it.coordinator.kv(), it.key("queue"));
    for (number, value) in [(31, "second"), (26, "first")] {
        kv.put(&format!("{path}/{number:020}"), value).await?;
    }
    equal(
        "read",
        tree.get::<Value>(&path).await?,
        json!(["first", "second"]),
    )?;
    let item = tree.append(&path, "third").await?;
    equal("item", item, format!("{path}/{:020}", 32))?;
    equal("appended", tree.get::<Vec<String>>(&path).await?.len(), 3)
}

async fn what_can_not_be_read_names_the_path(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("bad"));
    tree.set(&path, &json!({"ports": ["80", "s3cr3t"]})).await?;
    let read = tree.get::<BTreeMap<String, Vec<u16>>>(&path).await;
    let error = read.err().context("it was read")?;
    equal("kind", error.kind(), ErrorKind::Malformed)?;
    let source: &TreeError = error.native().context("no source")?;
    equal("path", source.path(), "ports/2")?;
    ensure!(error.to_string().contains("ports/2"), "{error}");
    ensure!(!error.to_string().contains("s3cr3t"), "{error}");
    let written = tree.append(&format!("{path}/ports/1"), "x").await;
    let error = written.err().context("it was appended to a leaf")?;
    equal("kind", error.kind(), ErrorKind::Malformed)
}

async fn locks_in_a_tree_survive_a_replacement(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("locked"));
    tree.set(&path, &json!({"a": "1"})).await?;
    let guard = it.coordinator.lock(&path).acquire().await?;
    tree.replace(&path, &json!({"b": "2"})).await?;
    equal("value", tree.get::<Value>(&path).await?, json!({"b": "2"}))?;
    ensure!(guard.is_held());
    it.coordinator
        .kv()
        .put_fenced(guard.holding(), &it.key("proof"), "held")
        .await
        .map(drop)
        .or_else(|error| match error.kind() {
            ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })?;
    guard.release().await?;
    Ok(())
}

async fn everybody_who_appends_gets_a_place(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("list"));
    let numbers: Vec<u32> = (0..8).collect();
    let append = |number| tree.append(&path, number);
    let paths = try_join_all(numbers.iter().map(append)).await?;
    equal("paths", paths.into_iter().collect::<BTreeSet<_>>().len(), 8)?;
    let items: BTreeSet<u32> = tree.get::<Vec<u32>>(&path).await?.into_iter().collect();
    equal("items", items, (0..8).collect())
}

async fn appended_structs_are_whole(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("list"));
    tree.set(&path, &json!([])).await?;
    let items: Vec<Value> = (0..6)
        .map(|n| json!({"name": format!("n{n}"), format!("only-{n}"): ["x"]}))
        .collect();
    try_join_all(items.iter().map(|item| tree.append(&path, item))).await?;
    let read: Vec<Value> = tree.get(&path).await?;
    equal("count", read.len(), 6)?;
    for item in &items {
        ensure!(read.contains(item), "{item} is missing in {read:?}");
    }
    Ok(())
}

async fn updates_lose_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("count"));
    let count = |_| async {
        for _ in 0..3 {
            let add = |count: Option<u64>| count.unwrap_or(0) + 1;
            tree.update(&path, add).await?;
        }
        anyhow::Ok(())
    };
    try_join_all((0..4).map(count)).await?;
    equal("count", tree.get::<u64>(&path).await?, 12)
}

async fn a_watch_of_a_tree_tells_values(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("watched"));
    let mut watch = tree.watch::<Vec<u8>>(&path)?;
    equal("first", watch.next().await.context("ended")??, None)?;
    tree.append(&path, &1).await?;
    equal(
        "appended",
        watch.next().await.context("ended")??,
        Some(vec![1]),
    )?;
    it.coordinator
        .kv()
        .put(&it.key("watched2"), "other")
        .await?;
    it.coordinator.kv().put(&format!("{path}/1"), "x").await?;
    let error = watch
        .next()
        .await
        .context("ended")?
        .err()
        .context("it was read")?;
    equal("kind", error.kind(), ErrorKind::Malformed)?;
    tree.set(&format!("{path}/1"), &2).await?;
    equal(
        "repaired",
        watch.next().await.context("ended")??,
        Some(vec![2]),
    )?;
    tree.remove(&path).await?;
    equal("removed", watch.next().await.context("ended")??, None)
}

async fn too_much_for_one_step_is_said_or_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("large"));
    let can = it.coordinator.capabilities();
    let numbers: Vec<usize> = (0..can.max_txn_ops + 2).collect();
    let error = tree.clone().atomic().replace(&path, &numbers).await.err();
    let error = error.context("it was written at once")?;
    let expected = match can.transactions {
        true => ErrorKind::InvalidArgument,
        false => ErrorKind::Unsupported,
    };
    equal("kind", error.kind(), expected)?;
    equal("outcome", error.outcome(), Outcome::DidNotHappen)?;
    ensure!(!tree.contains(&path).await?);
    let written = tree.replace(&path, &numbers).await?;
    equal(
        "at once",
        (written.atomic, written.puts),
        (false, numbers.len()),
    )?;
    equal("read", tree.get::<Vec<usize>>(&path).await?, numbers)?;
    let written = tree.replace(&path, &[0]).await?;
    equal("shrunk", written.deletes, can.max_txn_ops + 1)?;
    equal("read", tree.get::<Vec<usize>>(&path).await?, vec![0])
}

async fn replacements_at_the_same_time_never_mix(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("pair"));
    let pair = |n: u32| json!({"a": n.to_string(), "b": (n % 2).to_string(), "c": "same"});
    tree.replace(&path, &pair(0)).await?;
    let replace = |n: u32| {
        let (tree, path) = (&tree, &path);
        async move { tree.replace(path, &pair(n)).await }
    };
    try_join_all((1..7).map(replace)).await?;
    let read: BTreeMap<String, String> = tree.get(&path).await?;
    let number: u32 = read.get("a").context("no a")?.parse()?;
    equal("b", read.get("b").cloned(), Some((number % 2).to_string()))
}

async fn updates_of_structs_lose_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (tree, path) = (it.coordinator.tree(), it.key("accounts"));
    type Accounts = BTreeMap<String, i64>;
    let start: Accounts = [("a".into(), 100), ("b".into(), 0)].into();
    tree.set(&path, &start).await?;
    let transfer = |amount: i64| {
        let (tree, path) = (&tree, &path);
        async move {
            let change = |accounts: Option<Accounts>| {
                let mut accounts = accounts.unwrap_or_default();
                *accounts.entry("a".into()).or_default() -= amount;
                *accounts.entry("b".into()).or_default() += amount;
                accounts
            };
            tree.update(path, change).await
        }
    };
    try_join_all((1..=6).map(transfer)).await?;
    let end: Accounts = tree.get(&path).await?;
    equal("accounts", end, [("a".into(), 79), ("b".into(), 21)].into())
}
