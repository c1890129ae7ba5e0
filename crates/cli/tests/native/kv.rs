use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::json;

use crate::program::{Server, text};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        kv_a_value_is_written_read_and_deleted,
        kv_conditions_decide,
        kv_sessions_hold_keys,
        kv_an_export_is_imported,
        txn_operations_happen_together_or_not_at_all,
    ]
    .into()
}

async fn kv_a_value_is_written_read_and_deleted(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = |name: &str| server.key(name);
    ensure!(
        server
            .ok(format!("kv put --flags 42 {} 1", key("a")))
            .await?
            .is_empty()
    );
    server.write("file", "from a file\n")?;
    server.ok(format!("kv put {} @file", key("d/b"))).await?;
    server
        .ok_with(format!("kv put {} -", key("d/c")), "from stdin")
        .await?;
    server
        .ok(format!("kv put --base64 {} aGVsbG8=", key("e")))
        .await?;
    server.ok(format!("kv put {}", key("empty"))).await?;
    for (name, value) in [
        ("a", "1"),
        ("d/b", "from a file\n"),
        ("d/c", "from stdin"),
        ("e", "hello"),
        ("empty", ""),
    ] {
        let found = server.ok(format!("kv get {}", key(name))).await?;
        ensure!(found == value, "{name}: {found:?}");
    }
    ensure!(server.ok(format!("kv get --base64 {}", key("a"))).await? == "MQ==\n");
    let detailed = server.ok(format!("kv get --detailed {}", key("a"))).await?;
    ensure!(detailed.contains("Flags        42\n"), "{detailed}");
    let entry = server.json(format!("kv get {}", key("a"))).await?;
    ensure!(
        entry["Flags"] == 42 && text(&entry, "Value") == "MQ==",
        "{entry}"
    );
    let keys = server
        .ok(format!("kv get --keys {}", server.prefix()))
        .await?;
    let all = |names: &[&str]| -> String { names.iter().map(|name| key(name) + "\n").collect() };
    ensure!(keys == all(&["a", "d/", "e", "empty"]), "{keys}");
    let keys = format!("kv get --keys --separator '' {}", server.prefix());
    ensure!(server.ok(keys).await? == all(&["a", "d/b", "d/c", "e", "empty"]));
    let recurse = server
        .ok(format!("kv get --recurse {}", key("d/c")))
        .await?;
    ensure!(
        recurse == format!("{}:from stdin\n", key("d/c")),
        "{recurse}"
    );
    server.ok(format!("kv delete {}", key("a"))).await?;
    server.fails(format!("kv get {}", key("a")), 3).await?;
    server
        .ok(format!("kv delete --recurse {}", server.prefix()))
        .await?;
    ensure!(
        server
            .json(format!("kv get --recurse {}", server.prefix()))
            .await?
            == json!([])
    );
    server
        .fails(format!("kv put --base64 {} %%", key("x")), 2)
        .await?;
    for wrong in ["kv delete", "kv get", "kv put --cas a b"] {
        server.fails(wrong, 2).await?;
    }
    Ok(())
}

async fn kv_conditions_decide(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = server.key("k");
    let create = format!("kv put --cas --modify-index 0 {key} 1");
    server.ok(&create).await?;
    let said = server.fails(create, 4).await?;
    ensure!(said.contains("kv get --detailed"), "{said}");
    let entry = server.json(format!("kv get {key}")).await?;
    let index = entry["ModifyIndex"].to_string();
    server
        .ok(format!("kv put --cas --modify-index {index} {key} 2"))
        .await?;
    let delete = format!("kv delete --cas --modify-index {index} {key}");
    server.fails(delete, 4).await?;
    let entry = server.json(format!("kv get {key}")).await?;
    let index = entry["ModifyIndex"].to_string();
    server
        .ok(format!("kv delete --cas --modify-index {index} {key}"))
        .await?;
    server.fails(format!("kv get {key}"), 3).await?;
    Ok(())
}

async fn kv_sessions_hold_keys(server: &Subject<Server>) -> anyhow::Result<()> {
    let key = server.key("lock");
    let mut ids = Vec::new();
    for _ in 0..2 {
        let create = "session create --no-checks --lock-delay 0s";
        ids.push(server.ok(create).await?.trim().to_owned());
    }
    let put = |verb, session| format!("kv put {verb} --session {session} {key} v");
    server.ok(put("--acquire", &ids[0])).await?;
    server.fails(put("--acquire", &ids[1]), 4).await?;
    let entry = server.json(format!("kv get {key}")).await?;
    ensure!(text(&entry, "Session") == ids[0], "{entry}");
    server.fails(put("--release", &ids[1]), 4).await?;
    server.ok(put("--release", &ids[0])).await?;
    server.ok(put("--acquire", &ids[1])).await?;
    server
        .fails(format!("kv put --session {} {key}", ids[0]), 2)
        .await?;
    server.fails(format!("kv put --acquire {key}"), 2).await?;
    for id in &ids {
        server.ok(format!("session destroy {id}")).await?;
    }
    Ok(())
}

async fn kv_an_export_is_imported(server: &Subject<Server>) -> anyhow::Result<()> {
    for n in 0..3 {
        let (key, flags) = (server.key(&format!("x/{n}")), n.to_string());
        server
            .ok(format!("kv put --flags {flags} {key} '<&>'"))
            .await?;
    }
    let prefix = server.key("x/");
    let exported = server.ok(format!("kv export {prefix}")).await?;
    server.ok(format!("kv delete --recurse {prefix}")).await?;
    ensure!(server.ok(format!("kv export {prefix}")).await? == "[]\n");
    server.write("x.json", &exported)?;
    server.ok("kv import @x.json").await?;
    ensure!(server.ok(format!("kv export {prefix}")).await? == exported);
    server.ok_with("kv import -", &exported).await?;
    server.fails("kv import {}", 1).await?;
    Ok(())
}

async fn txn_operations_happen_together_or_not_at_all(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let key = server.key("t");
    let set = json!([
        {"KV": {"Verb": "set", "Key": key, "Value": "MQ=="}},
        {"KV": {"Verb": "get", "Key": key}},
    ]);
    server.write("set.json", &set.to_string())?;
    let done = server.json("txn set.json").await?;
    ensure!(text(&done["Results"][1]["KV"], "Value") == "MQ==", "{done}");
    let both = json!([
        {"KV": {"Verb": "set", "Key": key, "Value": "Mg=="}},
        {"KV": {"Verb": "check-not-exists", "Key": key}},
    ]);
    let args = "--output json consul txn";
    let rolled_back = server
        .run_as(Some("master"), args, &both.to_string())
        .await?;
    ensure!(rolled_back.code == 4, "{rolled_back:?}");
    let said: serde_json::Value = serde_json::from_str(&rolled_back.stdout)?;
    ensure!(said["Errors"][0]["OpIndex"] == 1, "{said}");
    ensure!(server.ok(format!("kv get {key}")).await? == "1");
    let wrong = server.run_as(Some("master"), args, "{}").await?;
    ensure!(wrong.code == 2, "{wrong:?}");
    Ok(())
}
