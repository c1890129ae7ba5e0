//! Snapshots.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::{ErrorKind, QueryOptions, Upload};
use tokio::time::{Instant, sleep, timeout};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c36_a_restored_snapshot_wakes_blocked_reads_and_indexes_may_go_back needs [ALONE],
        a_snapshot_is_an_archive_of_three_files,
        what_is_no_snapshot_is_refused_and_changes_nothing needs [ALONE],
        questions_about_snapshots_are_checked,
        the_client_saves_into_a_file_and_restores_it needs [ALONE],
        the_client_streams_a_snapshot_and_tells_how_far_it_is,
        the_client_finds_out_what_is_no_snapshot needs [ALONE],
    ]
    .into()
}

async fn archive(consul: &Consul) -> anyhow::Result<Vec<u8>> {
    let answer = consul.send("GET", "/v1/snapshot", "").await?;
    equal("status", answer.status, 200)?;
    equal(
        "type",
        answer.header("Content-Type"),
        Some("application/x-gzip"),
    )?;
    ensure!(index_of(&answer)? > 1);
    Ok(answer.body)
}

async fn c36_a_restored_snapshot_wakes_blocked_reads_and_indexes_may_go_back(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    consul.put("kept", "", "old").await?;
    let archive = archive(&consul).await?;
    for round in 0..20 {
        consul.put("kept", "", format!("{round}")).await?;
    }
    consul.put("added", "", "new").await?;
    let before = consul.index("kept", "").await?;
    let wait = Duration::from_secs(60);
    let options = QueryOptions::new().with_blocking(before, wait);
    let kv = consul.client.kv();
    let blocked = kv.get_with("kept", &options);
    let restore = async {
        sleep(PARKED).await;
        let answer = consul.send("PUT", "/v1/snapshot", &archive).await?;
        equal(
            "restored",
            (answer.status, answer.text().as_str()),
            (200, ""),
        )
    };
    let begin = Instant::now();
    let (answer, restored) = tokio::join!(blocked, restore);
    restored?;
    ensure!(
        begin.elapsed() < wait / 2,
        "it was not woken: {:?}",
        begin.elapsed()
    );
    // The real server answers what it had read before; whoever reads now sees the old state.
    answer?;
    let answer = kv.get_with("kept", &QueryOptions::new()).await?;
    let value = answer.value.context("it is there")?.value;
    equal("value", value.as_ref(), b"old".as_slice())?;
    ensure!(
        answer.meta.index < Some(before),
        "{:?} {before}",
        answer.meta.index
    );
    equal("added", kv.get("added").await?, None)?;
    // Whatever indexes readers see, those of writes still grow.
    consul.put("later", "", "x").await?;
    ensure!(consul.entry("later").await?.modify_index > before);
    Ok(())
}

async fn a_snapshot_is_an_archive_of_three_files(consul: &Subject<Consul>) -> anyhow::Result<()> {
    use quorate_consul::wire::snapshot::SnapshotReader;
    let archive = archive(consul).await?;
    let mut reader = SnapshotReader::new(());
    for piece in archive.chunks(1000) {
        reader.push(piece)?;
    }
    let (meta, ()) = reader.finish()?;
    ensure!(
        meta.index > 1 && meta.size > 16 && meta.term > 0,
        "{meta:?}"
    );
    ensure!(
        meta.id
            .starts_with(&format!("{}-{}-", meta.term, meta.index)),
        "{}",
        meta.id
    );
    let servers = meta.configuration.servers.context("servers")?;
    ensure!(!servers.is_empty());
    Ok(())
}

async fn what_is_no_snapshot_is_refused_and_changes_nothing(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    consul.put("k", "", "v").await?;
    let archive = archive(&consul).await?;
    let mut altered = archive.clone();
    let at = altered.len() - 6;
    altered[at] ^= 1;
    for (body, text) in [
        (&b""[..], "failed to decompress snapshot: EOF"),
        (b"hello", "failed to decompress snapshot: unexpected EOF"),
        (
            b"hello hello hello",
            "failed to decompress snapshot: gzip: invalid header",
        ),
        (&altered, "gzip: invalid checksum"),
    ] {
        consul
            .expect("PUT", "/v1/snapshot", body, (500, text))
            .await?;
    }
    let cut = &archive[..archive.len() / 2];
    let answer = consul.send("PUT", "/v1/snapshot", cut).await?;
    equal("cut", answer.status, 500)?;
    equal(
        "kept",
        consul.entry("k").await?.value.as_ref(),
        b"v".as_slice(),
    )
}

async fn questions_about_snapshots_are_checked(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (method, query, text) in [
        ("GET", "dc=none", "No path to datacenter"),
        ("PUT", "dc=none", "No path to datacenter"),
        ("PUT", "stale", "stale not allowed for restore"),
    ] {
        let target = format!("/v1/snapshot?{query}");
        consul.expect(method, &target, "", (500, text)).await?;
    }
    let answer = consul.send("GET", "/v1/snapshot?stale", "").await?;
    equal("stale", answer.status, 200)
}

async fn the_client_saves_into_a_file_and_restores_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let kv = consul.client.kv();
    for at in 0..200 {
        kv.put(&format!("many/{at}"), vec![b'x'; 2000]).await?;
    }
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("backup.snap");
    let saved = consul.client.snapshot().save_to(&path).await?;
    equal("length", saved.bytes, std::fs::metadata(&path)?.len())?;
    ensure!(saved.meta.index > 200, "{:?}", saved.meta);
    equal(
        "nothing else",
        std::fs::read_dir(directory.path())?.count(),
        1,
    )?;
    kv.delete_tree("").await?;
    consul.client.snapshot().restore_from(&path).await?;
    equal("keys", kv.keys("many/", None).await?.len(), 200)
}

async fn the_client_streams_a_snapshot_and_tells_how_far_it_is(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let mut stream = consul.client.snapshot().save().await?;
    let mut bytes = 0;
    while let Some(piece) = stream.next().await? {
        bytes += u64::try_from(piece.len())?;
        equal("progress", stream.bytes(), bytes)?;
    }
    let meta = stream.snapshot_meta().context("verified")?;
    equal("index", Some(meta.index), stream.meta().index)
}

async fn the_client_finds_out_what_is_no_snapshot(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let snapshots = consul.client.snapshot();
    let body: &[u8] = b"hello hello hello";
    let upload = Upload::from_reader(body).with_length(17);
    let restored = timeout(Duration::from_secs(30), snapshots.restore(upload)).await?;
    equal(
        "sent",
        restored.err().map(|it| it.kind()),
        Some(ErrorKind::InvalidArgument),
    )?;
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("broken");
    std::fs::write(&path, body)?;
    let restored = snapshots.restore_from(&path).await;
    equal(
        "file",
        restored.err().map(|it| it.kind()),
        Some(ErrorKind::InvalidArgument),
    )
}
