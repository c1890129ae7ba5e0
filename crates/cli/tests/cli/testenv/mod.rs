//! A home of its own for each test, the real binary in it, and differences shown as such.

mod http;
mod patience;
mod running;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) use http::{answer, http, http_with};
pub(crate) use patience::{PATIENCE, eventually};
pub(crate) use running::Running;

/// A temporary home and data directory.
pub(crate) struct TestEnv {
    home: TempDir,
    at: Option<String>,
}

/// What a program left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl TestEnv {
    pub(crate) fn new() -> Self {
        let home = tempfile::Builder::new()
            .prefix("quorate-cli-")
            .tempdir()
            .unwrap();
        Self { home, at: None }
    }

    /// The same home, with commands that go to another backend.
    pub(crate) fn at(mut self, url: impl Into<String>) -> Self {
        self.at = Some(url.into());
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The program, in this home, with nothing of the surrounding environment.
    pub(crate) fn command<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(
        &self,
        args: I,
    ) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("HOME", self.home.path())
            .env("QUORATE_DATA", self.data());
        command.current_dir(self.home.path());
        if let Some(at) = &self.at {
            command.env("QUORATE_URL", at);
        }
        command.args(args);
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        self.run_with(args, b"")
    }

    pub(crate) fn run_with(&self, args: &[&str], stdin: &[u8]) -> Ended {
        let mut command = self.command(args);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that does not read its input closes it.
        let _ = child.stdin.take().unwrap().write_all(stdin);
        let output = child.wait_with_output().unwrap();
        Ended {
            code: output.status.code().unwrap_or(-1),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Runs what has to succeed and gives its standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ended = self.run(args);
        assert_eq!(ended.code, 0, "{args:?}: {}{}", ended.stderr, ended.text());
        ended.text()
    }

    /// Runs what has to succeed and gives its JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let mut all = vec!["--output", "json"];
        all.extend(args);
        serde_json::from_str(&self.ok(&all)).unwrap()
    }

    /// Runs what has to succeed with exactly this output.
    pub(crate) fn expect(&self, args: &[&str], expected: &str) {
        same(&args.join(" "), expected, &self.ok(args));
    }

    /// Runs what has to fail with this code and gives its standard error.
    pub(crate) fn fails(&self, args: &[&str], code: i32) -> String {
        let ended = self.run(args);
        assert_eq!(
            ended.code,
            code,
            "{args:?}: {}{}",
            ended.stderr,
            ended.text()
        );
        ended.stderr
    }

    /// Starts what goes on for longer.
    pub(crate) fn start(&self, args: &[&str]) -> Running {
        Running::start(self.command(args))
    }

    /// Starts an agent in memory and gives it with its address.
    pub(crate) fn agent(&self) -> (Running, String) {
        self.agent_with(&["--memory"])
    }

    /// Starts an agent in memory and gives it with the URL of its etcd.
    pub(crate) fn etcd(&self) -> (Running, String) {
        let http = [
            "--memory",
            "--consul-http",
            "127.0.0.1:0",
            "--etcd",
            "127.0.0.1:0",
        ];
        let mut all = vec!["--output", "json", "agent"];
        all.extend(http);
        let mut agent = self.start(&all);
        let ready: Value = serde_json::from_str(&agent.line()).unwrap();
        let listeners = ready["listeners"].as_array().unwrap();
        let etcd = listeners.iter().find(|one| one["protocol"] == "etcd");
        let url = etcd.unwrap()["url"].as_str().unwrap().to_owned();
        (agent, url)
    }

    pub(crate) fn agent_with(&self, args: &[&str]) -> (Running, String) {
        let mut all = vec!["--output", "json", "agent", "--consul-http", "127.0.0.1:0"];
        all.extend(args);
        let mut agent = self.start(&all);
        let ready: Value = serde_json::from_str(&agent.line()).unwrap();
        let url = ready["listeners"][0]["url"].as_str().unwrap();
        (agent, url.trim_start_matches("http://").to_owned())
    }
}

impl Ended {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }
}

/// Fails with a diff unless both texts are the same.
pub(crate) fn same(what: &str, expected: &str, found: &str) {
    if expected == found {
        return;
    }
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let mut diff = String::new();
    for at in 0..expected.len().max(found.len()) {
        match (expected.get(at), found.get(at)) {
            (Some(e), Some(f)) if e == f => diff += &format!("  {e}\n"),
            (e, f) => {
                diff += &e.map(|line| format!("- {line}\n")).unwrap_or_default();
                diff += &f.map(|line| format!("+ {line}\n")).unwrap_or_default();
            }
        }
    }
    panic!("{what}: (- expected, + found)\n{diff}");
}

/// Whether a program of that name is on the path.
pub(crate) fn has(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| Path::new(&folder).join(program).is_file())
}
