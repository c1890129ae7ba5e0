//! What ends by itself.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{ErrorKind, SetOptions};
use serde_json::Value;

use super::stream::Stream;
use super::target::{ALONE, DIRECTORY_TTL, Etcd, REFUSES_DIRECTORY_TTL, number};
use super::world::World;
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        what_expires_is_one_event_and_gone,
        a_ttl_of_0_ends_at_once,
        what_is_due_together_ends_in_the_order_of_its_time needs [ALONE],
        a_directory_takes_all_below_along_whatever_their_ttl,
        a_write_without_a_ttl_lives_on,
        a_refresh_puts_the_end_off,
        an_expiration_is_the_time_of_the_write_and_the_ttl,
        the_time_that_is_left_is_rounded_up,
        nothing_ends_early,
        a_directory_of_the_later_etcd_keeps_its_ttl needs [REFUSES_DIRECTORY_TTL],
        the_typed_client_renews_a_directory needs [DIRECTORY_TTL],
    ]
    .into()
}

const SOON: Duration = Duration::from_secs(50);

async fn what_expires_is_one_event_and_gone(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true").await?;
    let mut above = Stream::open(etcd, &world, "?wait=true&recursive=true&stream=true").await?;
    world.ask("PUT f value=1&ttl=1").await?;
    // A second may be over before it is written.
    for told in [watch.next(&mut world).await?, above.next(&mut world).await?] {
        let is_set = told.starts_with("set /f='1' ttl ") && told.ends_with(" @A");
        ensure!(is_set, "{told}");
    }
    watch.expect(&mut world, &["the end"]).await?;
    let line = above.line().await?.context("it ended")?;
    let event: Value = serde_json::from_str(&line)?;
    // How much of the TTL is left there depends on when it is written down.
    equal("action", &event["action"], &Value::from("expire"))?;
    equal("value", &event["node"]["value"], &Value::Null)?;
    equal("before", &event["prevNode"]["value"], &Value::from("1"))?;
    ensure!(event["prevNode"]["expiration"].is_string(), "{event}");
    equal(
        "making",
        &event["node"]["createdIndex"],
        &Value::from(world.index('A')),
    )?;
    ensure!(
        event["node"]["modifiedIndex"].as_u64() > Some(world.index('A')),
        "{event}"
    );
    world.play(&[("GET f", "404 100 Key not found (/f)")]).await
}

async fn a_ttl_of_0_ends_at_once(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let mut watch = Stream::open(etcd, &world, "f?wait=true&stream=true").await?;
    let answer = world.send("PUT f value=1&ttl=0").await?;
    equal("status", answer.status, 201)?;
    for action in ["set", "expire"] {
        let event: Value = serde_json::from_str(&watch.line().await?.context("it ended")?)?;
        equal("action", &event["action"], &Value::from(action))?;
    }
    world.play(&[("GET f", "404 100 Key not found (/f)")]).await
}

async fn what_is_due_together_ends_in_the_order_of_its_time(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let etcd = etcd.alone().await?;
    let world = World::within(&etcd, "due").await?;
    let mut watch = Stream::open(&etcd, &world, "?wait=true&recursive=true&stream=true").await?;
    let names = ["c", "a", "d", "b", "e"];
    for name in names {
        world.send(&format!("PUT {name} value=1&ttl=1")).await?;
    }
    // On a slow machine the first may be over before the last is written.
    let (mut expired, mut last) = (Vec::new(), None);
    while expired.len() < names.len() {
        let event: Value = serde_json::from_str(&watch.line().await?.context("it ended")?)?;
        let key = event["node"]["key"].as_str().unwrap_or_default().to_owned();
        if event["action"] == "expire" {
            expired.push(key);
        }
        let index = event["node"]["modifiedIndex"].as_u64();
        ensure!(
            last.is_none() || index == last.map(|last: u64| last + 1),
            "{event}"
        );
        last = index;
    }
    equal("order", expired, names.map(|name| world.key(name)))
}

async fn a_directory_takes_all_below_along_whatever_their_ttl(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d dir=true&ttl=15").await?;
    let mut above = Stream::open(etcd, &world, "?wait=true&recursive=true&stream=true").await?;
    let mut below = Stream::open(etcd, &world, "d/s/f?wait=true&stream=true").await?;
    for line in ["PUT d/s/f value=1", "PUT d/long value=1&ttl=1000"] {
        ensure!(
            world.send(line).await?.status == 201,
            "{line} came too late"
        );
        above.line().await?;
    }
    below.line().await?;
    for watch in [&mut above, &mut below] {
        let event: Value = serde_json::from_str(&watch.line().await?.context("it ended")?)?;
        equal("action", &event["action"], &Value::from("expire"))?;
        equal("key", &event["node"]["key"], &Value::from(world.key("d")))?;
        equal("dir", &event["node"]["dir"], &Value::Bool(true))?;
    }
    // Nothing else is told of those below.
    world.ask("PUT after value=1").await?;
    let next = above.line().await?.context("it ended")?;
    ensure!(next.contains("/after\""), "{next}");
    world
        .play(&[("GET d/long", "404 100 Key not found (/d)")])
        .await
}

async fn a_write_without_a_ttl_lives_on(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT kept value=1&ttl=12").await?;
    world.ask("PUT kept value=2").await?;
    world.ask("PUT swapped value=1&ttl=12").await?;
    world.ask("PUT swapped?prevValue=1 value=2").await?;
    world.ask("PUT ends value=1&ttl=13").await?;
    gone(&mut world, "ends").await?;
    for name in ["kept", "swapped"] {
        let told = world.ask(&format!("GET {name}")).await?;
        ensure!(
            told.starts_with(&format!("200 get /{name}='2' @")),
            "{told}"
        );
    }
    Ok(())
}

/// Waits until a name is gone.
async fn gone(world: &mut World<'_>, name: &str) -> anyhow::Result<()> {
    let world = &*world;
    let probe = || async {
        let answer = world.send(&format!("GET {name}")).await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            404 => Ok(()),
            status => Err(status.to_string()),
        }
    };
    Ok(eventually_ok(SOON, "it expires", probe).await?)
}

async fn a_refresh_puts_the_end_off(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT f value=1&ttl=12").await?;
    world
        .ask("PUT f?prevExist=true refresh=true&ttl=1000")
        .await?;
    world.ask("PUT ends value=1&ttl=13").await?;
    gone(&mut world, "ends").await?;
    let told = world.ask("GET f").await?;
    ensure!(told.starts_with("200 get /f='1' ttl 1000 "), "{told}");
    Ok(())
}

async fn an_expiration_is_the_time_of_the_write_and_the_ttl(
    etcd: &Subject<Etcd>,
) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let now = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let before = now()?.as_secs_f64();
    let answer = world.send("PUT f value=1&ttl=1000").await?;
    let after = now()?.as_secs_f64();
    let node = etcd.client.keys().get(&world.key("f")).await?;
    let expiration = node
        .and_then(|node| node.expiration)
        .context("no expiration")?;
    let text = answer.json()?["node"]["expiration"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    equal("the same", expiration.to_string(), text.clone())?;
    ensure!(text.ends_with('Z') && text.contains('.'), "{text}");
    let at = seconds(&text)?;
    // The clocks of both are one.
    ensure!(
        before + 999.9 < at && at < after + 1000.1,
        "{text} after {before}"
    );
    Ok(())
}

/// The seconds since 1970 of a time in UTC.
fn seconds(text: &str) -> anyhow::Result<f64> {
    let (date, time) = text
        .trim_end_matches('Z')
        .split_once('T')
        .context("no time")?;
    let numbers = |text: &str, at: char| -> anyhow::Result<Vec<f64>> {
        text.split(at).map(|part| Ok(part.parse()?)).collect()
    };
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    // Days since the epoch: years begin in March, so that a leap day is the last one.
    let (year, month) = match date[1] {
        month if month > 2.0 => (date[0], month - 3.0),
        month => (date[0] - 1.0, month + 9.0),
    };
    let days = (year * 365.25).floor() - (year / 100.0).floor() + (year / 400.0).floor();
    let days = days + ((153.0 * month + 2.0) / 5.0).floor() + date[2] - 719_469.0;
    Ok(((days * 24.0 + time[0]) * 60.0 + time[1]) * 60.0 + time[2])
}

async fn the_time_that_is_left_is_rounded_up(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let left = |answer: &crate::exchange::Answer| -> anyhow::Result<Option<i64>> {
        Ok(answer.json()?["node"]["ttl"].as_i64())
    };
    // Unless a second is over before it is written.
    for attempt in 1.. {
        let written = world.send("PUT f value=1&ttl=100").await?;
        match left(&written)? {
            Some(100) => break,
            other if attempt == 10 => equal("at first", other, Some(100))?,
            _ => {}
        }
    }
    let fewer = || async {
        let answer = world
            .send("GET f")
            .await
            .map_err(|error| error.to_string())?;
        match left(&answer) {
            Ok(Some(ttl)) if ttl < 100 => Ok(ttl),
            other => Err(format!("{other:?}")),
        }
    };
    let ttl = eventually_ok(SOON, "a second passes", fewer).await?;
    ensure!((50..100).contains(&ttl), "{ttl}");
    Ok(())
}

async fn nothing_ends_early(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    let begun = std::time::Instant::now();
    world.ask("PUT f value=1&ttl=1").await?;
    gone(&mut world, "f").await?;
    let took = begun.elapsed();
    ensure!(took >= Duration::from_millis(990), "it took {took:?}");
    Ok(())
}

async fn a_directory_of_the_later_etcd_keeps_its_ttl(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let mut world = World::new(etcd).await?;
    world.ask("PUT d dir=true").await?;
    for line in [
        "PUT d?prevExist=true ttl=1000",
        "PUT d?prevExist=true refresh=true&ttl=1000",
    ] {
        let told = world.ask(line).await?;
        ensure!(
            told.starts_with("500 300 Raft Internal Error (nodePath "),
            "{told}"
        );
        ensure!(told.ends_with("Not a file ()) at 0"), "{told}");
    }
    world.play(&[("GET d", "200 get /d/ @A")]).await?;
    let renewed = etcd.client.keys().refresh(&world.key("d"), SOON).await;
    ensure!(renewed.is_err_and(|error| error.kind() != ErrorKind::NotFound));
    Ok(())
}

async fn the_typed_client_renews_a_directory(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let world = World::new(etcd).await?;
    let (keys, key) = (etcd.client.keys(), world.key("d"));
    keys.create_dir_for(&key, Duration::from_secs(500)).await?;
    let renewed = keys.refresh(&key, Duration::from_secs(1000)).await?;
    ensure!(renewed.dir && renewed.ttl > Some(900), "{renewed:?}");
    let options = SetOptions::new().with_dir().with_prev_exist(true);
    let permanent = keys.set_with(&key, "", &options).await?.value;
    let node = permanent.node.context("no node")?;
    equal("ttl", (node.ttl, node.expiration), (None, None))?;
    ensure!(number(&world.send("GET d").await?, "X-Etcd-Index")? >= node.modified_index);
    Ok(())
}
