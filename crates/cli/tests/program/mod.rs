//! The program, run in a home of its own, with what its verb needs in the environment.

use std::process::{Output, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// The program with a home.
pub(crate) struct Program {
    pub(crate) home: TempDir,
    /// What every line begins with, as `etcd2`.
    verb: &'static str,
    /// The variable that says where the server is, and what it says.
    server: (&'static str, String),
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
    pub(crate) child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Program {
    /// One that finds its server by a variable of the environment.
    pub(crate) fn new(
        verb: &'static str,
        variable: &'static str,
        at: &str,
    ) -> anyhow::Result<Self> {
        let home = tempfile::Builder::new().prefix("quorate-cli-").tempdir()?;
        Ok(Self {
            home,
            verb,
            server: (variable, at.to_owned()),
        })
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> anyhow::Result<()> {
        Ok(std::fs::write(self.home.path().join(name), content)?)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env(self.server.0, &self.server.1)
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
        let output = self.output(line, stdin).await?;
        Ok(Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout)?,
            stderr: String::from_utf8(output.stderr)?,
        })
    }

    /// The same; what it prints need be no text.
    pub(crate) async fn output(&self, line: &str, stdin: &str) -> anyhow::Result<Output> {
        let mut child = self.command(line).spawn()?;
        let mut input = child.stdin.take().context("no standard input")?;
        // A program that does not read its input closes it.
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        Ok(child.wait_with_output().await?)
    }

    /// Runs `quorate VERB LINE`; it has to succeed.
    pub(crate) async fn ok(&self, line: impl AsRef<str>) -> anyhow::Result<String> {
        self.ok_with(line, "").await
    }

    /// The same with something on standard input.
    pub(crate) async fn ok_with(
        &self,
        line: impl AsRef<str>,
        stdin: &str,
    ) -> anyhow::Result<String> {
        let line = format!("{} {}", self.verb, line.as_ref());
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
        let line = format!("{} {}", self.verb, line.as_ref());
        let done = self.run(&line, "").await?;
        ensure!(done.code == code, "{line}: {done:?}");
        Ok(done.stderr)
    }

    /// Starts what goes on for longer.
    pub(crate) fn start(&self, line: &str) -> anyhow::Result<Running> {
        Running::of(self.command(&format!("{} {line}", self.verb)))
    }
}

impl Running {
    /// A program that was started.
    pub(crate) fn of(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stderr(Stdio::inherit()).spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        let lines = BufReader::new(stdout).lines();
        Ok(Self { child, lines })
    }

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
pub(crate) fn words(line: &str) -> Vec<String> {
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
