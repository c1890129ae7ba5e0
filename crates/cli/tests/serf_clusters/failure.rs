use quorate_serf::MemberStatus;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::SERF;
use crate::cluster::{Cluster, Ground};

pub(crate) fn cases() -> Vec<Case<Ground>> {
    cases![Ground;
        a_killed_process_has_failed_for_all_and_comes_back_by_what_it_remembers needs [SERF],
    ]
    .into()
}

async fn a_killed_process_has_failed_for_all_and_comes_back_by_what_it_remembers(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let mut cluster = Cluster::joined(ground, "local").await?;
    cluster.ours[1].kill().await?;
    cluster.all_see("ours-2", MemberStatus::Failed).await?;
    // Nobody tells it whom to join.
    cluster.ours[1].restart().await?;
    cluster.all_alive().await?;

    cluster.serf[1].kill().await?;
    cluster.all_see("serf-2", MemberStatus::Failed).await?;
    cluster.serf[1].restart().await?;
    cluster.all_alive().await
}
