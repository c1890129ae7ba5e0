use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use quorate_agent::{AclConfig, AclDefault, Agent, AgentConfig};
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// The name of each server's node.
pub(crate) const NODE: &str = "node-1";
/// The token that may do everything.
const MASTER: &str = "6d7a3b4c-0b7e-4c8a-9a7e-5c1d0e2f3a4b";

/// A server with access rules that deny by default, and a home for the program.
pub(crate) struct Server {
    home: TempDir,
    url: String,
    running: Kind,
}

enum Kind {
    Embedded(#[expect(dead_code, reason = "it lives as long as this")] Agent),
    Real(#[expect(dead_code, reason = "it lives as long as this")] Box<ConsulServer>),
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Server {
    pub(crate) async fn embedded() -> anyhow::Result<Self> {
        Self::agent(AclConfig::default().with_management_token(MASTER)).await
    }

    async fn agent(acl: AclConfig) -> anyhow::Result<Self> {
        let config = AgentConfig::memory()
            .with_acl(acl)
            .with_node_name(NODE)
            .with_consul_http("127.0.0.1:0".parse()?);
        let agent = Agent::start(config).await?;
        let addr = agent.consul_http()[0].addr().context("no TCP listener")?;
        Self::new(format!("consul://{addr}"), Kind::Embedded(agent))
    }

    pub(crate) async fn real() -> anyhow::Result<Self> {
        Self::consul(ConsulOptions::new().with_acl_master(MASTER)).await
    }

    async fn consul(options: ConsulOptions) -> anyhow::Result<Self> {
        let server = ConsulServer::start(options.with_node_name(NODE)).await?;
        let url = format!("consul://{}", server.addr());
        Self::new(url, Kind::Real(Box::new(server)))
    }

    fn new(url: String, running: Kind) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new()
            .prefix("quorate-native-")
            .tempdir()?;
        std::fs::write(home.path().join("master"), MASTER)?;
        Ok(Self { home, url, running })
    }

    /// One of the same kind with access rules, and no token that was made yet.
    pub(crate) async fn bootstrappable(&self) -> anyhow::Result<Self> {
        match &self.running {
            Kind::Embedded(_) => {
                Self::agent(AclConfig::default().with_default_policy(AclDefault::Allow)).await
            }
            Kind::Real(_) => {
                // Whoever has no token may read: otherwise nobody could see that it is ready.
                let rules = serde_json::json!({"enabled": true, "default_policy": "allow"});
                let options = ConsulOptions::new()
                    .with_setting("acl", rules)
                    .with_setting("primary_datacenter", "dc1");
                Self::consul(options).await
            }
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.path(name), content)?)
    }

    /// Runs `quorate LINE` with the token in the file `token`, or without one. Words stand between
    /// blanks; those with blanks in them, or with nothing, in single quotes.
    pub(crate) async fn run_as(
        &self,
        token: Option<&str>,
        line: impl AsRef<str>,
        stdin: &str,
    ) -> anyhow::Result<Done> {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .env_clear()
            .env("HOME", self.home.path())
            .env("QUORATE_URL", &self.url)
            .current_dir(self.home.path())
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(file) = token {
            command.args(["--token-file", file]);
        }
        let mut child = command.args(words(line.as_ref())).spawn()?;
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

    /// Runs `quorate consul LINE` as the one who may do everything; it has to succeed.
    pub(crate) async fn ok(&self, line: impl AsRef<str>) -> anyhow::Result<String> {
        self.ok_with(line, "").await
    }

    /// The same with something on standard input.
    pub(crate) async fn ok_with(
        &self,
        line: impl AsRef<str>,
        stdin: &str,
    ) -> anyhow::Result<String> {
        let line = format!("consul {}", line.as_ref());
        let done = self.run_as(Some("master"), &line, stdin).await?;
        ensure!(done.code == 0, "{line}: {done:?}");
        Ok(done.stdout)
    }

    /// The same, with the JSON for programs.
    pub(crate) async fn json(&self, line: impl AsRef<str>) -> anyhow::Result<Value> {
        let line = format!("--output json consul {}", line.as_ref());
        let done = self.run_as(Some("master"), &line, "").await?;
        ensure!(done.code == 0, "{line}: {done:?}");
        Ok(serde_json::from_str(&done.stdout)?)
    }

    /// Runs what has to fail with this code, and gives what it says.
    pub(crate) async fn fails(&self, line: impl AsRef<str>, code: i32) -> anyhow::Result<String> {
        let line = format!("consul {}", line.as_ref());
        let done = self.run_as(Some("master"), &line, "").await?;
        ensure!(done.code == code, "{line}: {done:?}");
        Ok(done.stderr)
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

/// A field of an object that is text.
pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}
