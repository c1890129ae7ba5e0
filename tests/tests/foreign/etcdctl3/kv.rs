//! `etcdctl put`, `get`, `del` and `compaction`.

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::{Etcd3, field};

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        put_and_get_keep_a_value,
        put_keeps_what_it_is_told_to_keep,
        get_reads_ranges_in_each_way,
        get_sorts_in_each_way,
        get_reads_the_past_until_it_is_compacted,
        what_is_read_is_printed_in_each_way,
        del_removes_keys_and_ranges,
    ]
    .into()
}

async fn put_and_get_keep_a_value(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    for value in ["one", "two words & = ; + %", "\u{e9}", ""] {
        etcd.says(&["put", key, value], "OK\n").await?;
        etcd.says(&["get", key], &format!("{key}\n{value}\n"))
            .await?;
        let found = etcd.client.kv().get(key).await?.context("no key")?;
        ensure!(found.value == value, "{found:?}");
    }
    etcd.says(&["put", key, "--", "-dash"], "OK\n").await?;
    etcd.says(
        &["put", key, "2", "--prev-kv"],
        &format!("OK\n{key}\n-dash\n"),
    )
    .await?;
    ensure!(etcd.run_with(&["put", key], "piped").await? == "OK\n");
    etcd.says(&["get", key, "--print-value-only"], "piped\n")
        .await?;
    etcd.says(&["get", key, "--consistency=s"], &format!("{key}\npiped\n"))
        .await?;
    etcd.says(&["get", &etcd.key("none")], "").await?;
    etcd.refuses(&["put", "", "x"], "etcdserver: key is not provided")
        .await?;
    let large = "x".repeat(1_600_000);
    let refused = etcd.etcdctl(&["put", key])?.input(large).run().await?;
    ensure!(
        refused.stderr.contains("etcdserver: request is too large"),
        "{}",
        refused.stderr
    );
    Ok(())
}

async fn put_keeps_what_it_is_told_to_keep(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let (key, none) = (&etcd.key("f"), &etcd.key("none"));
    let lease = etcd.json(&["lease", "grant", "1000"]).await?["ID"].to_string();
    let lease = format!("{:x}", lease.parse::<i64>()?);
    etcd.says(&["put", key, "1", "--lease", &lease], "OK\n")
        .await?;
    etcd.says(&["put", key, "2", "--ignore-lease"], "OK\n")
        .await?;
    let attached = etcd.run(&["lease", "timetolive", &lease, "--keys"]).await?;
    ensure!(
        attached.ends_with(&format!("attached keys([{key}])\n")),
        "{attached}"
    );
    etcd.says(&["put", key, "--ignore-value"], "OK\n").await?;
    let found = etcd.client.kv().get(key).await?.context("no key")?;
    ensure!(
        found.value == "2" && found.version == 3 && found.lease.is_none(),
        "{found:?}"
    );
    for refused in [
        &["put", none, "--ignore-value"][..],
        &["put", none, "v", "--ignore-lease"],
    ] {
        etcd.refuses(refused, "etcdserver: key not found").await?;
    }
    let unknown = ["put", key, "v", "--lease=1234"];
    etcd.refuses(&unknown, "etcdserver: requested lease not found")
        .await
}

/// Puts four keys, and gives what all of them begin with.
async fn four(etcd: &Subject<Etcd3>) -> anyhow::Result<String> {
    for (name, value) in [("b", "1"), ("a", "4"), ("c", "3"), ("a", "2"), ("a/a", "0")] {
        etcd.client
            .kv()
            .put(etcd.key(&format!("r/{name}")), value)
            .await?;
    }
    Ok(etcd.key("r/"))
}

/// The ends of the keys that a command prints.
async fn keys(etcd: &Etcd3, root: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let shown = etcd
        .run(&[&["get", "--keys-only"][..], arguments].concat())
        .await?;
    let names = shown.lines().filter_map(|line| line.strip_prefix(root));
    Ok(names.collect::<Vec<_>>().join(" "))
}

async fn get_reads_ranges_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let root = &four(etcd).await?;
    let (a, c) = (&format!("{root}a"), &format!("{root}c"));
    for (arguments, expected) in [
        (&[root, "--prefix"][..], "a a/a b c"),
        (&[a, "--prefix"], "a a/a"),
        (&[a, c], "a a/a b"),
        (&[c, a], ""),
        (&[root, "--prefix", "--limit=2"], "a a/a"),
        (&[root, "--prefix", "--consistency=s"], "a a/a b c"),
    ] {
        let shown = keys(etcd, root, arguments).await?;
        ensure!(shown == expected, "{arguments:?}: {shown}");
    }
    let shown = keys(etcd, root, &[a, "--from-key"]).await?;
    ensure!(shown.starts_with("a a/a b c"), "{shown}");
    let values = ["get", root, "--prefix", "--print-value-only"];
    etcd.says(&values, "2\n0\n1\n3\n").await?;
    let count = ["get", root, "--prefix", "--count-only", "-w", "fields"];
    let count = etcd.run(&count).await?;
    ensure!(
        field(&count, "Count")? == "4" && !count.contains("Key"),
        "{count}"
    );
    let limited = etcd.json(&["get", root, "--prefix", "--limit=1"]).await?;
    ensure!(
        limited["more"] == true && limited["count"] == 4,
        "{limited}"
    );
    // An empty key is the first of all.
    let all = etcd.run(&["get", "", "--prefix", "--keys-only"]).await?;
    ensure!(all.contains(&format!("{a}\n")), "{all}");
    Ok(())
}

async fn get_sorts_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let root = &four(etcd).await?;
    for (by, up, down) in [
        ("KEY", "a a/a b c", "c b a/a a"),
        ("VALUE", "a/a b a c", "c a b a/a"),
        ("CREATE", "b a c a/a", "a/a c a b"),
        ("MODIFY", "b c a a/a", "a/a a c b"),
        ("VERSION", "a/a b c a", "a a/a b c"),
    ] {
        for (order, expected) in [("ASCEND", up), ("DESCEND", down)] {
            let arguments = [root, "--prefix", "--sort-by", by, "--order", order];
            let shown = keys(etcd, root, &arguments).await?;
            ensure!(shown == expected, "{by} {order}: {shown}");
        }
    }
    let first = [root, "--prefix", "--sort-by=VALUE", "--limit=1"];
    ensure!(keys(etcd, root, &first).await? == "a/a");
    Ok(())
}

async fn get_reads_the_past_until_it_is_compacted(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    // What is compacted is so for everybody.
    let own = etcd.alone().await?;
    let mut revisions = Vec::new();
    for value in ["1", "2", "3"] {
        own.run(&["put", "f", value]).await?;
        revisions.push(own.revision().await?);
    }
    let at = |index: usize| format!("--rev={}", revisions[index]);
    for (index, value) in ["1", "2", "3"].into_iter().enumerate() {
        own.says(&["get", "f", &at(index)], &format!("f\n{value}\n"))
            .await?;
    }
    let second = revisions[1].to_string();
    own.says(
        &["compaction", &second],
        &format!("compacted revision {second}\n"),
    )
    .await?;
    let gone = "etcdserver: mvcc: required revision has been compacted";
    own.refuses(&["get", "f", &at(0)], gone).await?;
    own.refuses(&["compaction", &second], gone).await?;
    own.says(&["get", "f", &at(1)], "f\n2\n").await?;
    let future = "etcdserver: mvcc: required revision is a future revision";
    own.refuses(&["get", "f", "--rev=1000"], future).await?;
    own.refuses(&["compaction", "1000"], future).await?;
    let third = revisions[2].to_string();
    let all = ["compaction", "--physical", &third];
    own.says(&all, &format!("compacted revision {third}\n"))
        .await?;
    own.says(&["get", "f"], "f\n3\n").await
}

async fn what_is_read_is_printed_in_each_way(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let key = &etcd.key("f");
    etcd.client.kv().put(key, b"\x00v\xff".to_vec()).await?;
    let found = etcd.client.kv().get(key).await?.context("no key")?;
    let revision = found.mod_revision;
    let header = etcd.client.maintenance().status().await?.header;
    let fields = etcd.run(&["get", key, "-w", "fields"]).await?;
    for (name, expected) in [
        ("ClusterID", header.cluster_id.to_string()),
        ("MemberID", header.member_id.to_string()),
        ("RaftTerm", header.raft_term.to_string()),
        ("Key", format!("\"{key}\"")),
        ("CreateRevision", revision.to_string()),
        ("ModRevision", revision.to_string()),
        ("Version", "1".to_owned()),
        ("Value", "\"\\x00v\\xff\"".to_owned()),
        ("Lease", "0".to_owned()),
        ("More", "false".to_owned()),
        ("Count", "1".to_owned()),
    ] {
        ensure!(field(&fields, name)? == expected, "{name}: {fields}");
    }
    let json = etcd.json(&["get", key]).await?;
    ensure!(
        json["kvs"][0]["value"] == "AHb/" && json["kvs"][0]["mod_revision"] == revision,
        "{json}"
    );
    let hex = etcd.run(&["get", key, "--hex"]).await?;
    ensure!(hex.ends_with("\n\\x00\\x76\\xff\n"), "{hex}");
    let raw = etcd.etcdctl(&["get", key, "-w", "protobuf"])?.run().await?;
    ensure!(
        raw.bytes.starts_with(b"\x0a") && raw.bytes.windows(3).any(|part| part == b"\x00v\xff"),
        "{raw:?}"
    );
    Ok(())
}

async fn del_removes_keys_and_ranges(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let root = &four(etcd).await?;
    let (a, b, c) = (
        &format!("{root}a"),
        &format!("{root}b"),
        &format!("{root}c"),
    );
    etcd.says(&["del", b], "1\n").await?;
    etcd.says(&["del", b], "0\n").await?;
    etcd.says(&["del", c, "--prev-kv"], &format!("1\n{c}\n3\n"))
        .await?;
    etcd.says(&["del", a, c], "2\n").await?;
    four(etcd).await?;
    etcd.says(&["del", a, c, "--range"], "3\n").await?;
    four(etcd).await?;
    let shown = etcd.run(&["del", root, "--prefix", "--prev-kv"]).await?;
    ensure!(
        shown == format!("4\n{a}\n2\n{a}/a\n0\n{b}\n1\n{c}\n3\n"),
        "{shown}"
    );
    let own = etcd.alone().await?;
    for key in ["a", "b", "c"] {
        own.run(&["put", key, "1"]).await?;
    }
    own.says(&["del", "b", "--from-key"], "2\n").await?;
    own.says(&["del", "", "--prefix"], "1\n").await
}
