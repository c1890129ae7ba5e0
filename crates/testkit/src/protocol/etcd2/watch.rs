//! Watches: what is delivered, and when.

use futures_util::try_join;

use super::stream::Stream;
use super::target::{DIRECTORY_TTL, Etcd, number};
use super::world::World;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_watch_ends_after_one_event_and_its_head_comes_at_once,
        a_stream_tells_every_event,
        a_watched_key_need_not_exist,
        a_refresh_is_not_delivered,
        a_watch_of_a_directory_does_not_see_its_children,
        a_watch_of_a_directory_sees_its_own_changes needs [DIRECTORY_TTL],
        a_recursive_watch_sees_all_below_but_what_is_hidden,
        a_hidden_key_is_watched_by_its_path,
        a_deleted_directory_is_one_event_for_all_that_was_in_it,
        a_child_that_never_was_hears_nothing_of_its_directory,
        a_watch_without_an_index_or_with_0_waits_for_what_comes,
        a_watch_from_the_past_has_the_first_event_since,
        a_watch_from_the_future_waits_for_its_index,
        a_stream_from_the_future_begins_there,
        every_watcher_is_woken,
    ]
    .into()
}

async fn a_watch_ends_after_one_event_and_its_head_comes_at_once(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT f value=1").await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true").await?;
    equal("status", watch.status(), "HTTP/1.1 200 OK")?;
    equal(
        "framing",
        watch.header("Transfer-Encoding"),
        Some("chunked"),
    )?;
    let index = watch.header("X-Etcd-Index").map(str::to_owned);
    anyhow::ensure!(
        index.is_some_and(|index| index.parse::<u64>().is_ok_and(|it| it >= world.index('A')))
    );
    world.ask("PUT f value=2").await?;
    watch
        .expect(&mut world, &["set /f='2' @B was /f='1' @A", "the end"])
        .await
}

async fn a_stream_tells_every_event(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true&stream=true").await?;
    for line in [
        "PUT f value=1",
        "PUT f?prevExist=true value=2",
        "PUT f?prevValue=2 value=3&ttl=1000",
        "DELETE f?prevValue=3",
        "PUT f?prevExist=false value=4",
    ] {
        world.ask(line).await?;
    }
    let events = [
        "set /f='1' @A",
        "update /f='2' @B/A was /f='1' @A",
        "compareAndSwap /f='3' ttl 1000 @C/A was /f='2' @B/A",
        "compareAndDelete /f @D/A was /f='3' ttl 1000 @C/A",
    ];
    watch.expect(&mut world, &events).await?;
    // Some servers tell of a removal twice: `faults` looks at that.
    let mut next = watch.next(&mut world).await?;
    if next.starts_with("compareAndDelete") {
        next = watch.next(&mut world).await?;
    }
    equal("next", next.as_str(), "create /f='4' @E")
}

async fn a_watched_key_need_not_exist(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(etcd, &world, "a/b/f?wait=true").await?;
    world.ask("PUT a/b/f value=1").await?;
    watch
        .expect(&mut world, &["set /a/b/f='1' @A", "the end"])
        .await
}

async fn a_refresh_is_not_delivered(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT f value=1").await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true&stream=true").await?;
    world
        .play(&[
            (
                "PUT f?prevExist=true refresh=true&ttl=1000",
                "200 update /f='1' ttl 1000 @B/A was /f='1' @A",
            ),
            (
                "PUT f value=2",
                "200 set /f='2' @C was /f='1' ttl 1000 @B/A",
            ),
        ])
        .await?;
    watch
        .expect(&mut world, &["set /f='2' @C was /f='1' ttl 1000 @B/A"])
        .await?;
    // It has its place in the history, and is passed over.
    let from = format!("f?wait=true&waitIndex={}", world.index('B'));
    let mut past = Stream::open(etcd, &world, &from).await?;
    past.expect(
        &mut world,
        &["set /f='2' @C was /f='1' ttl 1000 @B/A", "the end"],
    )
    .await
}

async fn a_watch_of_a_directory_does_not_see_its_children(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d/f value=1").await?;
    let mut watch = Stream::open(etcd, &world, "d?wait=true").await?;
    for line in [
        "PUT d/f value=2",
        "DELETE d/f",
        "PUT d/s dir=true",
        "DELETE d?recursive=true",
    ] {
        world.ask(line).await?;
    }
    let mut past = format!("d?wait=true&waitIndex={}", world.index('B'));
    watch
        .expect(&mut world, &["delete /d/ @E/A was /d/ @A", "the end"])
        .await?;
    past.push_str("&recursive=false");
    let mut past = Stream::open(etcd, &world, &past).await?;
    past.expect(&mut world, &["delete /d/ @E/A was /d/ @A", "the end"])
        .await
}

async fn a_watch_of_a_directory_sees_its_own_changes(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d dir=true").await?;
    let mut watch = Stream::open(etcd, &world, "d?wait=true").await?;
    world.ask("PUT d?prevExist=true ttl=1000").await?;
    watch
        .expect(
            &mut world,
            &["update /d/ ttl 1000 @B/A was /d/ @A", "the end"],
        )
        .await
}

async fn a_recursive_watch_sees_all_below_but_what_is_hidden(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d dir=true").await?;
    let mut watch = Stream::open(etcd, &world, "d?wait=true&stream=true&recursive=true").await?;
    for line in [
        "PUT d/f value=1",
        "PUT d/_h value=2",
        "PUT d/_s/x value=3",
        "PUT d/s/_x/f value=4",
        "PUT d/s/f value=5",
        "POST d/q value=6",
        "DELETE d/s?recursive=true",
        "PUT e value=7",
        "PUT d/f value=8",
    ] {
        world.ask(line).await?;
    }
    let events = [
        "set /d/f='1' @B",
        "set /d/s/f='5' @F",
        "create /d/q/#G='6' @G",
        "delete /d/s/ @H/E was /d/s/ @E",
        "set /d/f='8' @J was /d/f='1' @B",
    ];
    watch.expect(&mut world, &events).await
}

async fn a_hidden_key_is_watched_by_its_path(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut file = Stream::open(etcd, &world, "d/_h?wait=true").await?;
    let mut tree = Stream::open(etcd, &world, "d/_s?wait=true&recursive=true").await?;
    world.ask("PUT d/_h value=1").await?;
    world.ask("PUT d/_s/x value=2").await?;
    file.expect(&mut world, &["set /d/_h='1' @A", "the end"])
        .await?;
    tree.expect(&mut world, &["set /d/_s/x='2' @B", "the end"])
        .await
}

async fn a_deleted_directory_is_one_event_for_all_that_was_in_it(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d/f value=1").await?;
    world.ask("PUT d/s/t/f value=1").await?;
    let mut watches = Vec::new();
    for target in [
        "d?wait=true",
        "d/f?wait=true",
        "d/s?wait=true",
        "d/s?wait=true&recursive=true",
        "d/s/t/f?wait=true",
        "?wait=true&recursive=true",
    ] {
        watches.push(Stream::open(etcd, &world, target).await?);
    }
    world.ask("DELETE d?recursive=true").await?;
    for mut watch in watches {
        let events = ["delete /d/ @C/A was /d/ @A", "the end"];
        watch.expect(&mut world, &events).await?;
    }
    Ok(())
}

async fn a_child_that_never_was_hears_nothing_of_its_directory(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d/f value=1").await?;
    let mut watch = Stream::open(etcd, &world, "d/never?wait=true").await?;
    world.ask("DELETE d?recursive=true").await?;
    world.ask("PUT d/never value=1").await?;
    watch
        .expect(&mut world, &["set /d/never='1' @C", "the end"])
        .await
}

async fn a_watch_without_an_index_or_with_0_waits_for_what_comes(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT f value=1").await?;
    let mut none = Stream::open(etcd, &world, "f?wait=true").await?;
    let mut zero = Stream::open(etcd, &world, "f?wait=true&waitIndex=0").await?;
    world.ask("PUT f value=2").await?;
    for watch in [&mut none, &mut zero] {
        let events = ["set /f='2' @B was /f='1' @A", "the end"];
        watch.expect(&mut world, &events).await?;
    }
    Ok(())
}

async fn a_watch_from_the_past_has_the_first_event_since(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    for value in 1..=3 {
        world.ask(&format!("PUT f value={value}")).await?;
    }
    for (index, event) in [
        ('A', "set /f='1' @A"),
        ('B', "set /f='2' @B was /f='1' @A"),
        ('C', "set /f='3' @C was /f='2' @B"),
    ] {
        let target = format!("f?wait=true&waitIndex={}", world.index(index));
        let mut watch = Stream::open(etcd, &world, &target).await?;
        watch.expect(&mut world, &[event, "the end"]).await?;
    }
    let target = format!("?wait=true&recursive=true&waitIndex={}", world.index('B'));
    let mut watch = Stream::open(etcd, &world, &target).await?;
    let events = ["set /f='2' @B was /f='1' @A", "the end"];
    watch.expect(&mut world, &events).await
}

/// The index of the store now, and one far enough ahead that others do not reach it before this case.
async fn ahead(world: &World<'_>, by: u64) -> anyhow::Result<u64> {
    let answer = world.send("GET ").await?;
    Ok(number(&answer, "X-Etcd-Index")? + by)
}

/// Writes a key until its index is `index` or more: the event that is the first such one.
async fn write_until(world: &mut World<'_>, index: u64) -> anyhow::Result<String> {
    for round in 0..200 {
        let answer = world
            .send(&format!("PUT f noValueOnSuccess=false&value={round}"))
            .await?;
        let event = answer.json()?;
        if event["node"]["modifiedIndex"].as_u64() >= Some(index) {
            return Ok(world.tell_event(&answer.text()));
        }
    }
    anyhow::bail!("no index {index}")
}

async fn a_watch_from_the_future_waits_for_its_index(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let index = ahead(&world, 20).await?;
    let target = format!("f?wait=true&waitIndex={index}");
    let mut watch = Stream::open(etcd, &world, &target).await?;
    let event = write_until(&mut world, index).await?;
    watch.expect(&mut world, &[&event, "the end"]).await
}

async fn a_stream_from_the_future_begins_there(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let index = ahead(&world, 20).await?;
    let target = format!("f?wait=true&stream=true&waitIndex={index}");
    let mut watch = Stream::open(etcd, &world, &target).await?;
    let first = write_until(&mut world, index).await?;
    watch.expect(&mut world, &[&first]).await?;
    let answer = world.send("PUT f value=again").await?;
    let second = world.tell_event(&answer.text());
    watch.expect(&mut world, &[&second]).await
}

async fn every_watcher_is_woken(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let open = || Stream::open(etcd, &world, "d/f?wait=true");
    let (mut a, mut b, mut c) = try_join!(open(), open(), open())?;
    let mut tree = Stream::open(etcd, &world, "?wait=true&recursive=true").await?;
    world.ask("PUT d/f value=1").await?;
    for watch in [&mut a, &mut b, &mut c, &mut tree] {
        watch
            .expect(&mut world, &["set /d/f='1' @A", "the end"])
            .await?;
    }
    Ok(())
}
