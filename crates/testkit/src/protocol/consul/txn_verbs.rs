//! Each verb of a transaction, one at a time: when it succeeds, when it fails, what it answers.

use anyhow::ensure;
use quorate_consul::{KvEntry, KvOp, KvVerb, TxnOutcome};
use serde_json::json;

use super::target::{Consul, rolled_back};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        set_writes_and_answers_without_the_value,
        txn_cas_0_creates_and_cas_needs_the_index,
        lock_and_unlock_follow_the_rules_of_acquire_and_release,
        lock_needs_a_session_that_exists,
        check_index_needs_the_exact_index,
        check_session_of_nobody_means_unlocked,
        delete_cas_in_a_transaction_needs_the_key,
        delete_and_delete_tree_never_fail,
        every_verb_needs_a_key,
        an_unknown_verb_is_a_failure_of_its_operation,
        an_identical_set_moves_no_index,
        a_node_can_be_read,
    ]
    .into()
}

/// The rows of a transaction that must happen.
async fn rows(
    consul: &Consul,
    ops: impl IntoIterator<Item = KvOp>,
) -> anyhow::Result<Vec<KvEntry>> {
    match consul.client.txn().ops(ops).commit().await? {
        TxnOutcome::Committed(answer) => {
            Ok(answer.value.into_iter().filter_map(|row| row.kv).collect())
        }
        TxnOutcome::RolledBack(errors) => anyhow::bail!("rolled back: {errors:?}"),
    }
}

/// The text of the only failure of a transaction of one operation.
async fn failure(consul: &Consul, op: KvOp) -> anyhow::Result<String> {
    let mut errors = rolled_back(consul.client.txn().op(op).commit().await?)?;
    equal("errors", errors.len(), 1)?;
    let (at, what) = errors.remove(0);
    equal("position", at, 0)?;
    Ok(what)
}

/// The entry as a write answers it.
fn without_value(mut entry: KvEntry) -> KvEntry {
    entry.value.clear();
    entry
}

async fn set_writes_and_answers_without_the_value(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let set = KvOp::new(KvVerb::Set, &key)
        .with_value("v")
        .with_flags(u64::MAX);
    let answered = rows(consul, [set]).await?;
    let entry = consul.entry(&key).await?;
    equal(
        "written",
        (entry.value.clone(), entry.flags),
        ("v".into(), u64::MAX),
    )?;
    equal("answered", answered, [without_value(entry)])?;
    let session = consul.session(json!({})).await?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    rows(consul, [KvOp::new(KvVerb::Set, &key).with_value("over")]).await?;
    let entry = consul.entry(&key).await?;
    equal(
        "over a lock",
        (entry.session, entry.lock_index),
        (Some(session), 0),
    )
}

async fn txn_cas_0_creates_and_cas_needs_the_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let cas = |index: u64| {
        KvOp::new(KvVerb::Cas, &key)
            .with_value(index.to_string())
            .with_index(index)
    };
    let stale = format!("failed to set key \"{key}\", index is stale");
    equal("missing", failure(consul, cas(5)).await?, stale.clone())?;
    let created = rows(consul, [cas(0)]).await?;
    equal("there", failure(consul, cas(0)).await?, stale.clone())?;
    let index = created[0].modify_index;
    equal(
        "too small",
        failure(consul, cas(index - 1)).await?,
        stale.clone(),
    )?;
    equal("too large", failure(consul, cas(index + 1)).await?, stale)?;
    let changed = rows(consul, [cas(index)]).await?;
    equal("created", changed[0].create_index, index)?;
    ensure!(changed[0].modify_index > index);
    Ok(())
}

async fn lock_and_unlock_follow_the_rules_of_acquire_and_release(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    let (mine, other) = (
        consul.session(json!({})).await?,
        consul.session(json!({})).await?,
    );
    let op = |verb, session: &str| KvOp::new(verb, &key).with_session(session).with_value("v");
    let not_held =
        format!("failed to unlock key \"{key}\", lock isn't held, or is held by another session");
    equal(
        "no key",
        failure(consul, op(KvVerb::Unlock, &mine)).await?,
        not_held.clone(),
    )?;
    let locked = rows(consul, [op(KvVerb::Lock, &mine).with_flags(3)]).await?;
    let shown = (
        locked[0].lock_index,
        locked[0].session.as_deref(),
        locked[0].flags,
    );
    equal("locked", shown, (1, Some(mine.as_str()), 3))?;
    equal(
        "again",
        rows(consul, [op(KvVerb::Lock, &mine)]).await?[0].lock_index,
        1,
    )?;
    let held = format!("failed to lock key \"{key}\", lock is already held");
    equal(
        "held",
        failure(consul, op(KvVerb::Lock, &other)).await?,
        held,
    )?;
    equal(
        "other",
        failure(consul, op(KvVerb::Unlock, &other)).await?,
        not_held.clone(),
    )?;
    let unlocked = rows(
        consul,
        [op(KvVerb::Unlock, &mine).with_value("bye").with_flags(9)],
    )
    .await?;
    let shown = (
        unlocked[0].lock_index,
        unlocked[0].session.clone(),
        unlocked[0].flags,
    );
    equal("unlocked", shown, (1, None, 9))?;
    equal("value", consul.entry(&key).await?.value, "bye")?;
    equal(
        "free",
        failure(consul, op(KvVerb::Unlock, &mine)).await?,
        not_held,
    )?;
    equal(
        "next",
        rows(consul, [op(KvVerb::Lock, &other)]).await?[0].lock_index,
        2,
    )
}

async fn lock_needs_a_session_that_exists(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, dead) = (consul.key("k"), consul.dead_session().await?);
    let lock = |session: &str| KvOp::new(KvVerb::Lock, &key).with_session(session);
    equal(
        "dead",
        failure(consul, lock(&dead)).await?,
        format!("invalid session \"{dead}\""),
    )?;
    equal("none", failure(consul, lock("")).await?, "missing session")?;
    let malformed = "failed session lookup: index error: UUID must be 36 characters";
    equal("malformed", failure(consul, lock("abc")).await?, malformed)
}

async fn check_index_needs_the_exact_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, none) = (consul.key("k"), consul.key("none"));
    consul.put(&key, "", "v").await?;
    let entry = consul.entry(&key).await?;
    let check = |key: &str, index| KvOp::new(KvVerb::CheckIndex, key).with_index(index);
    let answered = rows(consul, [check(&key, entry.modify_index)]).await?;
    equal("held", answered, [without_value(entry.clone())])?;
    for index in [0, 1, entry.modify_index + 1] {
        let text = format!(
            "failed index check for key \"{key}\", current modify index {} != {index}",
            entry.modify_index
        );
        equal("other", failure(consul, check(&key, index)).await?, text)?;
    }
    let text = format!("failed to check index, key \"{none}\" doesn't exist");
    equal("missing", failure(consul, check(&none, 0)).await?, text)
}

async fn check_session_of_nobody_means_unlocked(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (key, session) = (consul.key("k"), consul.session(json!({})).await?);
    consul.put(&key, "", "v").await?;
    let check = |session: &str| KvOp::new(KvVerb::CheckSession, &key).with_session(session);
    equal("free", rows(consul, [check("")]).await?.len(), 1)?;
    let text = |current: &str, given: &str| {
        format!(
            "failed session check for key \"{key}\", current session \"{current}\" != \"{given}\""
        )
    };
    equal(
        "not mine",
        failure(consul, check(&session)).await?,
        text("", &session),
    )?;
    ensure!(consul.put(&key, &format!("acquire={session}"), "v").await?);
    equal("mine", rows(consul, [check(&session)]).await?.len(), 1)?;
    equal(
        "locked",
        failure(consul, check("")).await?,
        text(&session, ""),
    )
}

async fn delete_cas_in_a_transaction_needs_the_key(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let index = consul.entry(&key).await?.modify_index;
    let delete = |index| KvOp::new(KvVerb::DeleteCas, &key).with_index(index);
    let stale = format!("failed to delete key \"{key}\", index is stale");
    equal("0", failure(consul, delete(0)).await?, stale.clone())?;
    equal("other", failure(consul, delete(index + 1)).await?, stale)?;
    equal("no row", rows(consul, [delete(index)]).await?, [])?;
    equal("gone", consul.client.kv().get(&key).await?, None)?;
    equal(
        "what is missing is deleted",
        rows(consul, [delete(5)]).await?,
        [],
    )
}

async fn delete_and_delete_tree_never_fail(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for name in ["a", "t/1", "t/2/3", "u"] {
        consul.put(&consul.key(name), "", "v").await?;
    }
    let ops = [
        KvOp::new(KvVerb::Delete, consul.key("a")),
        KvOp::new(KvVerb::Delete, consul.key("none")),
        KvOp::new(KvVerb::DeleteTree, consul.key("t/")),
        KvOp::new(KvVerb::DeleteTree, consul.key("none/")),
    ];
    equal("rows", rows(consul, ops).await?, [])?;
    let left = consul.client.kv().keys(consul.prefix(), None).await?;
    equal("left", left, [consul.key("u")])
}

async fn every_verb_needs_a_key(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for verb in [
        "set",
        "cas",
        "lock",
        "unlock",
        "get",
        "check-index",
        "check-session",
        "check-not-exists",
        "delete",
        "delete-cas",
    ] {
        let ops = json!([{"KV": {"Verb": verb, "Key": ""}}]).to_string();
        let answer = consul.send("PUT", "/v1/txn", ops).await?;
        equal(verb, answer.status, 409)?;
        equal(
            verb,
            &answer.json()?["Errors"],
            &json!([{"OpIndex": 0, "What": "Must provide key"}]),
        )?;
    }
    Ok(())
}

async fn an_unknown_verb_is_a_failure_of_its_operation(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for verb in ["fly", "", "SET"] {
        let ops = json!([{"KV": {"Verb": verb, "Key": consul.key("k")}}]).to_string();
        let answer = consul.send("PUT", "/v1/txn", ops).await?;
        equal(verb, answer.status, 409)?;
        let text = format!("unknown KV verb \"{verb}\"");
        equal(
            verb,
            &answer.json()?["Errors"],
            &json!([{"OpIndex": 0, "What": text}]),
        )?;
    }
    Ok(())
}

async fn an_identical_set_moves_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "flags=2", "v").await?;
    let before = consul.entry(&key).await?;
    let set = KvOp::new(KvVerb::Set, &key).with_value("v").with_flags(2);
    equal(
        "answered",
        rows(consul, [set]).await?,
        [without_value(before.clone())],
    )?;
    equal("entry", consul.entry(&key).await?, before)
}

async fn a_node_can_be_read(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let ops = json!([{"Node": {"Verb": "get", "Node": {"Node": consul.node()}}}]).to_string();
    let answer = consul.send("PUT", "/v1/txn", ops).await?;
    equal("status", answer.status, 200)?;
    let node = &answer.json()?["Results"][0]["Node"];
    equal("node", node["Node"].as_str(), Some(consul.node()))?;
    equal("address", node["Address"].as_str(), Some("127.0.0.1"))
}
