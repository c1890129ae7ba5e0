//! Snapshots: everything saved, and restored as it was.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::prelude::*;
use quorate::{ErrorKind, Outcome, SnapshotInfo};

use super::target::{CONSUL, Unified};
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

const SOON: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        what_was_saved_is_restored needs [CONSUL],
        a_snapshot_is_saved_into_anything_and_restored_from_it needs [CONSUL],
        a_snapshot_that_is_not_whole_changes_nothing needs [CONSUL],
        a_file_that_is_no_snapshot_is_refused needs [CONSUL],
    ]
    .into()
}

/// A restored server may have to find its leader again.
async fn value(it: &Unified, key: &str) -> anyhow::Result<Option<String>> {
    let read = || async { it.coordinator.kv().get(key).await };
    let entry = eventually_ok(SOON, "the server answers", read).await?;
    Ok(entry.and_then(|entry| entry.text().map(str::to_owned)))
}

async fn what_was_saved_is_restored(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (alone, folder) = (it.alone().await?, tempfile::tempdir()?);
    let (kv, snapshots) = (alone.coordinator.kv(), alone.coordinator.snapshot());
    let path = folder.path().join("backup.snap");
    let revision = kv.put("a", "1").await?;
    let mut said = 0;
    let saved = snapshots.save_to_with(&path, |bytes| said = bytes).await?;
    let length = std::fs::metadata(&path)?.len();
    equal(
        "the bytes that were told",
        (said, saved.bytes),
        (length, length),
    )?;
    ensure!(
        saved.index >= revision.0 && !saved.id.is_empty(),
        "{saved:?}"
    );
    let found = SnapshotInfo::read(&path).await?;
    let shown = |info: &SnapshotInfo| (info.id.clone(), info.index, info.state_bytes);
    equal("what it holds", shown(&found), shown(&saved))?;
    // The state of a real server is its own; ours is known.
    if let Some(tables) = &found.tables {
        let keys = tables.iter().find(|table| table.name == "keys");
        equal("keys", keys.context("no keys")?.rows, 1)?;
    }
    kv.put("a", "2").await?;
    kv.put("b", "3").await?;
    let restored = snapshots.restore_from(&path).await?;
    equal("what was restored", shown(&restored), shown(&saved))?;
    equal("a", value(&alone, "a").await?.as_deref(), Some("1"))?;
    equal("b", value(&alone, "b").await?, None)?;
    alone.end().await;
    Ok(())
}

async fn a_snapshot_is_saved_into_anything_and_restored_from_it(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let alone = it.alone().await?;
    let (kv, snapshots) = (alone.coordinator.kv(), alone.coordinator.snapshot());
    kv.put("a", vec![7; 300_000]).await?;
    let mut bytes = Vec::new();
    let saved = snapshots.save_into(&mut bytes).await?;
    equal("length", saved.bytes, u64::try_from(bytes.len())?)?;
    let found = SnapshotInfo::read_from(&bytes[..]).await?;
    equal("id", &found.id, &saved.id)?;
    kv.delete("a").await?;
    // Its length is not known before.
    snapshots.restore(std::io::Cursor::new(bytes)).await?;
    let read = || async { alone.coordinator.kv().get("a").await };
    let entry = eventually_ok(SOON, "the server answers", read).await?;
    equal(
        "length",
        entry.context("not restored")?.value.len(),
        300_000,
    )?;
    alone.end().await;
    Ok(())
}

async fn a_snapshot_that_is_not_whole_changes_nothing(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (alone, folder) = (it.alone().await?, tempfile::tempdir()?);
    let (kv, snapshots) = (alone.coordinator.kv(), alone.coordinator.snapshot());
    let path = folder.path().join("backup.snap");
    kv.put("a", "1").await?;
    snapshots.save_to(&path).await?;
    kv.put("a", "2").await?;
    let mut bytes = std::fs::read(&path)?;
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, &bytes)?;
    let errors = [
        snapshots.restore_from(&path).await.err(),
        snapshots.restore(std::io::Cursor::new(bytes)).await.err(),
        SnapshotInfo::read(&path).await.err(),
    ];
    for error in errors {
        let error = error.context("restored")?;
        let shown = (error.kind(), error.outcome());
        let expected = (ErrorKind::InvalidArgument, Outcome::DidNotHappen);
        equal("error", shown, expected)?;
    }
    equal("a", value(&alone, "a").await?.as_deref(), Some("2"))?;
    alone.end().await;
    Ok(())
}

async fn a_file_that_is_no_snapshot_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let (path, missing) = (folder.path().join("notes"), folder.path().join("none"));
    std::fs::write(&path, "no snapshot")?;
    let snapshots = it.coordinator.snapshot();
    for (path, kind) in [
        (&path, ErrorKind::InvalidArgument),
        (&missing, ErrorKind::NotFound),
    ] {
        let error = snapshots.restore_from(path).await.err();
        equal("restored", error.context("restored")?.kind(), kind)?;
        let error = SnapshotInfo::read(path).await.err();
        equal("read", error.context("read")?.kind(), kind)?;
    }
    let nowhere = folder.path().join("none").join("backup.snap");
    let error = snapshots.save_to(&nowhere).await.err();
    let kind = error.context("saved")?.kind();
    equal("saved", kind, ErrorKind::InvalidArgument)
}
