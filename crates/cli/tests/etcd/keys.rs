use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::beside::{ALL, Compare, ETCDCTL};
use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        reads_print_what_etcdctl_prints needs [ETCDCTL],
        writes_print_what_etcdctl_prints needs [ETCDCTL],
        keys_are_written_read_and_deleted,
        a_range_has_every_option_of_etcdctl,
        a_value_comes_from_standard_input_and_is_bytes,
        a_switch_takes_a_value_as_in_go,
        values_and_leases_are_left_as_they_are,
        programs_get_json_with_either_option,
    ]
    .into()
}

/// Nothing else happens on its server, so that both see the same revision.
async fn reads_print_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    for (key, value) in [("a", "1"), ("b", "{\"x\":\"ü<&>\"}"), ("c", "two\nlines")] {
        server.ok_with(format!("put br/{key}"), value).await?;
    }
    server.ok_with("put br/bin", "\u{1}\u{7f}\t\\").await?;
    let lease = server.ok("lease grant 1000").await?;
    let lease = lease.split(' ').nth(1).unwrap_or_default();
    server
        .ok(format!("put --lease {lease} br/leased x"))
        .await?;
    for line in [
        "get br/a",
        "get br/b",
        "get br/bin",
        "get br/none",
        "get br/leased",
        "get --hex br/b",
        "get --prefix br/",
        "get --prefix br/ --keys-only",
        "get --prefix=true br/ --limit 2",
        "get --prefix br/ --sort-by VALUE --order DESCEND",
        "get --prefix br/ --sort-by modify",
        "get --from-key br/b --limit=2",
        "get br/a br/c",
        "get br/c br/a",
        "get '' --prefix --limit=1",
        "get br/a --consistency=s",
    ] {
        server.same(line, Compare::Bytes).await?;
    }
    server
        .same_with("get --prefix br/", "", Compare::Bytes, &ALL)
        .await?;
    let values = "get --prefix br/ --print-value-only";
    server
        .same_with(values, "", Compare::Bytes, &["simple"])
        .await?;
    let count = "get --prefix br/ --count-only";
    server
        .same_with(count, "", Compare::Bytes, &["fields"])
        .await
}

async fn writes_print_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    for line in [
        "put bw/a 1",
        "put bw/a 2 --prev-kv",
        "put bw/a --ignore-value --prev-kv",
        "put -- bw/dash -v-",
        "del bw/none",
        "del bw/none --prev-kv",
    ] {
        server.same(line, Compare::Words).await?;
    }
    for form in ["simple", "json", "fields"] {
        for (at, program) in ["theirs", "ours"].into_iter().enumerate() {
            server.ok(format!("put bw/{form}/{at}/x {program}")).await?;
            server.ok(format!("put bw/{form}/{at}/y {program}")).await?;
        }
        let (_, theirs) = server
            .etcdctl(
                &format!("-w {form} del --prefix --prev-kv bw/{form}/0/"),
                "",
            )
            .await?;
        let ours = server
            .ok(format!("-w {form} del --prefix --prev-kv bw/{form}/1/"))
            .await?;
        let lines = |text: &str| text.lines().count();
        let theirs = String::from_utf8(theirs)?;
        ensure!(lines(&theirs) == lines(&ours), "{theirs}{ours}");
    }
    Ok(())
}

async fn keys_are_written_read_and_deleted(server: &Subject<Server>) -> anyhow::Result<()> {
    server.prints("put kw/a 'Hello world'", "OK\n").await?;
    server.prints("get kw/a", "kw/a\nHello world\n").await?;
    server
        .prints("put kw/a '' --prev-kv", "OK\nkw/a\nHello world\n")
        .await?;
    server.prints("get kw/a", "kw/a\n\n").await?;
    server.prints("del kw/a --prev-kv", "1\nkw/a\n\n").await?;
    server.prints("get kw/a", "").await?;
    server.prints("del kw/a", "0\n").await
}

async fn a_range_has_every_option_of_etcdctl(server: &Subject<Server>) -> anyhow::Result<()> {
    for (key, value) in [("kr/a", "3"), ("kr/b", "2"), ("kr/c", "1")] {
        server.ok(format!("put {key} {value}")).await?;
    }
    let values = |options: &str| format!("get --print-value-only --prefix kr/ {options}");
    server.prints(values(""), "3\n2\n1\n").await?;
    server
        .prints(values("--sort-by value"), "1\n2\n3\n")
        .await?;
    server
        .prints(values("--order DESCEND --limit 2"), "1\n2\n")
        .await?;
    server
        .prints("get kr/a kr/c --print-value-only", "3\n2\n")
        .await?;
    server.prints("get kr/b --keys-only", "kr/b\n\n").await?;
    server
        .prints("get --prefix kr/ --count-only", "3\n")
        .await?;
    server
        .prints("--hex get kr/a", "\\x6b\\x72\\x2f\\x61\n\\x33\n")
        .await?;
    let json = server.json("get kr/a").await?;
    let revision = json["kvs"][0]["mod_revision"].clone();
    server.ok("put kr/a later").await?;
    let then = format!("get kr/a --print-value-only --rev {revision}");
    server.prints(then, "3\n").await
}

async fn a_value_comes_from_standard_input_and_is_bytes(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server.ok_with("put ks/a", "two\nlines\n").await?;
    server
        .prints("get ks/a --print-value-only", "two\nlines\n\n")
        .await?;
    let said = server.fails("put ks/a", 2).await?;
    ensure!(said.contains("quorate etcd put ks/a ''"), "{said}");
    server.ok("put -- ks/b -v-").await?;
    server.prints("get ks/b", "ks/b\n-v-\n").await
}

async fn a_switch_takes_a_value_as_in_go(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("put kg/a 1").await?;
    server
        .prints("get --prefix=true kg/ --keys-only=false", "kg/a\n1\n")
        .await?;
    server.prints("get --prefix=false kg/", "").await?;
    let said = server.fails("get --prefix=perhaps kg/", 2).await?;
    ensure!(said.contains("neither true nor false"), "{said}");
    Ok(())
}

async fn values_and_leases_are_left_as_they_are(server: &Subject<Server>) -> anyhow::Result<()> {
    let lease = server.json("lease grant 1000").await?["ID"].clone();
    let id = format!("{:x}", lease.as_i64().unwrap_or_default());
    server.ok(format!("put --lease={id} kl/a 1")).await?;
    server.ok("put --ignore-lease kl/a 2").await?;
    ensure!(server.json("get kl/a").await?["kvs"][0]["lease"] == lease);
    server.ok("put --ignore-value kl/a").await?;
    let json = server.json("get kl/a").await?;
    ensure!(
        json["kvs"][0]["lease"].is_null() && json["kvs"][0]["value"] == "Mg==",
        "{json}"
    );
    let said = server.fails("put --ignore-value kl/none", 2).await?;
    ensure!(said.contains("key not found"), "{said}");
    Ok(())
}

async fn programs_get_json_with_either_option(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.ok("put kj/a 1").await?;
    let ours = server.ok("-o json get kj/a").await?;
    ensure!(ours == server.ok("-w json get kj/a").await?);
    let ours = server.ok("-o extended get kj/a").await?;
    ensure!(ours == server.ok("-w fields get kj/a").await?);
    // What etcdctl says in words alone is JSON for those who ask for it as everywhere.
    let json = server.json("compaction --physical 2").await?;
    ensure!(json["header"]["cluster_id"].is_u64(), "{json}");
    server.fails("-w json compaction 2", 3).await.map(drop)
}
