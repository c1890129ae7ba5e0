use std::process::Stdio;

use anyhow::{Context as _, ensure};
use quorate_agent::{Agent, AgentConfig};
use quorate_etcd::v2::Client;
use quorate_testkit::server::{EtcdServer, EtcdVersion};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A server, and a home for the program.
pub(crate) struct Server {
    home: TempDir,
    /// `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    running: Kind,
}

enum Kind {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Agent),
    Real(Box<EtcdServer>),
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A program that goes on.
pub(crate) struct Running {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Server {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        let config = AgentConfig::memory().with_etcd("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let url = agent.etcd_url().context("no listener")?;
        Self::new(url, Kind::Embedded(agent))
    }

    pub(crate) async fn real(version: EtcdVersion) -> anyhow::Result<Self> {
        let server = EtcdServer::start(version).await?;
        Self::new(server.url(), Kind::Real(Box::new(server)))
    }

    fn new(url: String, running: Kind) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("quorate-etcd2-")
            .tempdir()?;
        Ok(Self { home, url, running })
    }

    /// One of the same kind for a case alone.
    pub(crate) async fn fresh(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => Self::embedded().await,
            Kind::Real(server) => Self::real(server.version()).await,
        }
    }

    pub(crate) fn client(&self) -> anyhow::Result<Client> {
        Ok(Client::new(&self.url)?)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.home.path().join(name), content)?)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("ETCDCTL_ENDPOINTS", &self.url)
            .current_dir(self.home.path())
            .args(words(line))
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `quorate LINE`. Words stand between blanks; those with blanks in them, or with nothing,
    /// in single quotes.
    pub(crate) async fn run(&self, line: &str, stdin: &str) -> anyhow::Result<Done> {
        let mut child = self.command(line).spawn()?;
        let mut input = child.stdin.take().context("no standard input")?;
        // A program that does not read its input closes it.
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        let output = child.wait_with_output().await?;
        Ok(Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// Runs `quorate etcd2 LINE`; it has to succeed.
    pub(crate) async fn ok(&self, line: impl AsRef<str>) -> anyhow::Result<String> {
        self.ok_with(line, "").await
    }

    /// The same with something on standard input.
    pub(crate) async fn ok_with(
        &self,
        line: impl AsRef<str>,
        stdin: &str,
    ) -> anyhow::Result<String> {
        let line = format!("etcd2 {}", line.as_ref());
        let done = self.run(&line, stdin).await?;
        ensure!(done.code == 0, "{line}: {done:?}");
        Ok(done.stdout)
    }

    /// Runs what has to succeed and print exactly this.
    pub(crate) async fn prints(&self, line: impl AsRef<str>, expected: &str) -> anyhow::Result<()> {
        let shown = self.ok(line.as_ref()).await?;
        ensure!(shown == expected, "{}: {shown:?}", line.as_ref());
        Ok(())
    }

    /// Runs what has to succeed, with the JSON for programs.
    pub(crate) async fn json(&self, line: impl AsRef<str>) -> anyhow::Result<Value> {
        let shown = self.ok(format!("-o json {}", line.as_ref())).await?;
        Ok(serde_json::from_str(&shown)?)
    }

    /// Runs what has to fail with this code, and gives what it says.
    pub(crate) async fn fails(&self, line: impl AsRef<str>, code: i32) -> anyhow::Result<String> {
        let line = format!("etcd2 {}", line.as_ref());
        let done = self.run(&line, "").await?;
        ensure!(done.code == code, "{line}: {done:?}");
        Ok(done.stderr)
    }

    /// Starts what goes on for longer.
    pub(crate) fn start(&self, line: &str) -> anyhow::Result<Running> {
        let mut command = self.command(&format!("etcd2 {line}"));
        let mut child = command.stderr(Stdio::inherit()).spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        let lines = BufReader::new(stdout).lines();
        Ok(Running { child, lines })
    }

    /// Waits until the server counts `count` watchers: then what was started follows its key.
    pub(crate) async fn watched(&self, count: u64) -> anyhow::Result<()> {
        let stats = self.client()?.stats();
        while stats.store().await?.watchers < count {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Running {
    /// The next line.
    pub(crate) async fn line(&mut self) -> anyhow::Result<String> {
        self.lines.next_line().await?.context("no more lines")
    }

    /// Waits for the end.
    pub(crate) async fn end(mut self) -> anyhow::Result<i32> {
        Ok(self.child.wait().await?.code().unwrap_or(-1))
    }
}

/// The words of a line.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in line.split('\'').enumerate() {
        if at % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
