//! Another process that opens the same directory.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, stdin};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::{open, wire};

/// The variable that makes this program a peer.
pub(crate) const DIRECTORY: &str = "QUORATE_TEST_DIRECTORY";
/// What stands before each line that a peer says, among those of the test runner.
const MARK: &str = "peer> ";
const PATIENCE: Duration = Duration::from_secs(30);

/// Another process, which is killed when this is dropped.
pub(crate) struct Peer {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    first: String,
}

impl Peer {
    /// Starts a process that opens the directory at `path`, and waits until it has.
    pub(crate) async fn start(path: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "peer_process", "--nocapture", "--test-threads=1"])
            .env(DIRECTORY, path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut peer = Self {
            child,
            input,
            output,
            first: String::new(),
        };
        peer.first = peer.listen().await;
        peer
    }

    /// What it said first: `owner` or `guest`.
    pub(crate) fn role_at_start(&self) -> &str {
        &self.first
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Tells it to do something, and returns what came of it.
    pub(crate) async fn ask(&mut self, order: &str) -> String {
        self.input
            .write_all(format!("{order}\n").as_bytes())
            .await
            .unwrap();
        self.listen().await
    }

    /// Ends it gracefully.
    pub(crate) async fn end(&mut self) -> String {
        let said = self.ask("end").await;
        assert!(self.child.wait().await.unwrap().success());
        said
    }

    /// Ends it with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn listen(&mut self) -> String {
        let listen = async {
            while let Some(line) = self.output.next_line().await.unwrap() {
                // The runner's own words may stand on the same line.
                if let Some((_, said)) = line.split_once(MARK) {
                    return said.to_owned();
                }
            }
            panic!("the other process has ended");
        };
        timeout(PATIENCE, listen)
            .await
            .expect("the other process is silent")
    }
}

/// What the other process does.
pub(crate) async fn serve(path: &Path) {
    let shared = open(path).await;
    let role = || if shared.is_owner() { "owner" } else { "guest" };
    println!("\n{MARK}{}", role());
    let mut orders = BufReader::new(stdin()).lines();
    while let Some(order) = orders.next_line().await.unwrap() {
        let mut words = order.splitn(3, ' ');
        let mut word = || words.next().unwrap_or_default();
        let said = match word() {
            "get" => wire::get(&shared, word())
                .await
                .unwrap_or_else(|error| error.to_string()),
            "put" => {
                let (key, value) = (word(), word());
                let put = wire::put(&shared, key, value).await;
                put.unwrap_or_else(|error| error.to_string())
            }
            "role" => role().to_owned(),
            "end" => {
                shared.shutdown().await;
                println!("\n{MARK}ended");
                return;
            }
            other => format!("what is {other}?"),
        };
        println!("\n{MARK}{said}");
    }
}
