//! Transactions: all or nothing, limits, answers.

use anyhow::ensure;
use quorate_consul::{TxnOutcome, TxnResult};
use serde_json::{Value, json};

use super::target::{Consul, rolled_back};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c20_every_failing_operation_is_listed_and_nothing_is_applied,
        c21_a_get_needs_its_key_and_a_tree_does_not,
        c22_64_operations_are_allowed_and_65_are_not,
        c40_a_lost_lock_fences_writes,
        a_transaction_has_one_index,
        operations_see_what_those_before_them_wrote,
        rows_are_those_of_operations_that_have_any,
        a_list_of_reads_says_more_than_one_with_writes,
        the_answer_has_no_index,
        nothing_to_do_is_fine,
        malformed_transactions_are_refused,
        a_body_over_512_kib_is_refused,
        names_of_fields_match_in_any_case,
        the_same_key_may_be_written_twice,
        a_transaction_writes_keys_that_no_path_reaches,
        a_transaction_wakes_blocked_reads_once,
    ]
    .into()
}

const TXN: &str = "/v1/txn";

async fn c20_every_failing_operation_is_listed_and_nothing_is_applied(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (free, held, none) = (consul.key("free"), consul.key("held"), consul.key("none"));
    let mine = consul.session(json!({})).await?;
    let other = consul.session(json!({})).await?;
    consul.put(&free, "", "before").await?;
    ensure!(consul.put(&held, &format!("acquire={other}"), "v").await?);
    let before = consul.entry(&free).await?;
    let txn = consul.client.txn();
    let txn = txn
        .set(&free, "after")
        .cas(&free, "x", 1)
        .lock(&held, "x", &mine)
        .unlock(&held, "x", &mine)
        .get(&none)
        .check_index(&none, 1)
        .check_session(&held, &mine)
        .set(consul.key("new"), "x")
        .check_not_exists(&free)
        .delete_cas(&free, 1);
    let errors = rolled_back(txn.commit().await?)?;
    let not_held = "lock isn't held, or is held by another session";
    let expected = [
        (1, format!("failed to set key \"{free}\", index is stale")),
        (
            2,
            format!("failed to lock key \"{held}\", lock is already held"),
        ),
        (3, format!("failed to unlock key \"{held}\", {not_held}")),
        (4, format!("key \"{none}\" doesn't exist")),
        (
            5,
            format!("failed to check index, key \"{none}\" doesn't exist"),
        ),
        (
            6,
            format!(
                "failed session check for key \"{held}\", current session \"{other}\" != \"{mine}\""
            ),
        ),
        (8, format!("key \"{free}\" exists")),
        (
            9,
            format!("failed to delete key \"{free}\", index is stale"),
        ),
    ];
    equal("errors", errors, expected)?;
    equal("unchanged", consul.entry(&free).await?, before)?;
    equal(
        "not created",
        consul.client.kv().get(&consul.key("new")).await?,
        None,
    )
}

async fn c21_a_get_needs_its_key_and_a_tree_does_not(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let none = consul.key("none");
    let errors = rolled_back(consul.client.txn().get(&none).commit().await?)?;
    equal(
        "get",
        errors,
        [(0, format!("key \"{none}\" doesn't exist"))],
    )?;
    match consul
        .client
        .txn()
        .get_tree(format!("{none}/"))
        .commit()
        .await?
    {
        TxnOutcome::Committed(answer) => equal("get-tree", answer.value, []),
        TxnOutcome::RolledBack(errors) => anyhow::bail!("{errors:?}"),
    }
}

async fn c22_64_operations_are_allowed_and_65_are_not(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let op = |number: usize| json!({"KV": {"Verb": "set", "Key": consul.key(&number.to_string())}});
    let ops = |count: usize| Value::from((0..count).map(op).collect::<Vec<_>>()).to_string();
    let text = "Transaction contains too many operations (65 > 64)";
    consul.expect("PUT", TXN, ops(65), (413, text)).await?;
    equal(
        "none",
        consul.client.kv().keys(consul.prefix(), None).await?.len(),
        0,
    )?;
    consul.ask("PUT", TXN, ops(64)).await?;
    equal(
        "all",
        consul.client.kv().keys(consul.prefix(), None).await?.len(),
        64,
    )
}

async fn c40_a_lost_lock_fences_writes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (lock, data) = (consul.key("lock"), consul.key("data"));
    let session = consul.session(json!({})).await?;
    ensure!(consul.put(&lock, &format!("acquire={session}"), "").await?);
    let write = |value: &'static str| {
        let txn = consul.client.txn().check_session(&lock, &session);
        txn.set(&data, value).commit()
    };
    ensure!(write("safe").await?.is_committed());
    let before = consul.entry(&data).await?;
    consul.destroy(&session).await?;
    let errors = rolled_back(write("late").await?)?;
    let text = |current: &str| {
        let check = format!("failed session check for key \"{lock}\"");
        format!("{check}, current session \"{current}\" != \"{session}\"")
    };
    equal("nobody holds it", errors, [(0, text(""))])?;
    let next = consul.session(json!({})).await?;
    ensure!(consul.put(&lock, &format!("acquire={next}"), "").await?);
    equal(
        "another holds it",
        rolled_back(write("late").await?)?,
        [(0, text(&next))],
    )?;
    equal("unchanged", consul.entry(&data).await?, before)?;
    consul.delete(&lock, "").await?;
    let gone = format!("failed to check session, key \"{lock}\" doesn't exist");
    equal(
        "there is no lock",
        rolled_back(write("late").await?)?,
        [(0, gone)],
    )
}

async fn a_transaction_has_one_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let keys = ["a", "b", "c"].map(|name| consul.key(name));
    let mut txn = consul.client.txn();
    for key in &keys {
        txn = txn.set(key, "v");
    }
    ensure!(txn.commit().await?.is_committed());
    let mut indexes = Vec::new();
    for key in &keys {
        let entry = consul.entry(key).await?;
        indexes.extend([entry.create_index, entry.modify_index]);
    }
    ensure!(
        indexes.iter().all(|index| *index == indexes[0]),
        "{indexes:?}"
    );
    Ok(())
}

async fn operations_see_what_those_before_them_wrote(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (a, b) = (consul.key("a"), consul.key("b"));
    let txn = consul.client.txn();
    let txn = txn
        .set(&a, "1")
        .get(&a)
        .set(&b, "2")
        .delete(&a)
        .check_not_exists(&a)
        .get_tree(consul.prefix());
    match txn.commit().await? {
        TxnOutcome::Committed(answer) => {
            let values = answer
                .value
                .iter()
                .map(|row| row.kv.as_ref().map(|kv| kv.value.clone()));
            let expected = ["", "1", "", "2"].map(|text| Some(text.into()));
            equal("rows", values.collect::<Vec<_>>(), expected)?;
        }
        TxnOutcome::RolledBack(errors) => anyhow::bail!("{errors:?}"),
    }
    let txn = consul.client.txn().delete_tree(consul.prefix()).get(&b);
    let gone = format!("key \"{b}\" doesn't exist");
    equal("errors", rolled_back(txn.commit().await?)?, [(1, gone)])?;
    equal("rolled back", consul.entry(&b).await?.value, "2")
}

async fn rows_are_those_of_operations_that_have_any(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let (a, b) = (consul.key("a"), consul.key("b"));
    consul.put(&a, "flags=3", "1").await?;
    let before = consul.entry(&a).await?;
    let txn = consul.client.txn();
    let txn = txn
        .delete(&b)
        .check_not_exists(&b)
        .check_index(&a, before.modify_index)
        .delete_tree(&b)
        .get(&a);
    let TxnOutcome::Committed(answer) = txn.commit().await? else {
        anyhow::bail!("rolled back");
    };
    let rows: Vec<_> = answer
        .value
        .into_iter()
        .map(|TxnResult { kv, .. }| kv)
        .collect();
    let mut checked = before.clone();
    checked.value.clear();
    equal("rows", rows, [Some(checked), Some(before)])
}

async fn a_list_of_reads_says_more_than_one_with_writes(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let key = consul.key("k");
    consul.put(&key, "", "v").await?;
    let read = json!({"KV": {"Verb": "get", "Key": key}});
    let write = json!({"KV": {"Verb": "delete", "Key": consul.key("none")}});
    let fields = async |ops: Value, parameters: &str| {
        let text = consul
            .ask("PUT", &format!("{TXN}{parameters}"), ops.to_string())
            .await?;
        let answer: Value = serde_json::from_str(&text)?;
        anyhow::Ok(
            answer
                .as_object()
                .map(|fields| fields.keys().cloned().collect::<Vec<_>>()),
        )
    };
    let more = [
        "ConsistencyLevel",
        "Errors",
        "Index",
        "KnownLeader",
        "LastContact",
        "Results",
    ];
    for parameters in ["", "?stale", "?consistent"] {
        let found = fields(json!([read]), parameters).await?;
        equal(parameters, found, Some(more.map(str::to_owned).to_vec()))?;
    }
    let found = fields(json!([read, write]), "").await?;
    equal(
        "with a write",
        found,
        Some(["Errors", "Results"].map(str::to_owned).to_vec()),
    )
}

async fn the_answer_has_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let write = json!([{"KV": {"Verb": "set", "Key": key}}]).to_string();
    let read = json!([{"KV": {"Verb": "get", "Key": key}}]).to_string();
    let write = consul.send("PUT", TXN, write).await?;
    let read = consul.send("PUT", TXN, read).await?;
    for answer in [&write, &read] {
        equal("status", answer.status, 200)?;
        equal("index", answer.header("X-Consul-Index"), None)?;
    }
    equal(
        "a read knows the leader",
        read.header("X-Consul-KnownLeader"),
        Some("true"),
    )?;
    equal(
        "a write does not",
        write.header("X-Consul-KnownLeader"),
        None,
    )
}

async fn nothing_to_do_is_fine(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for body in ["[]", "[{}]", "null"] {
        let text = consul.ask("PUT", TXN, body).await?;
        ensure!(
            text.starts_with("{\"Results\":[],\"Errors\":null"),
            "{body}: {text}"
        );
    }
    Ok(())
}

async fn malformed_transactions_are_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (body, text) in [
        ("", "EOF"),
        ("[{", "unexpected EOF"),
        (
            "{}",
            "json: cannot unmarshal object into Go value of type api.TxnOps",
        ),
        (
            r#"[{"KV":{"Verb":"set","Key":"k","Value":"*"}}]"#,
            "illegal base64 data at input byte 0",
        ),
    ] {
        let text = format!("Failed to parse body: {text}");
        consul.expect("PUT", TXN, body, (400, &text)).await?;
    }
    let target = "/v1/txn?stale&consistent";
    let text = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    consul.expect("PUT", target, "[]", (400, text)).await?;
    Ok(())
}

async fn a_body_over_512_kib_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let body = |len: usize| {
        let empty = json!([{"KV": {"Verb": "set", "Key": key, "Value": ""}}]).to_string();
        let (head, tail) = empty.split_at(empty.find("\"Value\":\"").unwrap_or(0) + 9);
        // Base64 in whole groups; the rest is blanks behind the list.
        let value = "QUFB".repeat((len - empty.len()) / 4);
        format!(
            "{head}{value}{tail:<width$}",
            width = len - head.len() - value.len()
        )
    };
    ensure!(body(524_288).len() == 524_288 && body(524_289).len() == 524_289);
    let text = "Request body(524289 bytes) too large, max size: 524288 bytes. See \
                https://www.consul.io/docs/agent/options.html#txn_max_req_len.";
    consul
        .expect("PUT", TXN, body(524_289), (413, text))
        .await?;
    consul.ask("PUT", TXN, body(524_288)).await?;
    ensure!(
        consul
            .entry(&key)
            .await?
            .value
            .iter()
            .all(|byte| *byte == b'A')
    );
    Ok(())
}

async fn names_of_fields_match_in_any_case(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let ops = json!([{"kv": {"verb": "set", "KEY": key, "value": "dg==", "fLaGs": 5}}]);
    consul.ask("PUT", TXN, ops.to_string()).await?;
    let entry = consul.entry(&key).await?;
    equal("entry", (entry.value, entry.flags), ("v".into(), 5))
}

async fn the_same_key_may_be_written_twice(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let key = consul.key("k");
    let txn = consul.client.txn().set(&key, "1").set(&key, "2").get(&key);
    let TxnOutcome::Committed(answer) = txn.commit().await? else {
        anyhow::bail!("rolled back");
    };
    equal("rows", answer.value.len(), 3)?;
    let entry = consul.entry(&key).await?;
    equal("value", entry.value, "2")?;
    equal("one index", entry.create_index, entry.modify_index)
}

async fn a_transaction_writes_keys_that_no_path_reaches(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let names = ["a//b", "a/./b", "a/../b", "a\tb\nc", "u\u{2028}v"].map(|name| consul.key(name));
    let mut txn = consul.client.txn();
    for name in &names {
        txn = txn.set(name, name.clone());
    }
    ensure!(txn.commit().await?.is_committed());
    let mut sorted = names.to_vec();
    sorted.sort();
    equal(
        "listed",
        consul.client.kv().keys(consul.prefix(), None).await?,
        sorted,
    )?;
    let TxnOutcome::Committed(answer) = consul.client.txn().get(&names[0]).commit().await? else {
        anyhow::bail!("rolled back");
    };
    let row = answer.value.into_iter().next().and_then(|row| row.kv);
    equal("read", row.map(|entry| entry.key), Some(names[0].clone()))
}

async fn a_transaction_wakes_blocked_reads_once(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let keys = ["a", "b"].map(|name| consul.key(name));
    for key in &keys {
        consul.put(key, "", "old").await?;
    }
    let index = consul.index(consul.prefix(), "recurse").await?;
    let target = format!(
        "{}?recurse&index={index}&wait=40s",
        super::target::kv(consul.prefix())
    );
    let write = async {
        tokio::time::sleep(crate::protocol::PARKED).await;
        let txn = consul
            .client
            .txn()
            .set(&keys[0], "new")
            .set(&keys[1], "new");
        anyhow::Ok(txn.commit().await?)
    };
    let (read, written) = tokio::join!(consul.send("GET", &target, ""), write);
    ensure!(written?.is_committed());
    let entries: Vec<quorate_consul::KvEntry> = serde_json::from_slice(&read?.body)?;
    let values: Vec<_> = entries.into_iter().map(|entry| entry.value).collect();
    equal("both are new", values, ["new", "new"])
}
