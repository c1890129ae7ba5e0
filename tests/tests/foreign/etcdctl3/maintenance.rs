//! `etcdctl defrag`, `alarm`, `move-leader`, `check datascale` and `version`.

use anyhow::ensure;
use quorate_etcd::v3::{Alarm, AlarmKind};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::Etcd3;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3;
        datascale_writes_and_tells_what_memory_it_took,
        an_alarm_stops_writes_until_it_is_disarmed,
        defrag_loses_nothing,
        the_leader_is_not_moved_to_nobody,
        the_version_is_told,
    ]
    .into()
}

async fn defrag_loses_nothing(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.run(&["put", "f", "1"]).await?;
    let addr = own.addr();
    own.says(
        &["defrag"],
        &format!("Finished defragmenting etcd member[{addr}]\n"),
    )
    .await?;
    own.says(
        &["defrag", "--cluster"],
        &format!("Finished defragmenting etcd member[http://{addr}]\n"),
    )
    .await?;
    own.says(&["get", "f"], "f\n1\n").await
}

async fn an_alarm_stops_writes_until_it_is_disarmed(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    own.says(&["alarm", "list"], "").await?;
    own.says(&["alarm", "disarm"], "").await?;
    let member = own.client.members().list().await?[0].id;
    let alarm = Alarm::new(member, AlarmKind::NoSpace);
    own.client.maintenance().raise(alarm).await?;
    let line = &format!("memberID:{member} alarm:NOSPACE \n");
    own.says(&["alarm", "list"], line).await?;
    let full = "etcdserver: mvcc: database space exceeded";
    own.refuses(&["put", "f", "1"], full).await?;
    own.says(&["get", "f"], "").await?;
    own.says(&["del", "f"], "0\n").await?;
    let status = own.run(&["endpoint", "status"]).await?;
    ensure!(
        status.ends_with(&format!("memberID:{member} alarm:NOSPACE \n")),
        "{status}"
    );
    own.says(&["alarm", "disarm"], line).await?;
    own.says(&["put", "f", "1"], "OK\n").await
}

async fn the_leader_is_not_moved_to_nobody(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let bad = "etcdserver: bad leader transferee";
    etcd.refuses(&["move-leader", "1234"], bad).await
}

async fn datascale_writes_and_tells_what_memory_it_took(
    etcd: &Subject<Etcd3>,
) -> anyhow::Result<()> {
    let own = etcd.alone().await?;
    let check = ["check", "datascale", "--auto-compact", "--auto-defrag"];
    let said = own.run(&check).await?;
    ensure!(
        said.contains("PASS: Approximate system memory used : "),
        "{said}"
    );
    own.says(&["get", "", "--prefix"], "").await
}

async fn the_version_is_told(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let version = "etcdctl version: 3.5.16\nAPI version: 3.5\n";
    etcd.says(&["version"], version).await
}
