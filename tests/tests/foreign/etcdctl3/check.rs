//! `etcdctl check perf`, which takes a minute.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::etcd3::Etcd3;

pub(crate) fn cases() -> Vec<Case<Etcd3>> {
    cases![Etcd3; perf_writes_at_its_rate_for_a_minute].into()
}

async fn perf_writes_at_its_rate_for_a_minute(etcd: &Subject<Etcd3>) -> anyhow::Result<()> {
    let check = ["check", "perf", "--load=s", "--auto-compact"];
    let done = etcd
        .etcdctl(&[&check[..], &["--auto-defrag"]].concat())?
        .run()
        .await?;
    let lines: Vec<_> = done.stdout.lines().rev().collect();
    // How fast the machine is, busy with everything else, is not what is tested.
    let measured = ["Throughput ", "Slowest request took ", "Stddev "];
    let all = measured
        .iter()
        .all(|what| lines.iter().any(|line| line.contains(what)));
    ensure!(
        all && !done.stdout.contains("FAIL: too many errors"),
        "{done:?}"
    );
    // It leaves nothing behind.
    etcd.says(&["get", "/etcdctl-check-perf/", "--prefix"], "")
        .await
}
