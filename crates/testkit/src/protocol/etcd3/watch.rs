//! Watches.

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{Change, EventKind, KeyRange, WatchOptions};
use tokio::time::timeout;

use super::line::World;
use super::stream::Stream;
use super::target::{ALONE, Etcd, PATIENCE, SINCE_3_5, UP_TO_3_5, V3_4, V3_7};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_watch_tells_what_happens_from_now_on,
        a_watch_tells_again_what_happened_since,
        a_watch_begins_where_it_is_told_also_later,
        many_watches_share_a_stream_and_have_their_numbers,
        a_number_that_is_taken_is_refused,
        a_range_without_keys_is_not_watched,
        a_watch_tells_what_was_before,
        a_filter_leaves_out_puts_or_deletions,
        a_canceled_watch_tells_nothing_more,
        a_transaction_is_told_as_a_whole,
        what_is_compacted_is_not_told needs [ALONE],
        a_negative_start_is_compacted_where_anything_is needs [ALONE, UP_TO_3_5],
        a_negative_start_is_refused needs [V3_7],
        progress_is_told_of_all_watches,
        no_progress_is_told_without_a_watch needs [SINCE_3_5],
        progress_is_told_without_a_watch_too needs [V3_4],
        a_large_revision_is_told_in_fragments_that_say_so,
        without_fragments_a_revision_is_told_at_once,
        an_expired_lease_deletes_its_keys_in_one_revision,
        the_typed_client_follows_lists_and_resumes,
        the_typed_client_lists_again_what_was_compacted needs [ALONE],
    ]
    .into()
}

async fn a_watch_tells_what_happens_from_now_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[("put a 0", "put @A")]).await?;
    let mut watch = Stream::open(&world, "a*").await?;
    watch.expect(&mut world, &["created 0"]).await?;
    world
        .play(&[
            ("put a 1", "put @B"),
            ("put ab 1", "put @C"),
            ("put b 1", "put @D"),
            ("del nothing", "deleted 0"),
            ("del a", "deleted 1 @E"),
            ("put a 2", "put @F"),
        ])
        .await?;
    let told = [
        "put a='1' @B/A v2",
        "put ab='1' @C",
        "delete a @E",
        "put a='2' @F",
    ];
    watch.expect(&mut world, &told).await?;
    watch.silence(&mut world).await
}

async fn a_watch_tells_again_what_happened_since(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("put a 2", "put @B"),
            ("del a", "deleted 1 @C"),
            ("put b 1", "put @D"),
        ])
        .await?;
    let mut watch = Stream::open(&world, "* from=B").await?;
    let told = [
        "created 0",
        "put a='2' @B/A v2",
        "delete a @C",
        "put b='1' @D",
    ];
    watch.expect(&mut world, &told).await?;
    world.play(&[("put b 2", "put @E")]).await?;
    watch.expect(&mut world, &["put b='2' @E/D v2"]).await?;
    watch.silence(&mut world).await
}

async fn a_watch_begins_where_it_is_told_also_later(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[("put a 1", "put @A")]).await?;
    // So far that no other trial gets there.
    let mut watch = Stream::open(&world, "a from=A+1000000000").await?;
    watch.expect(&mut world, &["created 0"]).await?;
    watch.create(&world, "a from=A+1")?;
    watch.expect(&mut world, &["created 1"]).await?;
    world.play(&[("put a 2", "put @B")]).await?;
    watch.expect(&mut world, &["put a='2' @B/A v2"]).await?;
    watch.silence(&mut world).await
}

async fn many_watches_share_a_stream_and_have_their_numbers(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "a").await?;
    for (line, told) in [
        ("a", "created 1"),
        ("a id=7", "created 7"),
        ("b", "created 2"),
        ("b id=3", "created 3"),
        ("b", "created 4"),
        ("b id=-5", "created -5"),
    ] {
        watch.create(&world, line)?;
        if told == "created 1" {
            watch.expect(&mut world, &["created 0"]).await?;
        }
        watch.expect(&mut world, &[told]).await?;
    }
    world.play(&[("put a 1", "put @A")]).await?;
    let mut ids = Vec::new();
    while ids.len() < 3 {
        let message = watch.message().await?;
        equal("events", message.events.len(), 1)?;
        ids.push(message.watch_id);
    }
    ids.sort_unstable();
    equal("who is told", ids, [0, 1, 7])?;
    watch.silence(&mut world).await
}

async fn a_number_that_is_taken_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "a id=7").await?;
    watch.expect(&mut world, &["created 7"]).await?;
    watch.create(&world, "b id=7")?;
    let refused = "canceled -1: mvcc: duplicate watch ID provided on the WatchStream";
    watch.expect(&mut world, &["created -1", refused]).await?;
    world
        .play(&[("put b 1", "put @A"), ("put a 1", "put @B")])
        .await?;
    watch.expect(&mut world, &["put a='1' @B"]).await
}

async fn a_range_without_keys_is_not_watched(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "b..a").await?;
    let refused = ["created -1", "canceled -1: mvcc: watcher range is empty"];
    watch.expect(&mut world, &refused).await?;
    watch.create(&world, "a..a")?;
    watch.expect(&mut world, &refused).await?;
    watch.create(&world, "a")?;
    watch.expect(&mut world, &["created 0"]).await
}

async fn a_watch_tells_what_was_before(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "* prev").await?;
    watch.expect(&mut world, &["created 0"]).await?;
    world
        .play(&[
            ("put a 1", "put @A"),
            ("put a 2", "put @B"),
            ("del a", "deleted 1 @C"),
            ("put a 3", "put @D"),
        ])
        .await?;
    let told = [
        "put a='1' @A",
        "put a='2' @B/A v2 was a='1' @A",
        "delete a @C was a='2' @B/A v2",
        "put a='3' @D",
    ];
    watch.expect(&mut world, &told).await?;
    for begun in 1.. {
        let mut past = Stream::open(&world, "a prev from=B").await?;
        past.expect(&mut world, &["created 0"]).await?;
        let outcome = past.expect(&mut world, &told[1..]).await;
        if outcome.is_ok() || begun >= etcd.beginnings() {
            return outcome;
        }
    }
    Ok(())
}

async fn a_filter_leaves_out_puts_or_deletions(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut puts = Stream::open(&world, "a nodelete").await?;
    let mut deletions = Stream::open(&world, "a noput").await?;
    let mut nothing = Stream::open(&world, "a noput nodelete").await?;
    for watch in [&mut puts, &mut deletions, &mut nothing] {
        watch.expect(&mut world, &["created 0"]).await?;
    }
    let lines = [
        ("put a 1", "put @A"),
        ("del a", "deleted 1 @B"),
        ("put a 2", "put @C"),
    ];
    world.play(&lines).await?;
    puts.expect(&mut world, &["put a='1' @A", "put a='2' @C"])
        .await?;
    deletions.expect(&mut world, &["delete a @B"]).await?;
    nothing.silence(&mut world).await
}

async fn a_canceled_watch_tells_nothing_more(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "a").await?;
    watch.create(&world, "b")?;
    watch
        .expect(&mut world, &["created 0", "created 1"])
        .await?;
    // Of a watch that there is not, nothing is said.
    watch.cancel(99)?;
    watch.cancel(0)?;
    watch.expect(&mut world, &["canceled 0"]).await?;
    world
        .play(&[("put a 1", "put @A"), ("put b 1", "put @B")])
        .await?;
    watch.expect(&mut world, &["put b='1' @B"]).await?;
    watch.silence(&mut world).await
}

async fn a_transaction_is_told_as_a_whole(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.play(&[("put d 1", "put @A")]).await?;
    let mut watch = Stream::open(&world, "*").await?;
    watch.expect(&mut world, &["created 0"]).await?;
    let line = "txn ? put c 1 ; put a 1 ; del d ; ( ? put b 1 )";
    let told = "yes @B { put @B ; put @B ; deleted 1 @B ; yes { put @B } }";
    world.play(&[(line, told)]).await?;
    let message = watch.message().await?;
    let keys: Vec<_> = message
        .events
        .iter()
        .filter_map(|event| event.kv.as_ref())
        .collect();
    // In the order of the operations, all in one message.
    let names: Vec<_> = keys
        .iter()
        .map(|kv| world.names.tell_key(&kv.key))
        .collect();
    equal("keys", names, ["c", "a", "d", "b"])?;
    ensure!(
        keys.iter()
            .all(|kv| kv.mod_revision == keys[0].mod_revision)
    );
    let at = message.header.map(|header| header.revision);
    ensure!(at >= Some(keys[0].mod_revision), "{at:?}");
    Ok(())
}

async fn what_is_compacted_is_not_told(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    world
        .play(&[
            ("put a 1", "put @2"),
            ("put a 2", "put @3"),
            ("put a 3", "put @4"),
            ("compact 3", "compacted @4"),
        ])
        .await?;
    let mut watch = Stream::open(&world, "a from=2").await?;
    let created = watch.message().await?;
    ensure!(created.created && !created.canceled, "{created:?}");
    let canceled = watch.message().await?;
    ensure!(canceled.canceled && !canceled.created, "{canceled:?}");
    equal("compacted", canceled.compact_revision, 3)?;
    equal(
        "header",
        canceled.header.map(|header| header.revision),
        Some(0),
    )?;
    // The stream goes on, and the revision that was compacted can be watched.
    watch.create(&world, "a from=3")?;
    let told = ["created 1", "put a='2' @3/2 v2", "put a='3' @4/2 v3"];
    watch.expect(&mut world, &told).await
}

async fn a_negative_start_is_compacted_where_anything_is(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = etcd.exact().await?;
    let lines = [
        ("put a 1", "put @2"),
        ("put a 2", "put @3"),
        ("compact 3", "compacted @3"),
    ];
    world.play(&lines).await?;
    let mut watch = Stream::open(&world, "a from=-1").await?;
    watch
        .expect(&mut world, &["created 0", "canceled 0, compacted 3"])
        .await
}

async fn a_negative_start_is_refused(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "a from=-1").await?;
    let refused = "canceled -1: etcdserver: mvcc: required revision has been compacted";
    watch.expect(&mut world, &["created -1", refused]).await
}

async fn progress_is_told_of_all_watches(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(&world, "a").await?;
    watch.create(&world, "b")?;
    watch
        .expect(&mut world, &["created 0", "created 1"])
        .await?;
    world.play(&[("put c 1", "put @A")]).await?;
    let written = world.names.revision("A")?;
    // It is told when all watches are as far, which a busy server may not be at once.
    loop {
        watch.progress()?;
        match timeout(PATIENCE / 40, watch.message()).await {
            Ok(message) => {
                let message = message?;
                equal("watch", message.watch_id, -1)?;
                ensure!(message.events.is_empty());
                if message
                    .header
                    .is_some_and(|header| header.revision >= written)
                {
                    return Ok(());
                }
            }
            Err(_) => continue,
        }
    }
}

/// A stream whose only watch has ended, and which is asked for its progress.
async fn progress_of_nothing(world: &mut World) -> anyhow::Result<Stream> {
    let mut watch = Stream::open(world, "a").await?;
    watch.expect(world, &["created 0"]).await?;
    watch.cancel(0)?;
    watch.expect(world, &["canceled 0"]).await?;
    watch.progress()?;
    Ok(watch)
}

async fn no_progress_is_told_without_a_watch(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = progress_of_nothing(&mut world).await?;
    watch.silence(&mut world).await
}

async fn progress_is_told_without_a_watch_too(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = progress_of_nothing(&mut world).await?;
    watch.expect(&mut world, &["progress -1"]).await
}

/// Writes 24 values of 100 KB and deletes them in one revision.
async fn large(world: &mut World) -> anyhow::Result<()> {
    for half in 0..2 {
        let puts = (0..12).map(|number| format!("put {half}{number:02} @100000"));
        let line = format!("txn ? {}", puts.collect::<Vec<_>>().join(" ; "));
        let told = world.ask(&line).await?;
        ensure!(told.starts_with("yes @"), "{told}");
    }
    world.play(&[("del *", "deleted 24 @C")]).await
}

/// A watch of that.
async fn of_large(world: &World, options: &str) -> anyhow::Result<Stream> {
    let mut watch = Stream::open(world, &format!("* from=C prev{options}")).await?;
    ensure!(watch.message().await?.created);
    Ok(watch)
}

async fn a_large_revision_is_told_in_fragments_that_say_so(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    large(&mut world).await?;
    let mut parts = Vec::new();
    for begun in 1.. {
        let mut watch = of_large(&world, " fragment").await?;
        parts.clear();
        let (mut told, mut whole) = (0, true);
        while told < 24 {
            let message = watch.message().await?;
            told += message.events.len();
            whole &= message.events.iter().all(|event| event.prev_kv.is_some());
            parts.push(message.fragment);
        }
        if whole {
            break;
        }
        ensure!(begun < etcd.beginnings(), "what was before is missing");
    }
    equal("the last one", parts.pop(), Some(false))?;
    ensure!(
        !parts.is_empty() && parts.iter().all(|part| *part),
        "{parts:?}"
    );
    Ok(())
}

async fn without_fragments_a_revision_is_told_at_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    large(&mut world).await?;
    let mut watch = of_large(&world, "").await?;
    let message = watch.message().await?;
    equal(
        "events",
        (message.events.len(), message.fragment),
        (24, false),
    )
}

async fn an_expired_lease_deletes_its_keys_in_one_revision(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("grant 7 12", "lease 7 ttl 12"),
            (
                "txn ? put c 1 lease=7 ; put a 1 lease=7 ; put b 1 lease=7",
                "yes @A { put @A ; put @A ; put @A }",
            ),
        ])
        .await?;
    let mut watch = Stream::open(&world, "* from=A+1").await?;
    watch
        .expect(
            &mut world,
            &["created 0", "delete a @B", "delete b @B", "delete c @B"],
        )
        .await?;
    world.play(&[("ttl 7", "gone of 0"), ("get *", "[]")]).await
}

async fn the_typed_client_follows_lists_and_resumes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let kv = etcd.client.kv();
    kv.put(etcd.key("a"), "1").await?;
    let range = KeyRange::prefix(etcd.prefix());
    let options = WatchOptions::new().with_list().with_previous();
    let mut watch = kv.watch_with(range.clone(), options);
    let Change::Listed { kvs, revision, .. } = watch.next().await? else {
        anyhow::bail!("it is not listed first");
    };
    equal("listed", kvs.len(), 1)?;
    kv.put(etcd.key("a"), "2").await?;
    kv.delete(etcd.key("a")).await?;
    let kinds = [EventKind::Changed, EventKind::Deleted];
    equal("kinds", told(&mut watch, 2).await?, kinds)?;
    // Another one begins where the first was after its list.
    let mut later = kv.watch_with(range, WatchOptions::new().from(revision + 1));
    equal("kinds", told(&mut later, 2).await?, kinds)
}

/// The kinds of the next events.
async fn told(watch: &mut quorate_etcd::v3::Watch, count: usize) -> anyhow::Result<Vec<EventKind>> {
    let mut kinds = Vec::new();
    while kinds.len() < count {
        let change = timeout(PATIENCE, watch.next())
            .await
            .context("nothing is told")??;
        if let Change::Events { events, .. } = change {
            kinds.extend(events.iter().map(|event| event.kind));
        }
    }
    Ok(kinds)
}

async fn the_typed_client_lists_again_what_was_compacted(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let kv = etcd.client.kv();
    for value in ["1", "2", "3"] {
        kv.put("a", value).await?;
    }
    kv.compact(4, false).await?;
    let mut watch = kv.watch_with(KeyRange::key("a"), WatchOptions::new().from(2));
    loop {
        let change = timeout(PATIENCE, watch.next())
            .await
            .context("nothing is told")??;
        if let Change::Listed { kvs, compacted, .. } = change {
            equal("listed", (kvs.len(), compacted), (1, Some(4)))?;
            break;
        }
    }
    kv.put("a", "4").await?;
    equal("then", told(&mut watch, 1).await?, [EventKind::Changed])
}
