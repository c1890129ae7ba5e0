//! What deletions do to the indexes of prefixes.

use anyhow::ensure;

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c04_a_deletion_moves_the_index_of_its_prefix_alone needs [ALONE],
        c05_a_deleted_tree_has_one_index_everywhere needs [ALONE],
        a_deletion_is_seen_by_every_prefix_above_it needs [ALONE],
        a_tree_is_deleted_by_bytes,
        deleting_the_root_leaves_nothing needs [ALONE],
    ]
    .into()
}

/// A store of its own with these keys: there, nobody else moves the index of the whole table.
async fn filled(consul: &Subject<Consul>, keys: &[&str]) -> anyhow::Result<Consul> {
    let store = consul.alone().await?;
    for key in keys {
        store.put(key, "", "v").await?;
    }
    Ok(store)
}

async fn c04_a_deletion_moves_the_index_of_its_prefix_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let store = filled(consul, &["p/1", "p/2", "q/1"]).await?;
    let (first, others) = (
        store.entry("p/1").await?,
        store.index("q/", "recurse").await?,
    );
    ensure!(store.delete("p/2", "").await?);
    let deleted = store.index("p/", "recurse").await?;
    ensure!(deleted > others, "{deleted} is not after {others}");
    equal("the whole table", store.index("", "keys").await?, deleted)?;
    equal(
        "the key that is gone",
        store.index("p/2", "").await?,
        deleted,
    )?;
    equal("its neighbour", store.entry("p/1").await?, first.clone())?;
    equal(
        "its neighbour's index",
        store.index("p/1", "").await?,
        first.modify_index,
    )?;
    equal(
        "another prefix",
        store.index("q/", "recurse").await?,
        others,
    )
}

async fn c05_a_deleted_tree_has_one_index_everywhere(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let store = filled(consul, &["p/1", "p/2", "q/1"]).await?;
    let before = store.index("", "keys").await?;
    ensure!(store.delete("p/", "recurse").await?);
    let deleted = store.index("", "keys").await?;
    ensure!(deleted > before);
    for (key, parameters) in [
        ("p/", "recurse"),
        ("p", ""),
        ("p", "recurse"),
        ("p/1", ""),
        ("p/", "keys"),
    ] {
        equal(key, store.index(key, parameters).await?, deleted)?;
    }
    // Later writes elsewhere move what falls back to the table, and not what has the tombstone.
    store.put("q/2", "", "v").await?;
    let table = store.index("", "keys").await?;
    equal(
        "the tombstone",
        store.index("p/", "recurse").await?,
        deleted,
    )?;
    equal("above it", store.index("p", "recurse").await?, deleted)?;
    equal("a key beneath", store.index("p/1", "").await?, table)?;
    equal(
        "a prefix beneath",
        store.index("p/1", "recurse").await?,
        table,
    )
}

async fn a_deletion_is_seen_by_every_prefix_above_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let store = filled(consul, &["a/b/c/d", "a/b/x"]).await?;
    ensure!(store.delete("a/b/c/d", "").await?);
    let deleted = store.index("", "keys").await?;
    store.put("other", "", "v").await?;
    for prefix in ["a/b/c/d", "a/b/c/", "a/b/c", "a/b/", "a/", "a"] {
        equal(prefix, store.index(prefix, "recurse").await?, deleted)?;
    }
    let newer = store.entry("other").await?.modify_index;
    equal(
        "a neighbour's prefix",
        store.index("a/b/y", "recurse").await?,
        newer,
    )
}

async fn a_tree_is_deleted_by_bytes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for name in ["t", "t/1", "t/2", "t2", "u"] {
        consul.put(&consul.key(name), "", "v").await?;
    }
    let names = || async { consul.client.kv().keys(consul.prefix(), None).await };
    ensure!(consul.delete(&consul.key("t/"), "recurse").await?);
    let left = ["t", "t2", "u"].map(|name| consul.key(name));
    equal("after t/", names().await?, left)?;
    ensure!(consul.delete(&consul.key("t"), "recurse").await?);
    equal("after t", names().await?, [consul.key("u")])
}

async fn deleting_the_root_leaves_nothing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let store = filled(consul, &["a", "b/c"]).await?;
    let before = store.index("", "keys").await?;
    equal(
        "wiped",
        store.ask("DELETE", "/v1/kv/?recurse", "").await?,
        "true",
    )?;
    equal("keys", store.ask("GET", "/v1/kv/?keys", "").await?, "[]")?;
    let table = store.index("", "keys").await?;
    ensure!(table > before, "{table} is not after {before}");
    equal("no tombstone", store.index("a", "recurse").await?, table)?;
    store.put("z", "", "v").await?;
    let newer = store.entry("z").await?.modify_index;
    equal("still none", store.index("a", "recurse").await?, newer)
}
