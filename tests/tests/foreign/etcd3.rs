//! What the clients of etcd's v3 API are pointed at.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v3::{Client, Timeouts};
use quorate_testkit::server::EtcdVersion;

use tokio::runtime::Runtime;

use crate::command::{Command, Told};
use crate::etcd::Etcd;
use crate::server::MASTER;

/// A hash of a password takes long on a slow machine.
const PATIENCE: Duration = Duration::from_secs(50);

/// Our agent, or a real etcd.
pub(crate) struct Etcd3 {
    server: Etcd,
    /// Our client of the same server.
    pub(crate) client: Client,
}

impl Etcd3 {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        Self::of(Etcd::embedded().await?)
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        Self::of(Etcd::real(EtcdVersion::V3_5).await?)
    }

    pub(crate) fn of(server: Etcd) -> anyhow::Result<Self> {
        let patience = Timeouts::default()
            .with_attempt(PATIENCE)
            .with_overall(Some(PATIENCE));
        let client = Client::builder()
            .address(&server.addr().to_string())
            .user("root", MASTER)
            .timeouts(patience)
            .build()?;
        Ok(Self { server, client })
    }

    /// How often a watch of what was may be begun again until it tells what was before, too. A real
    /// etcd takes note that a watch asked for that after it has begun it.
    pub(crate) fn beginnings(&self) -> usize {
        if self.server.is_real() { 10 } else { 1 }
    }

    /// Another one of the same kind, with nothing in it.
    pub(crate) async fn alone(&self) -> anyhow::Result<Self> {
        Self::of(self.server.alone().await?)
    }

    /// The same with access control: the user `root` with the password [`MASTER`] may do
    /// everything, and whoever has no name nothing.
    pub(crate) async fn guarded(self) -> anyhow::Result<Self> {
        let auth = self.client.auth();
        auth.add_user("root", Some(&MASTER.into())).await?;
        auth.grant_role("root", "root").await?;
        auth.enable().await?;
        Ok(self)
    }

    pub(crate) fn into_server(self) -> Etcd {
        self.server
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The revision of now.
    pub(crate) async fn revision(&self) -> anyhow::Result<i64> {
        Ok(self.client.maintenance().status().await?.header.revision)
    }

    /// `etcdctl` with these arguments, for this server.
    pub(crate) fn etcdctl(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        Command::etcdctl3(self.addr(), arguments)
    }

    /// The same, run at once: what it prints. An error unless it succeeds.
    pub(crate) async fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.etcdctl(arguments)?.run().await?;
        ensure!(done.code == 0, "{arguments:?}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, with something to read.
    pub(crate) async fn run_with(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let done = self.etcdctl(arguments)?.input(input).run().await?;
        ensure!(done.code == 0, "{arguments:?}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, which must print exactly this.
    pub(crate) async fn says(&self, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
        let said = self.run(arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?} says {said:?}, not {expected:?}"
        );
        Ok(())
    }

    /// The same as JSON.
    pub(crate) async fn json(&self, arguments: &[&str]) -> anyhow::Result<serde_json::Value> {
        let said = self.run(&[arguments, &["-w", "json"]].concat()).await?;
        serde_json::from_str(&said).with_context(|| format!("{arguments:?}: {said}"))
    }

    /// The same, which must fail: what it says about it.
    pub(crate) async fn refused(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.etcdctl(arguments)?.run().await?;
        ensure!(done.code > 0, "{arguments:?}: {done:?}");
        let last = done
            .stderr
            .lines()
            .rfind(|line| line.starts_with("Error: "));
        let last = last.with_context(|| format!("{arguments:?}: {done:?}"))?;
        Ok(last["Error: ".len()..].to_owned())
    }

    /// The same, which must fail with this text.
    pub(crate) async fn refuses(&self, arguments: &[&str], expected: &str) -> anyhow::Result<()> {
        let said = self.refused(arguments).await?;
        ensure!(
            said == expected,
            "{arguments:?} is refused with {said:?}, not {expected:?}"
        );
        Ok(())
    }

    /// The same, started and left to run.
    pub(crate) fn tell(&self, arguments: &[&str]) -> anyhow::Result<Told> {
        self.etcdctl(arguments)?.tell()
    }
}

/// The value of `"NAME" : VALUE` in what `-w fields` prints.
pub(crate) fn field<'a>(shown: &'a str, name: &str) -> anyhow::Result<&'a str> {
    let start = format!("\"{name}\" : ");
    let value = shown.lines().find_map(|line| line.strip_prefix(&start));
    value.with_context(|| format!("no {name} in {shown}"))
}

/// A client that runs in a runtime of its own, which ends as if its process were killed.
pub(crate) struct Doomed {
    runtime: Runtime,
    addr: SocketAddr,
}

impl Doomed {
    pub(crate) fn new(etcd: &Etcd3) -> anyhow::Result<Self> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        Ok(Self {
            runtime: builder.worker_threads(1).enable_all().build()?,
            addr: etcd.addr(),
        })
    }

    /// Does something with the client.
    pub(crate) async fn run<T, F>(
        &self,
        work: impl FnOnce(Client) -> F + Send + 'static,
    ) -> anyhow::Result<T>
    where
        T: Send + 'static,
        F: Future<Output = anyhow::Result<T>> + Send,
    {
        let addr = self.addr.to_string();
        let work = async move { work(Client::builder().address(&addr).build()?).await };
        self.runtime.spawn(work).await?
    }

    /// Ends everything that runs in it, in the middle of what it does.
    pub(crate) fn kill(self) {
        self.runtime.shutdown_background();
    }
}
