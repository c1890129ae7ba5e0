//! The traps of etcd's watches and paths, and that our agent has them only when it is strict.

use super::stream::Stream;
use super::target::{ALONE, Etcd, FAULTS, MENDED, REAL};
use super::world::World;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        a_stream_from_the_past_tells_one_event_and_no_more needs [FAULTS],
        a_stream_from_the_past_goes_on needs [MENDED],
        a_stream_of_what_is_removed_tells_it_twice needs [FAULTS],
        a_stream_of_what_is_removed_tells_it_once needs [MENDED],
        the_history_shows_what_is_hidden needs [FAULTS],
        the_history_hides_what_is_hidden needs [MENDED],
        the_history_takes_the_beginning_of_a_name_for_it needs [FAULTS],
        the_history_knows_whole_names needs [MENDED],
        an_odd_path_is_served_as_the_clean_one needs [MENDED],
        a_slow_stream_falls_silent_and_stays_open needs [REAL, ALONE],
        a_slow_stream_is_told_every_event needs [MENDED, ALONE],
    ]
    .into()
}

/// A stream that begins at the first of three writes.
async fn from_the_past(etcd: &Etcd, world: &mut World<'_>) -> anyhow::Result<Stream> {
    for value in 1..=3 {
        world.ask(&format!("PUT f value={value}")).await?;
    }
    let target = format!("f?wait=true&stream=true&waitIndex={}", world.index('A'));
    let mut stream = Stream::open(etcd, world, &target).await?;
    stream.expect(world, &["set /f='1' @A"]).await?;
    Ok(stream)
}

async fn a_stream_from_the_past_tells_one_event_and_no_more(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut stream = from_the_past(etcd, &mut world).await?;
    world.ask("PUT f value=4").await?;
    stream.silence().await
}

async fn a_stream_from_the_past_goes_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut stream = from_the_past(etcd, &mut world).await?;
    world.ask("PUT f value=4").await?;
    let events = [
        "set /f='2' @B was /f='1' @A",
        "set /f='3' @C was /f='2' @B",
        "set /f='4' @D was /f='3' @C",
    ];
    stream.expect(&mut world, &events).await
}

/// What streams of a file, a directory and all above are told when both are removed, and then made
/// again.
async fn removals(etcd: &Etcd, world: &mut World<'_>, times: usize) -> anyhow::Result<()> {
    world.ask("PUT f value=1").await?;
    world.ask("PUT d/g value=1").await?;
    let mut file = Stream::open(etcd, world, "f?wait=true&stream=true").await?;
    let mut directory = Stream::open(etcd, world, "d?wait=true&stream=true&recursive=true").await?;
    let mut child = Stream::open(etcd, world, "d/g?wait=true&stream=true").await?;
    let mut above = Stream::open(etcd, world, "?wait=true&stream=true&recursive=true").await?;
    for line in [
        "DELETE f",
        "DELETE d?recursive=true",
        "PUT f value=2",
        "PUT d/g value=2",
    ] {
        world.ask(line).await?;
    }
    let (gone, emptied) = ("delete /f @C/A was /f='1' @A", "delete /d/ @D/B was /d/ @B");
    let (again, filled) = ("set /f='2' @E", "set /d/g='2' @F");
    for _ in 0..times {
        file.expect(world, &[gone]).await?;
        directory.expect(world, &[emptied]).await?;
    }
    file.expect(world, &[again]).await?;
    directory.expect(world, &[filled]).await?;
    child.expect(world, &[emptied, filled]).await?;
    above.expect(world, &[gone, emptied, again, filled]).await
}

async fn a_stream_of_what_is_removed_tells_it_twice(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    removals(etcd, &mut World::new(etcd).await?, 2).await
}

async fn a_stream_of_what_is_removed_tells_it_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    removals(etcd, &mut World::new(etcd).await?, 1).await
}

/// The first event below a directory since something hidden and then something else was written.
async fn since_hidden(etcd: &Subject<Etcd>) -> anyhow::Result<String> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d/_h value=1").await?;
    world.ask("PUT d/f value=2").await?;
    let target = format!("d?wait=true&recursive=true&waitIndex={}", world.index('A'));
    let mut watch = Stream::open(etcd, &world, &target).await?;
    watch.next(&mut world).await
}

async fn the_history_shows_what_is_hidden(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal(
        "event",
        since_hidden(etcd).await?.as_str(),
        "set /d/_h='1' @A",
    )
}

async fn the_history_hides_what_is_hidden(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal(
        "event",
        since_hidden(etcd).await?.as_str(),
        "set /d/f='2' @B",
    )
}

/// The first event of `/foobar` since `/foo/` was deleted.
async fn since_another(etcd: &Subject<Etcd>) -> anyhow::Result<String> {
    let mut world = World::new(etcd).await?;
    for line in [
        "PUT foo/x value=1",
        "DELETE foo?recursive=true",
        "PUT foobar value=1",
    ] {
        world.ask(line).await?;
    }
    let target = format!("foobar?wait=true&waitIndex={}", world.index('A'));
    let mut watch = Stream::open(etcd, &world, &target).await?;
    watch.next(&mut world).await
}

async fn the_history_takes_the_beginning_of_a_name_for_it(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    equal(
        "event",
        since_another(etcd).await?.as_str(),
        "delete /foo/ @B/A was /foo/ @A",
    )
}

async fn the_history_knows_whole_names(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal(
        "event",
        since_another(etcd).await?.as_str(),
        "set /foobar='1' @C",
    )
}

async fn an_odd_path_is_served_as_the_clean_one(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world
        .play(&[
            ("PUT a//b value=1", "201 set /a/b='1' @A"),
            ("GET a/./b", "200 get /a/b='1' @A"),
            ("GET a/x/../b", "200 get /a/b='1' @A"),
            ("GET a%2F%2Fb", "200 get /a/b='1' @A"),
            ("POST a//q value=2", "201 create /a/q/#B='2' @B"),
            ("DELETE a//b", "200 delete /a/b @C/A was /a/b='1' @A"),
        ])
        .await
}

/// How many writes a stream that nobody reads is behind, and how long their values are: more than
/// etcd keeps for it; on etcd, with what was there before, more than the buffers of two sockets too.
const WRITES: usize = 150;
const MANY: usize = 300;
const VALUE: usize = 32 * 1024;

/// Opens a stream and writes a lot before reading it.
async fn unread(etcd: &Etcd, world: &mut World<'_>, writes: usize) -> anyhow::Result<Stream> {
    let stream = Stream::open(etcd, world, "f?wait=true&stream=true").await?;
    let value = "v".repeat(VALUE);
    for round in 0..writes {
        let line = format!("PUT f?noValueOnSuccess=true value={round}-{value}");
        let told = world.ask(&line).await?;
        anyhow::ensure!(told.ends_with(" set"), "{told}");
    }
    Ok(stream)
}

async fn a_slow_stream_falls_silent_and_stays_open(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "slow").await?;
    let mut stream = unread(&etcd, &mut world, MANY).await?;
    while stream.came().await?.is_some() {}
    world.ask("PUT f value=last").await?;
    while let Some(line) = stream.came().await? {
        anyhow::ensure!(!line.contains("\"value\":\"last\""), "it goes on: {line}");
        anyhow::ensure!(!line.is_empty(), "it ended");
    }
    Ok(())
}

async fn a_slow_stream_is_told_every_event(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let mut world = World::within(&etcd, "slow").await?;
    let mut stream = unread(&etcd, &mut world, WRITES).await?;
    for round in 0..WRITES {
        let line = stream.line().await?.unwrap_or_default();
        let (start, value) = (format!("\"value\":\"{round}-"), format!("event {round}"));
        anyhow::ensure!(line.contains(&start), "not {value}");
    }
    Ok(())
}
