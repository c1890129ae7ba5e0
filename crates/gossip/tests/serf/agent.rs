//! A real Serf agent on loopback.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::port::free_port;

/// Where `scripts/servers` leaves it, or on the path.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let home = std::env::var("HOME").unwrap_or_default();
    let folders = [
        std::env::var("QUORATE_SERVERS").ok(),
        Some(format!("{home}/.cache/quorate-servers")),
    ];
    let places = folders
        .into_iter()
        .flatten()
        .map(|folder| PathBuf::from(folder).join("bin").join(name));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<_> = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .collect();
    places.chain(path).find(|place| place.is_file())
}

pub(crate) struct Serf {
    child: Option<Child>,
    gossip: u16,
    rpc: u16,
    folder: tempfile::TempDir,
}

impl Serf {
    pub(crate) fn start(name: &str, more: &[&str]) -> Self {
        let mut serf = Self::prepared();
        serf.run(name, more);
        serf
    }

    /// One that does not run yet.
    pub(crate) fn prepared() -> Self {
        Self {
            child: None,
            gossip: free_port(),
            rpc: free_port(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn run(&mut self, name: &str, more: &[&str]) {
        let log = File::create(self.folder.path().join("log")).unwrap();
        let child = Command::new(program("serf").unwrap())
            .args(["agent", "-profile=local", &format!("-node={name}")])
            .arg(format!("-bind=127.0.0.1:{}", self.gossip))
            .arg(format!("-rpc-addr=127.0.0.1:{}", self.rpc))
            .args(more)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.child = Some(child.unwrap());
        self.until("it answers", |serf| serf.cli(&["members"]).status.success());
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.gossip)
    }

    pub(crate) fn cli(&self, words: &[&str]) -> Output {
        Command::new(program("serf").unwrap())
            .arg(words[0])
            .arg(format!("-rpc-addr=127.0.0.1:{}", self.rpc))
            .args(&words[1..])
            .output()
            .unwrap()
    }

    pub(crate) fn say(&self, words: &[&str]) -> String {
        let output = self.cli(words);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{words:?}: {text}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    /// Joins a member. It is said again when the machine took longer than the second that Serf waits.
    pub(crate) fn joins(&self, address: &str) {
        self.until("it joins", |serf| {
            serf.cli(&["join", address]).status.success()
        });
    }

    /// Says it until what comes back has `answer` in it: what others answer may come too late.
    pub(crate) fn until_says(&self, words: &[&str], answer: &str) {
        self.until(&format!("{words:?}: {answer}"), |serf| {
            String::from_utf8_lossy(&serf.cli(words).stdout).contains(answer)
        });
    }

    /// The line of `serf members` about a member.
    pub(crate) fn member(&self, name: &str) -> String {
        let members = self.say(&["members"]);
        let line = members
            .lines()
            .find(|line| line.split_whitespace().next() == Some(name));
        line.unwrap_or_default().to_owned()
    }

    pub(crate) fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !condition(self) {
            assert!(
                start.elapsed() < Duration::from_secs(50),
                "{what}\n{}",
                self.log()
            );
            wait();
        }
    }

    pub(crate) fn sees(&self, name: &str, status: &str) {
        self.until(&format!("{name} is {status}"), |serf| {
            serf.member(name).split_whitespace().nth(2) == Some(status)
        });
    }

    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let lines = log.lines().filter(|line| !line.contains("Accepted client"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "polls a program on a thread of its own"
)]
pub(crate) fn wait() {
    std::thread::sleep(Duration::from_millis(150));
}

impl Drop for Serf {
    fn drop(&mut self) {
        self.kill();
    }
}
