//! Ranges that are sent in parts, as etcd does since 3.7.

use anyhow::ensure;
use quorate_etcd::v3::{KeyRange, RangeOptions};
use quorate_etcd_proto::etcdserverpb as pb;

use super::line::World;
use super::target::{ALONE, Etcd, STREAMS};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_parts_of_a_range_are_its_answer needs [STREAMS],
        a_large_range_comes_in_several_parts needs [STREAMS],
        only_plain_ranges_are_sent_in_parts needs [STREAMS],
        a_range_in_parts_needs_its_permission needs [ALONE, STREAMS],
        the_typed_client_reads_a_large_range_of_one_revision,
    ]
    .into()
}

async fn the_parts_of_a_range_are_its_answer(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    // Revisions by their letters: others write too, so `last` is another one each time.
    for (tens, letter) in ["A", "B", "C"].into_iter().enumerate() {
        let puts = (0..10).map(|ones| format!("put k/{tens}{ones} {ones}"));
        let line = format!("txn ? {}", puts.collect::<Vec<_>>().join(" ; "));
        let told = world.ask(&line).await?;
        ensure!(told.starts_with(&format!("yes @{letter} ")), "{told}");
    }
    let lines = [("put k/07 again", "put @D"), ("del k/08", "deleted 1 @E")];
    world.play(&lines).await?;
    let ranges = [
        "k/*",
        "k/* limit=1",
        "k/* limit=10",
        "k/* limit=15",
        "k/* limit=29",
        "k/* limit=40",
        "k/* limit=-1",
        "k/* rev=D",
        "k/* rev=B limit=3",
        "k/* keys",
        "k/* count",
        "k/* count limit=3",
        "k/* up=key",
        "k/* old",
        "k/05",
        "k/08",
        "k/05..k/12",
        "k/9..k/1",
    ];
    for range in ranges {
        let whole = world.ask(&format!("get {range}")).await?;
        let parts = world.ask(&format!("stream {range}")).await?;
        equal(range, parts, whole)?;
    }
    Ok(())
}

async fn a_large_range_comes_in_several_parts(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let (kv, range) = (etcd.client.kv(), KeyRange::prefix(etcd.prefix()));
    for number in 0..50 {
        let key = etcd.key(&format!("{number:02}"));
        kv.put(key, vec![b'v'; 60_000]).await?;
    }
    let request = pb::RangeRequest {
        key: range.start().clone(),
        range_end: range.range_end().clone(),
        ..pb::RangeRequest::default()
    };
    let mut stub = etcd.channel().await?.kv();
    let mut parts = stub.range_stream(request).await?.into_inner();
    let (mut count, mut found) = (0, Vec::new());
    let last = loop {
        let part = parts.message().await?;
        let part = part
            .and_then(|part| part.range_response)
            .unwrap_or_default();
        count += 1;
        found.extend(part.kvs.iter().map(|kv| kv.key.clone()));
        if part.header.is_some() {
            break part;
        }
        ensure!(part.count == 0 && !part.more, "it is not the last part");
    };
    ensure!(count > 1, "it is one part");
    ensure!(parts.message().await?.is_none(), "something comes after it");
    equal("keys", found.len(), 50)?;
    ensure!(found.is_sorted());
    equal("count", (last.count, last.more), (50, false))
}

async fn only_plain_ranges_are_sent_in_parts(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let sorted = "Unimplemented: RangeStream does not support custom sort orders";
    let filtered = "Unimplemented: RangeStream does not support revision filters";
    let unknown = "InvalidArgument: etcdserver: invalid sort option";
    world
        .play(&[
            ("put a 1", "put @A"),
            ("stream a down=key", sorted),
            ("stream a up=value", sorted),
            ("stream a mod=1..", filtered),
            ("stream a made=..A", filtered),
            ("stream a by=9", unknown),
            (
                "stream ''",
                "InvalidArgument: etcdserver: key is not provided",
            ),
            (
                "stream a rev=9000000000",
                "OutOfRange: etcdserver: mvcc: required revision is a future revision",
            ),
        ])
        .await
}

async fn a_range_in_parts_needs_its_permission(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    for line in [
        "put a 1",
        "put b 1",
        "user add root r",
        "role add root",
        "user grant root root",
        "user add u p",
        "role add r",
        "role grant r read a",
        "user grant u r",
        "auth enable",
        "as u p",
    ] {
        let told = world.ask(line).await?;
        ensure!(!told.contains(": "), "{line}: {told}");
    }
    let denied = "PermissionDenied: etcdserver: permission denied";
    world
        .play(&[
            ("stream a", "[a='1' @2] @3"),
            ("stream b", denied),
            ("stream a..c", denied),
        ])
        .await
}

async fn the_typed_client_reads_a_large_range_of_one_revision(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let kv = etcd.client.kv();
    let name = |number| etcd.key(&format!("{number:03}"));
    for number in 0..120 {
        kv.put(name(number), "1").await?;
    }
    let range = KeyRange::prefix(etcd.prefix());
    let mut pages = kv.pages(range, RangeOptions::new().with_limit(7));
    let mut found = Vec::new();
    while let Some(page) = pages.next().await? {
        ensure!((1..=7).contains(&page.len()), "{} keys", page.len());
        ensure!(page.iter().all(|it| it.value == "1"), "a page of later");
        found.extend(page.iter().map(|it| it.key_text().into_owned()));
        let last = found.len();
        kv.put(name(last), "2").await?;
    }
    let all: Vec<_> = (0..120).map(name).collect();
    equal("keys", found, all)
}
