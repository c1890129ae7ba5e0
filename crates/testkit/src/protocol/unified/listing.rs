//! Everything beneath a prefix.

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{ErrorKind, Outcome};

use super::target::{NESTED, TRANSACTIONS, Unified};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_prefix_is_a_directory_with_or_without_its_slash needs [NESTED],
        listings_are_ordered_by_bytes,
        children_are_one_level_deep needs [NESTED],
        a_listing_of_nothing_is_empty,
        a_listing_shows_what_a_get_shows,
        a_key_beneath_a_key_is_there_or_refused,
        deleting_a_prefix_leaves_its_neighbours needs [NESTED],
        a_listing_is_a_snapshot needs [TRANSACTIONS],
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

async fn a_key_beneath_a_key_is_there_or_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    // The other way round it works everywhere: what was a directory may have a value too.
    fill(it, &["a/b", "a", "c"]).await?;
    let beneath = kv.put(&it.key("c/d"), "beneath").await;
    let also = kv.create(&it.key("a"), "again").await.err();
    let also = also.context("created twice")?.kind();
    equal("created", also, ErrorKind::AlreadyExists)?;
    let mut keys = vec!["a", "a/b", "c"];
    if it.coordinator.capabilities().keys_beneath_keys {
        beneath?;
        keys.push("c/d");
    } else {
        let error = beneath.err().context("a key beneath a key")?;
        let shown = (error.kind(), error.outcome());
        equal("error", shown, (ErrorKind::Conflict, Outcome::DidNotHappen))?;
    }
    equal("keys", short(it, kv.keys(it.prefix()).await?), keys)?;
    let entry = kv.get(&it.key("a")).await?.context("not there")?;
    let revision = kv.replace(&it.key("a"), "new", entry.revision).await?;
    kv.delete_prefix(&it.key("a")).await?;
    let entry = kv
        .get(&it.key("a"))
        .await?
        .context("it went with the rest")?;
    equal(
        "entry",
        (entry.text(), entry.revision),
        (Some("new"), revision),
    )?;
    kv.delete_at(&it.key("a"), revision).await?;
    equal("gone", kv.get(&it.key("a")).await?, None)
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
