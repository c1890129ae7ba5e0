use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{Alarm, AlarmKind, Client};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::beside::{ALL, Compare, ETCDCTL};
use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        servers_and_members_print_what_etcdctl_prints needs [ETCDCTL],
        a_snapshot_has_the_status_that_etcdctl_tells needs [ETCDCTL],
        servers_say_how_they_are,
        alarms_are_listed_and_disarmed,
        history_is_compacted_and_room_given_back,
        a_snapshot_is_saved_whole,
        the_check_says_whether_it_is_fast_enough,
    ]
    .into()
}

async fn servers_and_members_print_what_etcdctl_prints(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.ok("put a 1").await?;
    for line in ["member list", "member list --hex", "endpoint hashkv"] {
        server.same_with(line, "", Compare::Bytes, &ALL).await?;
    }
    server
        .same_with("endpoint status", "", Compare::Words, &["table"])
        .await?;
    for line in [
        "alarm list",
        "endpoint hashkv --rev 2",
        "member remove 123",
        "member promote 123",
        "move-leader 123",
    ] {
        server.same(line, Compare::Bytes).await?;
    }
    // The raft index moves by itself, and times differ.
    for line in [
        "endpoint status",
        "endpoint status --cluster",
        "defrag",
        "defrag --cluster",
    ] {
        server.same(line, Compare::Words).await?;
    }
    server.same("endpoint health", Compare::Words).await?;
    server
        .same_with("alarm disarm", "", Compare::Bytes, &["simple", "json"])
        .await?;
    let client = Client::new(&server.url)?;
    let id = client
        .members()
        .list()
        .await?
        .first()
        .context("no member")?
        .id;
    client
        .maintenance()
        .raise(Alarm::new(id, AlarmKind::NoSpace))
        .await?;
    server
        .same_with("alarm list", "", Compare::Bytes, &ALL)
        .await
}

async fn servers_say_how_they_are(server: &Subject<Server>) -> anyhow::Result<()> {
    let host = server.url.trim_start_matches("http://");
    let status = server.json("endpoint status").await?;
    ensure!(status[0]["Status"]["leader"].is_u64(), "{status}");
    let dead = format!("{host},127.0.0.1:1");
    let done = server
        .run(&format!("etcd --endpoints {dead} endpoint status"), "")
        .await?;
    let said = "Failed to get the status of endpoint 127.0.0.1:1";
    ensure!(done.code == 6 && done.stderr.contains(said), "{done:?}");
    ensure!(done.stdout.starts_with(&format!("{host}, ")), "{done:?}");
    let line = format!("etcd --command-timeout 12s --endpoints {dead} endpoint health");
    let done = server.run(&line, "").await?;
    ensure!(
        done.code == 1 && done.stderr.contains("unhealthy cluster"),
        "{done:?}"
    );
    ensure!(
        done.stdout.starts_with(&format!("{host} is healthy: ")),
        "{done:?}"
    );
    let health = server.json("endpoint health --cluster").await?;
    ensure!(health[0]["health"] == true, "{health}");
    Ok(())
}

async fn alarms_are_listed_and_disarmed(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    let client = Client::new(&server.url)?;
    let id = client
        .members()
        .list()
        .await?
        .first()
        .context("no member")?
        .id;
    client
        .maintenance()
        .raise(Alarm::new(id, AlarmKind::NoSpace))
        .await?;
    let shown = format!("memberID:{id} alarm:NOSPACE \n");
    server.prints("alarm list", &shown).await?;
    let said = server.fails("put a 1", 1).await?;
    ensure!(said.contains("next: quorate etcd compaction"), "{said}");
    let said = server.fails("endpoint health", 1).await?;
    ensure!(said.contains("Active Alarm(s): NOSPACE"), "{said}");
    server.prints("alarm disarm", &shown).await?;
    server.prints("alarm list", "").await?;
    server.prints("put a 1", "OK\n").await
}

async fn history_is_compacted_and_room_given_back(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    for value in 1..4 {
        server.ok(format!("put a {value}")).await?;
    }
    server
        .prints("compaction 3 --physical", "compacted revision 3\n")
        .await?;
    let said = server.fails("compaction 3", 3).await?;
    ensure!(said.contains("compacted"), "{said}");
    let host = server.url.trim_start_matches("http://");
    let said = format!("Finished defragmenting etcd member[{host}]\n");
    server
        .prints(format!("--endpoints {host} defrag"), &said)
        .await?;
    let json = server.json("compaction 4").await?;
    ensure!(json["header"]["revision"] == 4, "{json}");
    Ok(())
}

async fn a_snapshot_is_saved_whole(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("put sn/a 1").await?;
    server
        .prints("snapshot save db", "Snapshot saved at db\n")
        .await?;
    server.ok("snapshot save db").await?;
    server.write("odd", "no database")?;
    let said = server.fails("snapshot status odd", 1).await?;
    ensure!(
        said.contains("no database") && said.contains("next: "),
        "{said}"
    );
    let said = server.fails("snapshot restore db --data-dir x", 2).await?;
    ensure!(said.contains("next: etcdutl snapshot restore"), "{said}");
    let said = server.fails("--endpoints a,b snapshot save x", 2).await?;
    ensure!(said.contains("one selected node"), "{said}");
    Ok(())
}

async fn a_snapshot_has_the_status_that_etcdctl_tells(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    // More than a page holds, and a value longer than a page.
    for at in 0..40 {
        let value = "v".repeat(if at == 7 { 20_000 } else { 300 });
        server.ok_with(format!("put st/{at}"), &value).await?;
    }
    server.ok("lease grant 1000").await?;
    server.ok("role add r").await?;
    server.ok("snapshot save db").await?;
    for form in ["simple", "json", "fields", "table"] {
        let line = format!("-w {form} snapshot status db");
        let (_, theirs) = server.etcdctl(&line, "").await?;
        let (theirs, ours) = (String::from_utf8(theirs)?, server.ok(&line).await?);
        ensure!(
            theirs.ends_with(&ours) && !ours.is_empty(),
            "{theirs}{ours}"
        );
    }
    Ok(())
}

async fn the_check_says_whether_it_is_fast_enough(server: &Subject<Server>) -> anyhow::Result<()> {
    let done = server
        .run("etcd check perf --duration 300ms --prefix cp/", "")
        .await?;
    // A loaded machine may fail it; it says so then.
    ensure!(done.code <= 1, "{done:?}");
    let verdict = if done.code == 0 { "PASS" } else { "FAIL" };
    ensure!(done.stdout.ends_with(&format!("\n{verdict}\n")), "{done:?}");
    ensure!(done.stdout.contains(" writes/s"), "{done:?}");
    server
        .prints("get --prefix cp/ --count-only", "0\n")
        .await?;
    server.ok("put cp/x 1").await?;
    let said = server
        .fails("check perf --duration 1s --prefix cp/", 4)
        .await?;
    ensure!(
        said.contains("next: quorate etcd del --prefix cp/"),
        "{said}"
    );
    Ok(())
}
