use std::collections::BTreeSet;

use futures_util::future::try_join_all;
use quorate_serf::MemberStatus;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::SERF;
use crate::cluster::{Ground, setup};
use crate::member::{Member, Setup};
use crate::relay::Relay;

pub(crate) fn cases() -> Vec<Case<Ground>> {
    cases![Ground;
        two_halves_of_a_mixed_cluster_find_together_when_the_network_heals needs [SERF],
    ]
    .into()
}

/// A member of ours and one of Serf's, behind relays.
struct Half {
    members: [Member; 2],
    relays: [Relay; 2],
}

impl Half {
    /// Those with these numbers, Serf's first.
    async fn start(ground: &Ground, numbers: [u8; 2]) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let behind = async |at: u8| {
            let setup = setup(ground, "local", folder.path(), at)?;
            let relay = Relay::new(setup.bind).await;
            let advertise = Some(relay.address);
            anyhow::Ok((Setup { advertise, ..setup }, relay))
        };
        let (theirs, before_theirs) = behind(numbers[0]).await?;
        let (ours, before_ours) = behind(numbers[1]).await?;
        let members = tokio::try_join!(Member::serf(theirs), Member::ours(ours))?;
        Ok(Self {
            members: members.into(),
            relays: [before_theirs, before_ours],
        })
    }

    /// Drops what comes from the other half: all its packets, and all streams.
    fn cut_off(&self, other: &Self) {
        let from: BTreeSet<_> = other.members.iter().map(|one| one.setup.bind).collect();
        for relay in &self.relays {
            relay.cut_off(Some(from.clone()));
        }
    }

    fn heal(&self) {
        self.relays.iter().for_each(|relay| relay.cut_off(None));
    }

    /// Waits until both think so of both of a half.
    async fn see(&self, other: &Self, status: MemberStatus) -> anyhow::Result<()> {
        let pairs = self.members.iter().flat_map(|one| {
            let others = other.members.iter();
            others.map(|other| one.sees(other.name(), status.clone()))
        });
        try_join_all(pairs).await?;
        Ok(())
    }
}

/// Waits until each thinks that all are alive.
async fn whole(halves: [&Half; 2]) -> anyhow::Result<()> {
    for one in halves {
        for other in halves {
            one.see(other, MemberStatus::Alive).await?;
        }
    }
    Ok(())
}

async fn two_halves_of_a_mixed_cluster_find_together_when_the_network_heals(
    ground: &Subject<Ground>,
) -> anyhow::Result<()> {
    let (left, right) = (Half::start(ground, [0, 2]), Half::start(ground, [1, 3]));
    let (left, right) = tokio::try_join!(left, right)?;
    for other in right.members.iter().chain(&left.members[1..]) {
        other.join(&left.members[0]).await?;
    }
    whole([&left, &right]).await?;

    left.cut_off(&right);
    right.cut_off(&left);
    left.see(&right, MemberStatus::Failed).await?;
    right.see(&left, MemberStatus::Failed).await?;
    // Each half holds together.
    left.see(&left, MemberStatus::Alive).await?;
    right.see(&right, MemberStatus::Alive).await?;

    left.heal();
    right.heal();
    whole([&left, &right]).await
}
