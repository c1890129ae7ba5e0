//! Keys that a session holds.

use anyhow::ensure;
use serde_json::json;

use super::target::{Consul, kv};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c11_a_lock_from_acquire_to_release,
        an_acquisition_replaces_value_and_flags,
        a_refused_acquisition_changes_nothing,
        a_release_replaces_value_and_flags,
        a_release_by_others_is_false,
        each_new_holder_raises_the_lock_index,
        an_identical_acquisition_moves_no_index,
        a_held_key_can_be_deleted_and_taken_at_once,
        one_session_holds_many_keys,
        an_acquisition_needs_a_session_that_exists,
        destroying_a_session_without_lock_delay_frees_its_keys_at_once,
        destroying_a_session_of_behaviour_delete_deletes_its_keys,
        a_released_key_is_out_of_reach_of_its_old_session,
        the_typed_client_locks_too,
    ]
    .into()
}

async fn c11_a_lock_from_acquire_to_release(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, first) = (consul.key("k"), consul.session(json!({})).await?);
    let second = consul.session(json!({})).await?;
    let shown = || async {
        let entry = consul.entry(&key).await?;
        anyhow::Ok((entry.lock_index, entry.session, entry.value))
    };
    let held = |index: u64, value: &'static str| (index, Some(first.clone()), value.into());
    ensure!(consul.put(&key, &format!("acquire={first}"), "1").await?);
    equal("acquired", shown().await?, held(1, "1"))?;
    ensure!(consul.put(&key, &format!("acquire={first}"), "2").await?);
    equal("acquired again", shown().await?, held(1, "2"))?;
    ensure!(!consul.put(&key, &format!("acquire={second}"), "3").await?);
    equal("refused", shown().await?, held(1, "2"))?;
    ensure!(consul.put(&key, "", "4").await?);
    equal("written plainly", shown().await?, held(0, "4"))?;
    ensure!(consul.put(&key, &format!("release={first}"), "5").await?);
    equal("released", shown().await?, (0, None, "5".into()))
}

async fn an_acquisition_replaces_value_and_flags(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    consul.put(&key, "flags=1", "old").await?;
    let created = consul.entry(&key).await?.create_index;
    ensure!(
        consul
            .put(&key, &format!("acquire={session}&flags=2"), "new")
            .await?
    );
    let entry = consul.entry(&key).await?;
    equal(
        "new",
        (entry.flags, entry.value, entry.create_index),
        (2, "new".into(), created),
    )?;
    equal("LockIndex", entry.lock_index, 1)?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "").await?);
    let entry = consul.entry(&key).await?;
    equal(
        "emptied",
        (entry.flags, entry.value.len(), entry.lock_index),
        (0, 0, 1),
    )
}

async fn a_refused_acquisition_changes_nothing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, first) = (consul.key("k"), consul.session(json!({})).await?);
    let second = consul.session(json!({})).await?;
    ensure!(
        consul
            .put(&key, &format!("acquire={first}&flags=1"), "1")
            .await?
    );
    let before = consul.entry(&key).await?;
    ensure!(
        !consul
            .put(&key, &format!("acquire={second}&flags=2"), "2")
            .await?
    );
    equal("entry", consul.entry(&key).await?, before.clone())?;
    equal(
        "index",
        consul.index(consul.prefix(), "recurse").await?,
        before.modify_index,
    )
}

async fn a_release_replaces_value_and_flags(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    ensure!(
        consul
            .put(&key, &format!("acquire={session}&flags=1"), "mine")
            .await?
    );
    ensure!(
        consul
            .put(&key, &format!("release={session}&flags=7"), "bye")
            .await?
    );
    let entry = consul.entry(&key).await?;
    let shown = (entry.flags, entry.value, entry.lock_index, entry.session);
    equal("released", shown, (7, "bye".into(), 1, None))?;
    ensure!(
        consul
            .put(&key, &format!("acquire={session}"), "mine")
            .await?
    );
    ensure!(consul.put(&key, &format!("release={session}"), "").await?);
    let entry = consul.entry(&key).await?;
    let shown = (
        entry.flags,
        entry.value.len(),
        entry.lock_index,
        entry.session,
    );
    equal("an empty body clears", shown, (0, 0, 2, None))
}

async fn a_release_by_others_is_false(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    let (other, dead) = (
        consul.session(json!({})).await?,
        consul.dead_session().await?,
    );
    ensure!(
        !consul.put(&key, &format!("release={session}"), "x").await?,
        "no key"
    );
    equal("not created", consul.client.kv().get(&key).await?, None)?;
    ensure!(
        consul
            .put(&key, &format!("acquire={session}"), "mine")
            .await?
    );
    let before = consul.entry(&key).await?;
    for stranger in [&other, &dead] {
        ensure!(
            !consul
                .put(&key, &format!("release={stranger}"), "x")
                .await?
        );
    }
    equal("entry", consul.entry(&key).await?, before)?;
    ensure!(consul.put(&key, &format!("release={session}"), "").await?);
    ensure!(
        !consul.put(&key, &format!("release={session}"), "").await?,
        "nobody holds it"
    );
    Ok(())
}

async fn each_new_holder_raises_the_lock_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let sessions = [
        consul.session(json!({})).await?,
        consul.session(json!({})).await?,
    ];
    let mut last = 0;
    for (turn, session) in (1..=4).zip(sessions.iter().cycle()) {
        ensure!(consul.put(&key, &format!("acquire={session}"), "").await?);
        let entry = consul.entry(&key).await?;
        equal("LockIndex", entry.lock_index, turn)?;
        ensure!(entry.modify_index > last);
        last = entry.modify_index;
        ensure!(consul.put(&key, &format!("release={session}"), "").await?);
    }
    Ok(())
}

async fn an_identical_acquisition_moves_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    let first = consul.entry(&key).await?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    equal("entry", consul.entry(&key).await?, first)
}

async fn a_held_key_can_be_deleted_and_taken_at_once(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let first = consul.session(json!({"LockDelay": "30s"})).await?;
    let second = consul.session(json!({})).await?;
    for _ in 0..2 {
        ensure!(consul.put(&key, &format!("acquire={first}"), "").await?);
        ensure!(consul.put(&key, &format!("release={first}"), "").await?);
    }
    ensure!(consul.put(&key, &format!("acquire={first}"), "").await?);
    equal("LockIndex", consul.entry(&key).await?.lock_index, 3)?;
    ensure!(consul.delete(&key, "").await?);
    ensure!(
        consul.put(&key, &format!("acquire={second}"), "").await?,
        "no delay"
    );
    equal("LockIndex", consul.entry(&key).await?.lock_index, 1)
}

async fn one_session_holds_many_keys(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = consul.session(json!({})).await?;
    let keys = ["a", "b", "c"].map(|name| consul.key(name));
    for key in &keys {
        ensure!(consul.put(key, &format!("acquire={session}"), "v").await?);
    }
    consul.destroy(&session).await?;
    let mut indexes = Vec::new();
    for key in &keys {
        let entry = consul.entry(key).await?;
        equal(
            "freed",
            (entry.session, entry.value, entry.lock_index),
            (None, "v".into(), 1),
        )?;
        indexes.push(entry.modify_index);
    }
    ensure!(
        indexes.windows(2).all(|pair| pair[0] == pair[1]),
        "{indexes:?}"
    );
    Ok(())
}

async fn an_acquisition_needs_a_session_that_exists(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, dead) = (consul.key("k"), consul.dead_session().await?);
    let acquire = |session: &str| format!("{}?acquire={session}", kv(&key));
    let text = format!("invalid session \"{dead}\"");
    consul
        .expect("PUT", &acquire(&dead), "", (500, &text))
        .await?;
    let text = "failed session lookup: index error: UUID must be 36 characters";
    consul
        .expect("PUT", &acquire("abc"), "", (500, text))
        .await?;
    consul
        .expect("PUT", &acquire(""), "", (500, "missing session"))
        .await?;
    equal(
        "nothing is written",
        consul.client.kv().get(&key).await?,
        None,
    )
}

async fn destroying_a_session_without_lock_delay_frees_its_keys_at_once(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (key, first) = (consul.key("k"), consul.session(json!({})).await?);
    let second = consul.session(json!({})).await?;
    ensure!(
        consul
            .put(&key, &format!("acquire={first}&flags=3"), "v")
            .await?
    );
    let held = consul.entry(&key).await?;
    consul.destroy(&first).await?;
    let freed = consul.entry(&key).await?;
    let shown = (freed.session, freed.value, freed.flags, freed.lock_index);
    equal("freed", shown, (None, "v".into(), 3, 1))?;
    ensure!(freed.modify_index > held.modify_index);
    ensure!(consul.put(&key, &format!("acquire={second}"), "v").await?);
    equal("LockIndex", consul.entry(&key).await?.lock_index, 2)
}

async fn destroying_a_session_of_behaviour_delete_deletes_its_keys(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (mine, other) = (consul.key("dir/mine"), consul.key("dir/other"));
    let session = consul.session(json!({"Behavior": "delete"})).await?;
    ensure!(
        consul
            .put(&mine, &format!("acquire={session}"), "v")
            .await?
    );
    consul.put(&other, "", "v").await?;
    let before = consul.index(&consul.key("dir/"), "recurse").await?;
    consul.destroy(&session).await?;
    equal("mine", consul.client.kv().get(&mine).await?, None)?;
    equal("other", consul.entry(&other).await?.modify_index, before)?;
    let after = consul.index(&consul.key("dir/"), "recurse").await?;
    ensure!(
        after > before,
        "the deletion leaves a tombstone: {after}, {before}"
    );
    Ok(())
}

async fn a_released_key_is_out_of_reach_of_its_old_session(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let session = consul
        .session(json!({"Behavior": "delete", "LockDelay": "30s"}))
        .await?;
    let second = consul.session(json!({})).await?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    ensure!(consul.put(&key, &format!("release={session}"), "v").await?);
    let before = consul.entry(&key).await?;
    consul.destroy(&session).await?;
    equal(
        "not deleted, not changed",
        consul.entry(&key).await?,
        before,
    )?;
    ensure!(
        consul.put(&key, &format!("acquire={second}"), "").await?,
        "no delay either"
    );
    Ok(())
}

async fn the_typed_client_locks_too(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, keys) = (consul.key("k"), consul.client.kv());
    let (first, second) = (
        consul.session(json!({})).await?,
        consul.session(json!({})).await?,
    );
    ensure!(keys.acquire(&key, "1", &first).await?);
    ensure!(!keys.acquire(&key, "2", &second).await?);
    ensure!(!keys.release(&key, "2", &second).await?);
    ensure!(keys.release(&key, "3", &first).await?);
    equal("value", consul.entry(&key).await?.value, "3")
}
