use anyhow::ensure;
use quorate_serf::MemberStatus;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::cluster::{Cluster, Ground};
use crate::{KEYS, LONG};

/// The key of the start: 32 bytes.
pub(crate) const FIRST: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
/// 16 bytes.
const SECOND: &str = "AgICAgICAgICAgICAgICAg==";

pub(crate) fn cases() -> Vec<Case<Ground>> {
    cases![Ground;
        the_key_of_a_mixed_cluster_is_changed_by_the_serf_command needs [KEYS],
    ]
    .into()
}

async fn the_key_of_a_mixed_cluster_is_changed_by_the_serf_command(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let mut cluster = Cluster::joined(ground, "lan").await?;
    // The command talks to an agent of either kind.
    let [theirs, ours] = [&cluster.serf[0], &cluster.ours[0]];
    theirs.serf_says(&format!("keys -install={SECOND}")).await?;
    ours.serf_says(&format!("keys -use={SECOND}")).await?;
    theirs.serf_says(&format!("keys -remove={FIRST}")).await?;
    let lists = || async {
        for one in cluster.members() {
            let listed = one.serf_says("keys -list").await?;
            let all_have = listed.contains(&format!("{SECOND}  [4/4]"));
            ensure!(all_have && !listed.contains(FIRST), "{listed}");
        }
        Ok::<_, anyhow::Error>(())
    };
    eventually_ok(LONG, "all have the new key alone", lists).await?;
    cluster.all_alive().await?;

    // Started with the old key on its command line, it goes on with what it remembers.
    let [.., last] = &mut cluster.ours;
    last.remembers(&[SECOND]).await?;
    last.kill().await?;
    cluster.all_see("ours-2", MemberStatus::Failed).await?;
    cluster.ours[1].restart().await?;
    cluster.all_alive().await
}
