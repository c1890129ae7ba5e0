use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use quorate_testkit::server::{ConsulServer, Located, locate};
use tokio::io::AsyncWriteExt as _;
use tokio::time::timeout;

/// The longest that a command may run.
const PATIENCE: Duration = Duration::from_secs(240);

/// A program with its arguments and what it reads.
pub(crate) struct Command {
    command: tokio::process::Command,
    input: Vec<u8>,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code; -1 after a signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stderr: String,
}

impl Command {
    /// One that knows nothing of the environment but where programs and files are.
    pub(crate) fn new(program: &Path) -> Self {
        let kept = ["PATH", "HOME", "TMPDIR", "LANG"];
        let kept = kept.map(|name| (name, std::env::var_os(name).unwrap_or_default()));
        let mut command = tokio::process::Command::new(program);
        command
            .env_clear()
            .envs(
                kept.into_iter()
                    .filter(|(_, value)| *value != OsString::new()),
            )
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let input = Vec::new();
        Self { command, input }
    }

    pub(crate) fn consul(addr: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let Located::Found(program) = ConsulServer::locate() else {
            anyhow::bail!("there is no consul");
        };
        let mut this = Self::new(&program);
        this.command.env("CONSUL_HTTP_ADDR", addr.to_string());
        this.command.args(arguments);
        Ok(this)
    }

    /// `etcdctl` 3.4, which speaks the v2 API.
    pub(crate) fn etcdctl(addr: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let program = Result::from(locate("etcdctl-3.4"))?;
        let mut this = Self::new(&program);
        this.command.env("ETCDCTL_API", "2");
        this.command
            .arg("--endpoints")
            .arg(format!("http://{addr}"));
        // A slow machine hashes passwords slowly.
        this.command
            .args(["--timeout", "50s", "--total-timeout", "55s"]);
        this.command.args(arguments);
        Ok(this)
    }

    pub(crate) fn arguments<const N: usize>(mut self, arguments: [&str; N]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Writes to this file instead of telling at the end.
    pub(crate) fn output(mut self, file: std::fs::File) -> Self {
        self.command.stdout(file);
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    pub(crate) fn start(mut self) -> anyhow::Result<Running> {
        let mut child = self.command.spawn()?;
        let mut stdin = child.stdin.take().context("no input")?;
        let write = async move {
            // Whoever does not read it closes it.
            drop(stdin.write_all(&self.input).await);
        };
        let wait = async move { tokio::join!(write, child.wait_with_output()).1 };
        Ok(Running(quorate_net::task::spawn(wait)))
    }

    pub(crate) async fn run(self) -> anyhow::Result<Done> {
        self.start()?.end().await
    }
}

/// A program that runs; dropping it kills it.
pub(crate) struct Running(quorate_net::task::Task<std::io::Result<Output>>);

impl Running {
    /// Waits for its end.
    pub(crate) async fn end(mut self) -> anyhow::Result<Done> {
        let output = timeout(PATIENCE, &mut self.0)
            .await
            .context("it does not end")???;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Done {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            bytes: output.stdout,
        })
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.0.is_finished()
    }
}
