//! Everything beneath a prefix.

use anyhow::{Context as _, ensure};
use quorate::ErrorKind;
use quorate::prelude::*;

use super::target::Unified;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_prefix_is_a_directory_with_or_without_its_slash,
        listings_are_ordered_by_bytes,
        children_are_one_level_deep,
        a_listing_of_nothing_is_empty,
        a_listing_shows_what_a_get_shows,
        deleting_a_prefix_leaves_its_neighbours,
        a_listing_is_a_snapshot,
        illegal_prefixes_are_refused,
    ]
    .into()
}

async fn fill(it: &Subject<Unified>, names: &[&'static str]) -> anyhow::Result<()> {
    for name in names {
        it.coordinator.kv().put(&it.key(name), *name).await?;
    }
    Ok(())
}

fn short(it: &Subject<Unified>, keys: Vec<String>) -> Vec<String> {
    let short = |key: String| key.strip_prefix(it.prefix()).unwrap_or(&key).to_owned();
    keys.into_iter().map(short).collect()
}

async fn a_prefix_is_a_directory_with_or_without_its_slash(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    fill(it, &["jobs", "jobs/a", "jobs/b/c", "jobs2"]).await?;
    let kv = it.coordinator.kv();
    for prefix in ["jobs", "jobs/"] {
        let keys = kv.keys(&it.key(prefix)).await?;
        equal(prefix, short(it, keys), ["jobs/a", "jobs/b/c"])?;
        let listed = kv.list(&it.key(prefix)).await?;
        let keys = listed.into_iter().map(|entry| entry.key).collect();
        equal(prefix, short(it, keys), ["jobs/a", "jobs/b/c"])?;
    }
    Ok(())
}

async fn listings_are_ordered_by_bytes(it: &Subject<Unified>) -> anyhow::Result<()> {
    fill(it, &["z", "é", "A", "a0", "a/b", "a", "a!", "🦀", "Z"]).await?;
    let expected = ["A", "Z", "a", "a!", "a/b", "a0", "z", "é", "🦀"];
    equal(
        "keys",
        short(it, it.coordinator.kv().keys(it.prefix()).await?),
        expected,
    )?;
    let listed = it.coordinator.kv().list(it.prefix()).await?;
    let keys = listed.into_iter().map(|entry| entry.key).collect();
    equal("list", short(it, keys), expected)
}

async fn children_are_one_level_deep(it: &Subject<Unified>) -> anyhow::Result<()> {
    fill(it, &["d/a", "d/b", "d/b/1", "d/b/2/3", "d/c/x", "d2"]).await?;
    let kv = it.coordinator.kv();
    let children = short(it, kv.children(&it.key("d")).await?);
    equal("d", children, ["d/a", "d/b", "d/b/", "d/c/"])?;
    let children = short(it, kv.children(it.prefix()).await?);
    equal("all", children, ["d/", "d2"])
}

async fn a_listing_of_nothing_is_empty(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, none) = (it.coordinator.kv(), it.key("none"));
    equal("list", kv.list(&none).await?, [])?;
    equal("keys", kv.keys(&none).await?.len(), 0)?;
    equal("children", kv.children(&none).await?.len(), 0)
}

async fn a_listing_shows_what_a_get_shows(it: &Subject<Unified>) -> anyhow::Result<()> {
    fill(it, &["a", "b/c"]).await?;
    let kv = it.coordinator.kv();
    kv.put(&it.key("a"), "changed").await?;
    for entry in kv.list(it.prefix()).await? {
        let same = kv.get(&entry.key).await?;
        equal("entry", Some(entry), same)?;
    }
    Ok(())
}

async fn deleting_a_prefix_leaves_its_neighbours(it: &Subject<Unified>) -> anyhow::Result<()> {
    fill(it, &["d", "d/a", "d/b/c", "d2", "e"]).await?;
    let kv = it.coordinator.kv();
    kv.delete_prefix(&it.key("d")).await?;
    equal(
        "left",
        short(it, kv.keys(it.prefix()).await?),
        ["d", "d2", "e"],
    )
}

async fn a_listing_is_a_snapshot(it: &Subject<Unified>) -> anyhow::Result<()> {
    // Two keys are always written together: no listing may show one without the other.
    let kv = it.coordinator.kv();
    let keys = ["a", "z"].map(|name| it.key(name));
    let write = async {
        for number in 0..30 {
            let value = number.to_string();
            let both = quorate::Transaction::new();
            let both = both.put(&keys[0], value.clone())?.put(&keys[1], value)?;
            kv.transact(both).await?;
        }
        anyhow::Ok(())
    };
    let other = it.another().await?;
    let read = async {
        for _ in 0..30 {
            let listed = other.kv().list(it.prefix()).await?;
            let mut values: Vec<_> = listed.iter().map(|entry| &entry.value).collect();
            ensure!(matches!(values.len(), 0 | 2), "{listed:?}");
            values.dedup();
            ensure!(values.len() < 2, "{listed:?}");
        }
        anyhow::Ok(())
    };
    tokio::try_join!(write, read)?;
    Ok(())
}

async fn illegal_prefixes_are_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    for prefix in ["/a", "a//", "a//b", "./a", "a/..", "a\nb"] {
        let errors = [
            kv.list(prefix).await.err(),
            kv.keys(prefix).await.err(),
            kv.children(prefix).await.err(),
            kv.delete_prefix(prefix).await.err(),
            it.coordinator.watch_prefix(prefix).err(),
        ];
        for error in errors {
            let error = error.with_context(|| format!("{prefix:?} was accepted"))?;
            equal(prefix, error.kind(), ErrorKind::InvalidArgument)?;
        }
    }
    Ok(())
}
