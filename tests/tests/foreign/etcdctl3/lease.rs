//! `etcdctl lease`.

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::{Etcd3, field};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        a_lease_that_nobody_renews_ends_with_its_keys,
        keep_alive_renews_until_the_lease_is_gone,
        leases_are_granted_listed_and_revoked,
        a_lease_is_printed_in_each_way,
        leases_that_can_not_be_are_refused,
    ]
    .into()
}

/// Grants a lease: its id as the command takes it.
async fn grant(etcd: &Etcd3, seconds: &str) -> anyhow::Result<String> {
    let said = etcd.run(&["lease", "grant", seconds]).await?;
    let words: Vec<_> = said.split_whitespace().collect();
    let [_, id, ..] = words.as_slice() else {
        anyhow::bail!("{said}");
    };
    ensure!(
        said == format!("lease {id} granted with TTL({seconds}s)\n") && id.len() == 16,
        "{said}"
    );
    Ok((*id).to_owned())
}

async fn leases_are_granted_listed_and_revoked(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.says(&["lease", "list"], "found 0 leases\n").await?;
    let id = &grant(&own, "1000").await?;
    for key in ["b", "a"] {
        own.run(&["put", key, "1", "--lease", id]).await?;
    }
    own.says(&["lease", "list"], &format!("found 1 leases\n{id}\n"))
        .await?;
    let shown = own.run(&["lease", "timetolive", id]).await?;
    ensure!(
        shown.starts_with(&format!("lease {id} granted with TTL(1000s), remaining(")),
        "{shown}"
    );
    let shown = own.run(&["lease", "timetolive", id, "--keys"]).await?;
    ensure!(
        shown.ends_with("), attached keys([a b])\n")
            || shown.ends_with("), attached keys([b a])\n"),
        "{shown}"
    );
    own.says(&["lease", "revoke", id], &format!("lease {id} revoked\n"))
        .await?;
    own.says(&["get", "", "--prefix"], "").await?;
    own.says(&["lease", "list"], "found 0 leases\n").await?;
    let gone = "failed to revoke lease (etcdserver: requested lease not found)";
    own.refuses(&["lease", "revoke", id], gone).await?;
    own.says(
        &["lease", "timetolive", id],
        &format!("lease {id} already expired\n"),
    )
    .await
}

async fn keep_alive_renews_until_the_lease_is_gone(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let id = &grant(etcd, "12").await?;
    let once = ["lease", "keep-alive", "--once", id];
    etcd.says(&once, &format!("lease {id} keepalived with TTL(12)\n"))
        .await?;
    let key = &etcd.key("f");
    etcd.run(&["put", key, "1", "--lease", id]).await?;
    let keeper = etcd.tell(&["lease", "keep-alive", id])?;
    // It is renewed every third of its TTL, and outlives that.
    let renewed = format!("lease {id} keepalived with TTL(12)\n");
    keeper.until(&renewed.repeat(5)).await?;
    etcd.says(&["get", key], &format!("{key}\n1\n")).await?;
    etcd.run(&["lease", "revoke", id]).await?;
    keeper
        .until(&format!("lease {id} expired or revoked.\n"))
        .await?;
    let done = keeper.running.end().await?;
    ensure!(done.code == 0, "{done:?}");
    etcd.says(
        &["lease", "keep-alive", id],
        &format!("lease {id} expired or revoked.\n"),
    )
    .await?;
    let gone = etcd.refused(&once).await?;
    ensure!(gone == "etcdserver: requested lease not found", "{gone}");
    Ok(())
}

async fn a_lease_that_nobody_renews_ends_with_its_keys(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    let revision = etcd.client.kv().put(key, "0").await?.header.revision;
    // Two seconds are the least.
    let said = etcd.run(&["lease", "grant", "1"]).await?;
    let id = said.split_whitespace().nth(1).context("no lease")?;
    ensure!(
        said == format!("lease {id} granted with TTL(2s)\n"),
        "{said}"
    );
    // Another one, which lasts until the next command has begun.
    let id = &grant(etcd, "15").await?;
    etcd.run(&["put", key, "1", "--lease", id]).await?;
    let watch = etcd.tell(&["watch", key, &format!("--rev={revision}")])?;
    watch.until(&format!("DELETE\n{key}\n")).await?;
    watch.interrupt().await?;
    etcd.says(
        &["lease", "timetolive", id],
        &format!("lease {id} already expired\n"),
    )
    .await
}

async fn a_lease_is_printed_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    let granted = own.json(&["lease", "grant", "1000"]).await?;
    ensure!(
        granted["TTL"] == 1000 && granted["Error"] == "",
        "{granted}"
    );
    let number = granted["ID"].as_i64().context("no id")?;
    let id = &format!("{number:016x}");
    own.run(&["put", "f", "1", "--lease", id]).await?;
    let info = own.json(&["lease", "timetolive", id, "--keys"]).await?;
    ensure!(
        info["granted-ttl"] == 1000 && info["keys"] == serde_json::json!(["Zg=="]),
        "{info}"
    );
    let fields = own
        .run(&["lease", "timetolive", id, "--keys", "-w", "fields"])
        .await?;
    ensure!(
        field(&fields, "GrantedTTL")? == "1000" && field(&fields, "Key")? == "\"f\"",
        "{fields}"
    );
    let listed = own.json(&["lease", "list"]).await?;
    ensure!(listed["leases"][0]["id"] == number, "{listed}");
    let renewed = own.json(&["lease", "keep-alive", "--once", id]).await?;
    ensure!(
        renewed["ID"] == number && renewed["TTL"] == 1000,
        "{renewed}"
    );
    let revoked = own.run(&["lease", "revoke", id, "-w", "fields"]).await?;
    ensure!(field(&revoked, "Revision")? == "3", "{revoked}");
    Ok(())
}

async fn leases_that_can_not_be_are_refused(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let large = ["lease", "grant", "9000000001"];
    let said = "failed to grant lease (etcdserver: too large lease TTL)";
    etcd.refuses(&large, said).await?;
    for (arguments, said) in [
        (&["lease", "grant", "x"][..], "bad TTL"),
        (&["lease", "revoke", "zz"], "bad lease ID arg"),
        (&["lease", "timetolive"], "lease timetolive command needs"),
    ] {
        let refused = etcd.refused(arguments).await?;
        ensure!(refused.starts_with(said), "{arguments:?}: {refused}");
    }
    Ok(())
}
