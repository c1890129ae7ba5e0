//! Users and roles.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{bail, ensure};
use quorate_conformance::random::Random;
use quorate_etcd::v3::{
    Access, Auth, Client, Error, ErrorKind, KeyRange, Outcome, Permission, Secret,
};
use quorate_testkit::trial::Subject;

use crate::server::Kind;
use crate::world::World;

const NAMES: u64 = 4;

/// One change of users or roles.
#[derive(Clone, Debug)]
enum Step {
    AddUser(String),
    DeleteUser(String),
    AddRole(String),
    DeleteRole(String),
    Grant(String, String),
    Permit(String, String),
}

/// The roles of each user, and the prefixes of each role.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct State {
    users: BTreeMap<String, BTreeSet<String>>,
    roles: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    fn apply(&mut self, step: &Step) {
        match step {
            Step::AddUser(user) => drop(self.users.insert(user.clone(), BTreeSet::new())),
            Step::DeleteUser(user) => drop(self.users.remove(user)),
            Step::AddRole(role) => drop(self.roles.insert(role.clone(), BTreeSet::new())),
            Step::DeleteRole(role) => {
                self.roles.remove(role);
                for roles in self.users.values_mut() {
                    roles.remove(role);
                }
            }
            Step::Grant(user, role) => {
                self.users
                    .entry(user.clone())
                    .or_default()
                    .insert(role.clone());
            }
            Step::Permit(role, prefix) => {
                self.roles
                    .entry(role.clone())
                    .or_default()
                    .insert(prefix.clone());
            }
        }
    }

    async fn read(auth: &Auth) -> Result<Self, Error> {
        let mut state = Self::default();
        for user in auth.users().await? {
            let roles = auth.user(&user).await?.into_iter().collect();
            state.users.insert(user, roles);
        }
        for role in auth.roles().await? {
            let permissions = auth.role(&role).await?;
            let start = |it: Permission| String::from_utf8_lossy(it.range.start()).into_owned();
            state
                .roles
                .insert(role, permissions.into_iter().map(start).collect());
        }
        Ok(state)
    }
}

/// One who changes users and roles.
pub(super) struct AccessWriter {
    random: Random,
    state: State,
    pending: Option<Step>,
    pub(super) acknowledged: u64,
}

impl AccessWriter {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            state: State::default(),
            pending: None,
            acknowledged: 0,
        }
    }

    /// Writes until the first failure: the server was killed.
    pub(super) async fn run(&mut self, client: &Client) -> anyhow::Result<()> {
        loop {
            let step = self.choose();
            match send(&client.auth(), &step).await {
                Ok(()) => {
                    self.state.apply(&step);
                    self.acknowledged += 1;
                }
                Err(error) if error.outcome() == Outcome::Unknown => {
                    self.pending = Some(step);
                    return Ok(());
                }
                Err(error) if error.net().is_some() => return Ok(()),
                Err(error) => bail!("{step:?}: {error}"),
            }
        }
    }

    /// A step that succeeds on what is there.
    fn choose(&mut self) -> Step {
        let user = format!("user-{}", self.random.below(NAMES));
        let role = format!("role-{}", self.random.below(NAMES));
        let has_role = self.state.roles.contains_key(&role);
        let rare = self.random.below(6) == 0;
        match self.state.users.get(&user) {
            None => Step::AddUser(user),
            Some(_) if rare => Step::DeleteUser(user),
            Some(_) if !has_role => Step::AddRole(role),
            Some(_) if self.random.below(6) == 0 => Step::DeleteRole(role),
            Some(roles) if !roles.contains(&role) => Step::Grant(user, role),
            Some(_) => Step::Permit(role, format!("area-{}/", self.random.below(9))),
        }
    }

    /// Compares what is there with what must be, and goes on from there.
    pub(super) async fn verify(&mut self, client: &Client) -> anyhow::Result<()> {
        let found = State::read(&client.auth()).await?;
        let pending = self.pending.take();
        let mut after = self.state.clone();
        pending.iter().for_each(|step| after.apply(step));
        ensure!(
            found == self.state || found == after,
            "must be {:?}, found {found:?}; unknown is {pending:?}",
            self.state
        );
        self.state = found;
        Ok(())
    }
}

async fn send(auth: &Auth, step: &Step) -> Result<(), Error> {
    match step {
        // Without a password: hashing one takes real servers longer than all the rest.
        Step::AddUser(user) => auth.add_user(user, None).await,
        Step::DeleteUser(user) => auth.delete_user(user).await,
        Step::AddRole(role) => auth.add_role(role).await,
        Step::DeleteRole(role) => auth.delete_role(role).await,
        Step::Grant(user, role) => auth.grant_role(user, role).await,
        Step::Permit(role, prefix) => {
            let permission = Permission::new(Access::ReadWrite, KeyRange::prefix(prefix));
            auth.grant_permission(role, &permission).await
        }
    }
}

pub(super) async fn access_control_survives_a_sigkill(kind: &Subject<Kind>) -> anyhow::Result<()> {
    let mut world = World::open(**kind, 1).await?;
    let auth = world.patient_client(0)?.auth();
    for (user, password) in [("root", "for-root"), ("ann", "for-ann")] {
        auth.add_user(user, Some(&Secret::new(password))).await?;
    }
    auth.grant_role("root", "root").await?;
    auth.add_role("reader").await?;
    let permission = Permission::new(Access::Read, KeyRange::prefix("open/"));
    auth.grant_permission("reader", &permission).await?;
    auth.grant_role("ann", "reader").await?;
    auth.enable().await?;
    world.restart(&mut Random::new(1)).await?;
    let as_user = |user: &str, password: &str| {
        let timeouts =
            quorate_etcd::v3::Timeouts::default().with_overall(Some(Duration::from_secs(30)));
        let builder = Client::builder().address(&world.proxy(0).url());
        builder.user(user, password).timeouts(timeouts).build()
    };
    let kind_of =
        |outcome: Result<_, Error>| outcome.map(|_: Option<_>| ()).map_err(|it| it.kind());
    let nobody = kind_of(world.patient_client(0)?.kv().get("open/a").await);
    ensure!(
        nobody == Err(ErrorKind::Unauthenticated),
        "nobody: {nobody:?}"
    );
    let ann = as_user("ann", "for-ann")?.kv();
    let open = kind_of(ann.get("open/a").await);
    ensure!(open == Ok(()), "ann may read it: {open:?}");
    let closed = kind_of(ann.get("closed/a").await);
    ensure!(
        closed == Err(ErrorKind::PermissionDenied),
        "ann may not: {closed:?}"
    );
    let wrong = kind_of(as_user("ann", "for-root")?.kv().get("open/a").await);
    ensure!(
        wrong == Err(ErrorKind::Unauthenticated),
        "a wrong password: {wrong:?}"
    );
    as_user("root", "for-root")?
        .kv()
        .put("closed/a", "v")
        .await?;
    Ok(())
}
