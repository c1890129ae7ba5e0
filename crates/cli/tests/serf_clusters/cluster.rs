use std::path::Path;

use futures_util::future::try_join_all;
use quorate_serf::MemberStatus;
use tempfile::TempDir;

use crate::member::{Member, Setup};

/// What the members of a case's cluster have in common.
pub(crate) struct Ground {
    /// The key with which they encrypt.
    pub(crate) key: Option<&'static str>,
}

pub(crate) const NAMES: [&str; 4] = ["serf-1", "serf-2", "ours-1", "ours-2"];

/// Two agents of Serf's and two of ours.
pub(crate) struct Cluster {
    pub(crate) serf: [Member; 2],
    pub(crate) ours: [Member; 2],
    /// What they heard is here.
    _folder: TempDir,
}

impl Cluster {
    /// Starts four that know nothing of each other. Each listens at a loopback address of its own.
    pub(crate) async fn apart(ground: &Ground, profile: &'static str) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let setup = |at: u8| setup(ground, profile, folder.path(), at);
        let (one, two) = (Member::serf(setup(0)?), Member::serf(setup(1)?));
        let (three, four) = (Member::ours(setup(2)?), Member::ours(setup(3)?));
        let (one, two, three, four) = tokio::try_join!(one, two, three, four)?;
        Ok(Self {
            serf: [one, two],
            ours: [three, four],
            _folder: folder,
        })
    }

    /// Starts four that know each other: we have joined Serf's, and they us.
    pub(crate) async fn joined(ground: &Ground, profile: &'static str) -> anyhow::Result<Self> {
        let cluster = Self::apart(ground, profile).await?;
        let Self { serf, ours, .. } = &cluster;
        ours[0].join(&serf[0]).await?;
        serf[1].join(&ours[0]).await?;
        ours[1].join(&serf[1]).await?;
        cluster.all_alive().await?;
        Ok(cluster)
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.serf.iter().chain(&self.ours)
    }

    /// Waits until each thinks that all are alive.
    pub(crate) async fn all_alive(&self) -> anyhow::Result<()> {
        for name in NAMES {
            self.all_see(name, MemberStatus::Alive).await?;
        }
        Ok(())
    }

    /// Waits until all others think so of a member.
    pub(crate) async fn all_see(&self, name: &str, status: MemberStatus) -> anyhow::Result<()> {
        let alive = status == MemberStatus::Alive;
        let others = self.members().filter(|other| alive || other.name() != name);
        try_join_all(others.map(|other| other.sees(name, status.clone()))).await?;
        Ok(())
    }
}

/// How the member with this number is started.
pub(crate) fn setup(
    ground: &Ground,
    profile: &'static str,
    folder: &Path,
    at: u8,
) -> anyhow::Result<Setup> {
    let name = NAMES[usize::from(at)];
    Ok(Setup {
        key: ground.key,
        profile,
        ..Setup::new(name, 2 + at, folder.join(name))?
    })
}
