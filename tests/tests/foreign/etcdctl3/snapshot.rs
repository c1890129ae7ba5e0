//! `etcdctl snapshot`, and a real etcd that goes on from there.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{Client, KeyRange, PutOptions, Timeouts, Txn, TxnOp};
use quorate_testkit::cases;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use quorate_testkit::trial::{Case, Subject};

use crate::command::{Command, SOON};
use crate::etcd3::{Etcd3, field};
use crate::server::MASTER;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        a_real_etcd_goes_on_from_a_snapshot,
        users_are_in_the_snapshot_too,
        the_status_of_a_snapshot_is_printed_in_each_way,
        a_snapshot_of_nothing_and_one_of_much,
    ]
    .into()
}

/// A client of what was restored, with time for a slow machine.
fn client(server: &EtcdServer) -> anyhow::Result<Client> {
    let patience = Timeouts::default()
        .with_attempt(SOON / 2)
        .with_overall(Some(SOON));
    let builder = Client::builder().address(&server.url());
    Ok(builder.timeouts(patience).build()?)
}

/// Saves a snapshot and has etcdctl check it: its status as JSON.
async fn save(etcd: &Etcd3, path: &Path, more: &[&str]) -> anyhow::Result<serde_json::Value> {
    let text = &*path.to_string_lossy();
    let said = etcd
        .run(&[&["snapshot", "save", text], more].concat())
        .await?;
    ensure!(said == format!("Snapshot saved at {text}\n"), "{said}");
    ensure!(!path.with_extension("db.part").exists());
    etcd.json(&["snapshot", "status", text]).await
}

async fn the_status_of_a_snapshot_is_printed_in_each_way(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let (own, folder) = (etcd.alone().await?, tempfile::tempdir()?);
    let path = folder.path().join("s.db");
    for number in 0..10 {
        own.client.kv().put(format!("{number}"), "v").await?;
    }
    own.client.kv().delete("3").await?;
    let json = save(&own, &path, &[]).await?;
    let size = std::fs::metadata(&path)?.len();
    // What etcd keeps of itself counts too.
    let keys = json["totalKey"].as_u64();
    // The file has a checksum behind the database.
    ensure!(size % 512 == 32, "{size}");
    ensure!(
        json["revision"] == 12 && keys >= Some(11) && json["totalSize"] == size - 32,
        "{json} {size}"
    );
    let text = &*path.to_string_lossy();
    let fields = own
        .run(&["snapshot", "status", text, "-w", "fields"])
        .await?;
    ensure!(
        field(&fields, "Revision")? == "12" && field(&fields, "Keys")?.parse().ok() == keys,
        "{fields}"
    );
    let line = own.run(&["snapshot", "status", text]).await?;
    ensure!(line.contains(", 12, "), "{line}");
    let table = own
        .run(&["snapshot", "status", text, "-w", "table"])
        .await?;
    ensure!(table.contains("|       12 |"), "{table}");
    // Whoever changed a byte is found out.
    let mut bytes = std::fs::read(&path)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes)?;
    let restore = folder.path().join("restored");
    let restore = [
        "snapshot",
        "restore",
        text,
        "--data-dir",
        &restore.to_string_lossy(),
    ];
    let said = own.refused(&restore).await?;
    ensure!(said.starts_with("expected sha256 "), "{said}");
    Ok(())
}

async fn a_real_etcd_goes_on_from_a_snapshot(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (own, folder) = (etcd.alone().await?, tempfile::tempdir()?);
    let (kv, path) = (own.client.kv(), folder.path().join("s.db"));
    let lease = own
        .client
        .leases()
        .grant(Duration::from_secs(1000))
        .await?
        .id;
    for number in 0..50 {
        kv.put(format!("k{number:02}"), format!("{number}")).await?;
    }
    kv.compact(20, true).await?;
    let options = PutOptions::new().with_lease(lease);
    kv.put_with("leased", "1", &options).await?;
    kv.put("k10", b"\x00\xff".to_vec()).await?;
    kv.delete("k11").await?;
    kv.put("k11", "again").await?;
    kv.delete("k12").await?;
    save(&own, &path, &[]).await?;

    let server = EtcdServer::restored(EtcdVersion::V3_5, &path).await?;
    let restored = client(&server)?;
    let all = KeyRange::all;
    let (before, after) = (
        kv.range(&all(), &<_>::default()).await?,
        restored.kv().range(&all(), &<_>::default()).await?,
    );
    ensure!(
        before.kvs == after.kvs && before.kvs.len() == 50,
        "{before:?} {after:?}"
    );
    ensure!(before.header.revision == after.header.revision);
    // The past is there, as far as it was not compacted.
    for (revision, value) in [
        (21, Some("10")),
        (53, Some("11")),
        (54, None),
        (55, Some("again")),
    ] {
        let key = if revision == 21 { "k10" } else { "k11" };
        let arguments = [
            "get",
            key,
            "--print-value-only",
            &format!("--rev={revision}"),
        ];
        let done = Command::etcdctl3(server.addr(), &arguments)?;
        let done = done.run().await?;
        let expected = value.map(|value| format!("{value}\n")).unwrap_or_default();
        ensure!(done.stdout == expected, "{key} at {revision}: {done:?}");
    }
    let info = restored
        .leases()
        .keys_of(lease)
        .await?
        .context("no lease")?;
    ensure!(
        info.granted.as_secs() == 1000 && info.keys == ["leased"],
        "{info:?}"
    );
    restored.leases().revoke(lease).await?;
    ensure!(restored.kv().get("leased").await?.is_none());
    let next = restored.kv().put("k12", "new").await?.header.revision;
    ensure!(next == before.header.revision + 2);
    Ok(())
}

async fn users_are_in_the_snapshot_too(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (own, folder) = (etcd.alone().await?, tempfile::tempdir()?);
    let own = own.guarded().await?;
    let path = folder.path().join("s.db");
    let root = &format!("--user=root:{MASTER}");
    for arguments in [
        &["user", "add", "u:pw"][..],
        &["role", "add", "r"],
        &["role", "grant-permission", "r", "read", "seen"],
        &["user", "grant-role", "u", "r"],
        &["put", "seen", "1"],
    ] {
        own.run(&[arguments, &[root]].concat()).await?;
    }
    save(&own, &path, &[root]).await?;
    let server = EtcdServer::restored(EtcdVersion::V3_5, &path).await?;
    for (allowed, arguments) in [
        (true, ["get", "seen", "--user=u:pw"]),
        (false, ["get", "shut", "--user=u:pw"]),
        (false, ["get", "seen", "--user=u:no"]),
        (true, ["get", "shut", root]),
        (false, ["get", "seen", "--consistency=l"]),
    ] {
        let done = Command::etcdctl3(server.addr(), &arguments)?;
        let done = done.run().await?;
        ensure!((done.code == 0) == allowed, "{arguments:?}: {done:?}");
    }
    Ok(())
}

async fn a_snapshot_of_nothing_and_one_of_much(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (own, folder) = (etcd.alone().await?, tempfile::tempdir()?);
    let path = folder.path().join("s.db");
    let json = save(&own, &path, &[]).await?;
    ensure!(json["revision"] == 0, "{json}");
    EtcdServer::restored(EtcdVersion::V3_5, &path).await?;
    // Values that fill pages of their own, and keys that fill many pages.
    own.client.kv().put("large", vec![7_u8; 1_000_000]).await?;
    for part in 0..30 {
        let mut txn = Txn::new();
        for number in 0..100 {
            let key = format!("key/{part:02}/{number:02}/{}", "x".repeat(100));
            txn = txn.then(TxnOp::put(key, "v"));
        }
        own.client.kv().txn(&txn).await?;
    }
    let json = save(&own, &path, &[]).await?;
    ensure!(
        json["totalKey"].as_u64() >= Some(3001) && json["revision"] == 32,
        "{json}"
    );
    let server = EtcdServer::restored(EtcdVersion::V3_5, &path).await?;
    let restored = client(&server)?;
    let all = KeyRange::all();
    ensure!(restored.kv().count(&all).await? == 3001);
    let large = restored.kv().get("large").await?.context("no key")?;
    ensure!(large.value.len() == 1_000_000);
    Ok(())
}
