//! Reads that wait for a change.

use std::time::Duration;

use anyhow::ensure;
use quorate_consul::{Method, QueryOptions, RawRequest};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::target::{ALONE, Consul, index_of, kv};
use crate::cases;
use crate::exchange::Answer;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c06_a_blocked_read_is_woken_by_its_own_key_alone,
        c06_an_identical_write_wakes_nobody,
        c07_an_index_that_is_too_large_blocks_for_the_whole_wait,
        c08_bad_parameters_are_refused_with_their_texts,
        an_older_index_is_answered_at_once,
        a_wait_that_is_over_gives_the_same_answer,
        the_shortest_wait_is_a_wait,
        a_blocked_read_of_a_missing_key_sees_its_creation needs [ALONE],
        a_blocked_read_sees_a_deletion,
        a_blocked_read_sees_acquire_and_release,
        a_blocked_listing_sees_what_happens_beneath_it,
        a_blocked_listing_of_names_sees_a_write,
        a_blocked_listing_sees_a_deleted_tree,
        a_blocked_session_list_sees_a_new_session,
        a_blocked_session_info_is_woken_by_its_own_session needs [ALONE],
        many_blocked_reads_are_woken_at_once,
        a_blocked_read_does_not_hold_up_its_server,
    ]
    .into()
}

/// A read of `target` that begins now, and what came back after how long.
async fn timed(consul: &Consul, target: String) -> anyhow::Result<(Answer, Duration)> {
    let begun = Instant::now();
    let answer = consul.send("GET", &target, "").await?;
    Ok((answer, begun.elapsed()))
}

/// Runs `change` while a read of `target` is blocked; gives the answer of the read.
async fn while_blocked<T>(
    consul: &Consul,
    target: String,
    change: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<(Answer, Duration)> {
    let change = async {
        sleep(PARKED).await;
        change.await
    };
    let (read, changed) = tokio::join!(timed(consul, target), change);
    changed?;
    read
}

fn blocked(key: &str, parameters: &str, index: u64, wait: &str) -> String {
    format!("{}?{parameters}&index={index}&wait={wait}", kv(key))
}

/// The read came back because something changed, and not because its wait was over.
fn woken((answer, after): &(Answer, Duration), index: u64) -> anyhow::Result<()> {
    ensure!(after.as_secs() < 20, "woken after {after:?}");
    ensure!(
        index_of(answer)? > index,
        "{} is not after {index}",
        index_of(answer)?
    );
    Ok(())
}

/// The read came back when its wait was over, with the index that it had.
fn waited((answer, after): &(Answer, Duration), wait: Duration, index: u64) -> anyhow::Result<()> {
    ensure!(*after >= wait, "back after {after:?} of {wait:?}");
    equal("index", index_of(answer)?, index)
}

async fn c06_a_blocked_read_is_woken_by_its_own_key_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (a, b) = (consul.key("a"), consul.key("b"));
    consul.put(&a, "", "1").await?;
    let index = consul.entry(&a).await?.modify_index;
    let other = consul.put(&b, "", "1");
    let read = while_blocked(consul, blocked(&a, "", index, "600ms"), other).await?;
    waited(&read, Duration::from_millis(600), index)?;
    let own = consul.put(&a, "", "2");
    let read = while_blocked(consul, blocked(&a, "raw", index, "40s"), own).await?;
    woken(&read, index)?;
    equal("value", read.0.text(), "2")
}

async fn c06_an_identical_write_wakes_nobody(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("dir/k");
    consul.put(&key, "flags=1", "same").await?;
    let index = consul.entry(&key).await?.modify_index;
    for (key, parameters) in [(key.clone(), "raw"), (consul.key("dir/"), "recurse")] {
        let identical = consul.put(&consul.key("dir/k"), "flags=1", "same").await;
        let again =
            async { identical.and(consul.put(&consul.key("dir/k"), "flags=1", "same").await) };
        let read = while_blocked(consul, blocked(&key, parameters, index, "500ms"), again).await?;
        waited(&read, Duration::from_millis(500), index)?;
    }
    Ok(())
}

async fn c07_an_index_that_is_too_large_blocks_for_the_whole_wait(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let far = consul.entry(&key).await?.modify_index.max(1) + 99_999;
    let wait = Duration::from_secs(8);
    let change = consul.put(&key, "", "2");
    let (answer, after) = while_blocked(consul, blocked(&key, "raw", far, "8s"), change).await?;
    ensure!(after >= wait, "back after {after:?}");
    // At most a sixteenth more, and what a busy machine adds.
    ensure!(
        after < wait + wait / 16 + Duration::from_secs(20),
        "back after {after:?}"
    );
    equal("the data is the newest all the same", answer.text(), "2")?;
    ensure!(index_of(&answer)? < far);
    Ok(())
}

async fn c08_bad_parameters_are_refused_with_their_texts(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    for (parameters, text) in [
        ("index=1&wait=5", "Invalid wait time"),
        ("wait=500", "Invalid wait time"),
        ("wait=soon", "Invalid wait time"),
        ("wait=1d", "Invalid wait time"),
        ("index=-1", "Invalid index"),
        ("index=x", "Invalid index"),
        ("index=18446744073709551616", "Invalid index"),
        (
            "stale&consistent",
            "Cannot specify ?stale with ?consistent, conflicting semantics.",
        ),
        (
            "cached&consistent",
            "Cannot specify ?cached with ?consistent, conflicting semantics.",
        ),
    ] {
        let target = format!("{}?{parameters}", kv(&key));
        consul.expect("GET", &target, "", (400, text)).await?;
        let list = format!("/v1/session/list?{parameters}");
        consul.expect("GET", &list, "", (400, text)).await?;
    }
    Ok(())
}

async fn an_older_index_is_answered_at_once(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    let read = timed(consul, blocked(&key, "", index - 1, "40s")).await?;
    woken(&read, index - 1)?;
    equal("index", index_of(&read.0)?, index)
}

async fn a_wait_that_is_over_gives_the_same_answer(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    let plain = consul.ask("GET", &kv(&key), "").await?;
    let read = timed(consul, blocked(&key, "", index, "300ms")).await?;
    waited(&read, Duration::from_millis(300), index)?;
    equal("body", read.0.text().trim_end(), plain)?;
    let options = QueryOptions::new().with_blocking(index, Duration::from_millis(300));
    let typed = consul.client.kv().get_with(&key, &options).await?;
    equal("typed", typed.meta.index, Some(index))
}

async fn the_shortest_wait_is_a_wait(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    for wait in ["1ms", "1us", "0.5ms"] {
        let (answer, after) = timed(consul, blocked(&key, "", index, wait)).await?;
        ensure!(
            answer.status == 200 && after.as_secs() < 10,
            "{wait}: {after:?}"
        );
    }
    Ok(())
}

async fn a_blocked_read_of_a_missing_key_sees_its_creation(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    // Of a store of its own: elsewhere, the index of what is missing moves all the time.
    let store = consul.alone().await?;
    store.put("other", "", "v").await?;
    let index = store.index("k", "").await?;
    let create = store.put("k", "", "v");
    let read = while_blocked(&store, blocked("k", "raw", index, "40s"), create).await?;
    woken(&read, index)?;
    equal(
        "found",
        (read.0.status, read.0.text()),
        (200, "v".to_owned()),
    )?;
    let missing = store.index("none", "").await?;
    let over = timed(&store, blocked("none", "", missing, "300ms")).await?;
    waited(&over, Duration::from_millis(300), missing)?;
    equal("still missing", over.0.status, 404)
}

async fn a_blocked_read_sees_a_deletion(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let index = consul.entry(&key).await?.modify_index;
    let delete = consul.delete(&key, "");
    let read = while_blocked(consul, blocked(&key, "", index, "40s"), delete).await?;
    woken(&read, index)?;
    equal("gone", read.0.status, 404)
}

async fn a_blocked_read_sees_acquire_and_release(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    consul.put(&key, "", "v").await?;
    let mut index = consul.entry(&key).await?.modify_index;
    for (verb, held) in [("acquire", true), ("release", false), ("acquire", true)] {
        let change = async { consul.put(&key, &format!("{verb}={session}"), "v").await };
        let read = while_blocked(consul, blocked(&key, "", index, "40s"), change).await?;
        woken(&read, index)?;
        equal(verb, read.0.text().contains(&session), held)?;
        index = index_of(&read.0)?;
    }
    let end = consul.destroy(&session);
    let read = while_blocked(consul, blocked(&key, "", index, "40s"), end).await?;
    woken(&read, index)?;
    equal("destroyed", read.0.text().contains(&session), false)
}

async fn a_blocked_listing_sees_what_happens_beneath_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let dir = consul.key("dir/");
    consul.put(&consul.key("dir/a"), "", "v").await?;
    let index = consul.index(&dir, "recurse").await?;
    let beside = consul.put(&consul.key("dirt"), "", "v").await.map(|_| ());
    let beside = async { beside.and(consul.put(&consul.key("e"), "", "v").await.map(|_| ())) };
    let read = while_blocked(consul, blocked(&dir, "recurse", index, "500ms"), beside).await?;
    waited(&read, Duration::from_millis(500), index)?;
    let name = consul.key("dir/b/c");
    let create = consul.put(&name, "", "v");
    let read = while_blocked(consul, blocked(&dir, "recurse", index, "40s"), create).await?;
    woken(&read, index)?;
    let index = index_of(&read.0)?;
    let delete = consul.delete(&name, "");
    let read = while_blocked(consul, blocked(&dir, "recurse", index, "40s"), delete).await?;
    woken(&read, index)?;
    equal("left", read.0.json()?.as_array().map(Vec::len), Some(1))
}

async fn a_blocked_listing_of_names_sees_a_write(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (dir, key) = (consul.key("dir/"), consul.key("dir/a"));
    consul.put(&key, "", "1").await?;
    let index = consul.index(&dir, "keys").await?;
    let write = consul.put(&key, "", "2");
    let read = while_blocked(consul, blocked(&dir, "keys", index, "40s"), write).await?;
    woken(&read, index)?;
    equal("names", read.0.json()?, json!([key]))
}

async fn a_blocked_listing_sees_a_deleted_tree(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let dir = consul.key("dir/");
    for name in ["dir/a", "dir/b/c"] {
        consul.put(&consul.key(name), "", "v").await?;
    }
    let index = consul.index(&dir, "recurse").await?;
    let delete = consul.delete(&dir, "recurse");
    let read = while_blocked(consul, blocked(&dir, "recurse", index, "40s"), delete).await?;
    woken(&read, index)?;
    equal("gone", read.0.status, 404)
}

async fn a_blocked_session_list_sees_a_new_session(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for path in ["list".to_owned(), format!("node/{}", consul.node())] {
        let target = format!("/v1/session/{path}");
        let index = index_of(&consul.send("GET", &target, "").await?)?;
        let blocked = format!("{target}?index={index}&wait=40s");
        let read = while_blocked(consul, blocked, consul.session(json!({}))).await?;
        woken(&read, index)?;
    }
    Ok(())
}

async fn a_blocked_session_info_is_woken_by_its_own_session(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    // Of a store of its own: the index is that of all sessions.
    let store = consul.alone().await?;
    let (mine, other) = (
        store.session(json!({})).await?,
        store.session(json!({})).await?,
    );
    let target = format!("/v1/session/info/{mine}");
    let index = index_of(&store.send("GET", &target, "").await?)?;
    let begun = Instant::now();
    let blocked = format!("{target}?index={index}&wait=800ms");
    while_blocked(&store, blocked, store.destroy(&other)).await?;
    ensure!(
        begun.elapsed() >= Duration::from_millis(800),
        "woken by another session"
    );
    // The index is that of all sessions: the one from before would be answered at once.
    let index = index_of(&store.send("GET", &target, "").await?)?;
    let blocked = format!("{target}?index={index}&wait=40s");
    let read = while_blocked(&store, blocked, store.destroy(&mine)).await?;
    woken(&read, index)?;
    equal("gone", read.0.json()?, json!([]))
}

async fn many_blocked_reads_are_woken_at_once(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    let reads = (0..40).map(|_| timed(consul, blocked(&key, "raw", index, "40s")));
    let write = async {
        sleep(PARKED * 3).await;
        consul.put(&key, "", "2").await
    };
    let (reads, written) = tokio::join!(futures_util::future::join_all(reads), write);
    ensure!(written?);
    for read in reads {
        let read = read?;
        woken(&read, index)?;
        equal("value", read.0.text(), "2")?;
    }
    Ok(())
}

async fn a_blocked_read_does_not_hold_up_its_server(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "1").await?;
    let index = consul.entry(&key).await?.modify_index;
    let request = RawRequest::new(Method::Get, kv(&key))
        .with_options(QueryOptions::new().with_blocking(index, Duration::from_secs(50)));
    let (blocked, others) = (consul.client.raw(), consul.client.kv());
    let others = async {
        for number in 0..20 {
            others.put(&consul.key("other"), number.to_string()).await?;
        }
        let done = Instant::now();
        others.put(&key, "2").await?;
        anyhow::Ok(done)
    };
    let blocked = async { anyhow::Ok((blocked.request(request).await?, Instant::now())) };
    let (blocked, others) = tokio::try_join!(blocked, others)?;
    equal("status", blocked.0.status, 200)?;
    ensure!(others < blocked.1, "the writes waited for the read");
    Ok(())
}
