//! One key at a time.

use anyhow::{Context as _, ensure};
use futures_util::future::try_join_all;
use quorate::backend::KvBackend;
use quorate::prelude::*;
use quorate::{Consistency, ErrorKind, GetOptions, Key, Outcome};

use super::target::Unified;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_value_comes_back_with_its_history,
        a_put_that_changes_nothing_keeps_the_value,
        values_are_bytes,
        legal_keys_round_trip,
        illegal_keys_are_refused_by_name,
        create_succeeds_once,
        replace_needs_the_current_revision,
        delete_at_needs_the_current_revision,
        deleting_what_is_missing_is_fine,
        a_deleted_key_begins_anew,
        what_one_handle_writes_another_reads,
        reads_at_every_consistency_see_the_write,
        the_largest_value_is_written_and_a_larger_one_refused,
        concurrent_replacements_lose_no_update,
    ]
    .into()
}

async fn a_value_comes_back_with_its_history(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    equal("before", kv.get(&key).await?, None)?;
    let first = kv.put(&key, "1").await?;
    let second = kv.put(&key, "2").await?;
    ensure!(second > first);
    equal(
        "entry",
        kv.get(&key).await?,
        Some(Entry::new(&key, "2", second, first)),
    )
}

async fn a_put_that_changes_nothing_keeps_the_value(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let first = kv.put(&key, "same").await?;
    let second = kv.put(&key, "same").await?;
    ensure!(second >= first);
    equal(
        "entry",
        kv.get(&key).await?,
        Some(Entry::new(&key, "same", second, first)),
    )
}

async fn values_are_bytes(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let all: Vec<u8> = (0..=u8::MAX).collect();
    for (name, value) in [
        ("empty", vec![]),
        ("all", all),
        ("zeros", vec![0; 1000]),
        ("bad utf-8", vec![0xff, 0xfe]),
    ] {
        let key = it.key(name);
        kv.put(&key, value.clone()).await?;
        let entry = kv.get(&key).await?.context("not there")?;
        ensure!(entry.value == value, "{name} came back changed");
    }
    Ok(())
}

async fn legal_keys_round_trip(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let names = [
        "a",
        "with space",
        "a+b",
        "a%2Fb",
        "q?x=1&y",
        "a#b",
        "é/☃/🦀",
        "<&>\"'\\",
        "a:b;c,d",
        "...",
        ".a",
        "~",
    ];
    for name in names {
        kv.put(&it.key(name), name).await?;
    }
    for name in names {
        let entry = kv
            .get(&it.key(name))
            .await?
            .with_context(|| name.to_owned())?;
        equal(
            name,
            (entry.key.clone(), entry.text()),
            (it.key(name), Some(name)),
        )?;
    }
    equal("all", kv.list(it.prefix()).await?.len(), names.len())
}

async fn illegal_keys_are_refused_by_name(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    let long = "k".repeat(quorate::MAX_KEY_BYTES + 1);
    for key in [
        "",
        "/a",
        "a/",
        "a//b",
        ".",
        "a/../b",
        "a/./b",
        "a\nb",
        "a\u{0}",
        "a\u{2028}b",
        &long,
    ] {
        let errors = [
            kv.get(key).await.err(),
            kv.put(key, "v").await.err(),
            kv.create(key, "v").await.err(),
            kv.replace(key, "v", Revision(1)).await.err(),
            kv.delete(key).await.err(),
            it.coordinator.watch(key).err(),
            it.coordinator.lock(key).try_acquire().await.err(),
            it.coordinator.semaphore(key, 2).try_acquire().await.err(),
        ];
        for error in errors {
            let error = error.with_context(|| format!("{key:?} was accepted"))?;
            let shown = (error.kind(), error.outcome());
            equal(
                key,
                shown,
                (ErrorKind::InvalidArgument, Outcome::DidNotHappen),
            )?;
        }
    }
    Ok(())
}

async fn create_succeeds_once(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let first = kv.create(&key, "1").await?;
    let error = kv.create(&key, "2").await.err().context("created twice")?;
    equal(
        "kind",
        (error.kind(), error.outcome()),
        (ErrorKind::AlreadyExists, Outcome::DidNotHappen),
    )?;
    equal(
        "entry",
        kv.get(&key).await?,
        Some(Entry::new(&key, "1", first, first)),
    )
}

async fn replace_needs_the_current_revision(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let missing = kv
        .replace(&key, "v", Revision(5))
        .await
        .err()
        .context("replaced nothing")?;
    equal("missing", missing.kind(), ErrorKind::Conflict)?;
    let first = kv.put(&key, "1").await?;
    let second = kv.replace(&key, "2", first).await?;
    ensure!(second > first);
    for stale in [first, Revision(first.0 - 1), Revision(second.0 + 1000)] {
        let error = kv.replace(&key, "3", stale).await.err().context("stale")?;
        equal(
            "kind",
            (error.kind(), error.outcome()),
            (ErrorKind::Conflict, Outcome::DidNotHappen),
        )?;
    }
    equal(
        "entry",
        kv.get(&key).await?,
        Some(Entry::new(&key, "2", second, first)),
    )
}

async fn delete_at_needs_the_current_revision(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let first = kv.put(&key, "1").await?;
    let second = kv.put(&key, "2").await?;
    let error = kv.delete_at(&key, first).await.err().context("stale")?;
    equal("kind", error.kind(), ErrorKind::Conflict)?;
    kv.delete_at(&key, second).await?;
    equal("gone", kv.get(&key).await?, None)?;
    let error = kv
        .delete_at(&key, second)
        .await
        .err()
        .context("deleted twice")?;
    equal("kind", error.kind(), ErrorKind::Conflict)
}

async fn deleting_what_is_missing_is_fine(it: &Subject<Unified>) -> anyhow::Result<()> {
    let kv = it.coordinator.kv();
    kv.delete(&it.key("none")).await?;
    kv.delete_prefix(&it.key("none")).await?;
    Ok(())
}

async fn a_deleted_key_begins_anew(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let first = kv.put(&key, "1").await?;
    kv.delete(&key).await?;
    equal("gone", kv.get(&key).await?, None)?;
    let again = kv.create(&key, "1").await?;
    ensure!(again > first);
    equal(
        "entry",
        kv.get(&key).await?,
        Some(Entry::new(&key, "1", again, again)),
    )
}

async fn what_one_handle_writes_another_reads(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (mine, other) = (it.coordinator.kv(), it.another().await?);
    for number in 0..10_u8 {
        let key = it.key(&number.to_string());
        let revision = mine.put(&key, vec![number]).await?;
        let entry = other.kv().get(&key).await?;
        equal(
            "entry",
            entry,
            Some(Entry::new(&key, vec![number], revision, revision)),
        )?;
    }
    Ok(())
}

async fn reads_at_every_consistency_see_the_write(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), Key::new(it.key("k"))?);
    let revision = kv.put(key.as_str(), "v").await?;
    // One server: stale reads have nowhere to be stale.
    for consistency in [
        Consistency::Default,
        Consistency::Strong,
        Consistency::Stale,
    ] {
        let options = GetOptions::default().with_consistency(consistency);
        let entry = kv.get_with(&key, &options).await?;
        equal(
            "revision",
            entry.map(|entry| entry.revision),
            Some(revision),
        )?;
    }
    Ok(())
}

async fn the_largest_value_is_written_and_a_larger_one_refused(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (kv, key) = (it.coordinator.kv(), it.key("k"));
    let most = it.coordinator.capabilities().max_value_bytes;
    let revision = kv.put(&key, vec![7; most]).await?;
    let error = kv
        .put(&key, vec![8; most + 1])
        .await
        .err()
        .context("too large")?;
    equal(
        "kind",
        (error.kind(), error.outcome()),
        (ErrorKind::InvalidArgument, Outcome::DidNotHappen),
    )?;
    let entry = kv.get(&key).await?.context("not there")?;
    equal(
        "kept",
        (entry.revision, entry.value.len()),
        (revision, most),
    )
}

async fn concurrent_replacements_lose_no_update(it: &Subject<Unified>) -> anyhow::Result<()> {
    let key = it.key("counter");
    it.coordinator.kv().put(&key, "0").await?;
    let other = it.another().await?;
    let count = async |coordinator: &Coordinator| {
        let kv = coordinator.kv();
        for _ in 0..5 {
            loop {
                let entry = kv.get(&key).await?.context("not there")?;
                let number: u32 = entry.text().unwrap_or_default().parse()?;
                match kv
                    .replace(&key, (number + 1).to_string(), entry.revision)
                    .await
                {
                    Ok(_) => break,
                    Err(error) if error.kind() == ErrorKind::Conflict => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        anyhow::Ok(())
    };
    let handles = [&it.coordinator, &other, &it.coordinator, &other];
    try_join_all(handles.map(count)).await?;
    let entry = it.coordinator.kv().get(&key).await?;
    equal(
        "count",
        entry.and_then(|entry| entry.text().map(str::to_owned)),
        Some("20".to_owned()),
    )
}
