use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// An agent in a process of its own; dropping it kills it.
pub(crate) struct KillableAgent {
    child: Child,
    url: String,
    etcd_url: String,
}

impl KillableAgent {
    pub(crate) fn start(directory: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_test-agent"));
        command
            .arg(directory)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut url = || {
            let url = lines.next().and_then(Result::ok).unwrap_or_default();
            assert!(
                url.starts_with("http://"),
                "the agent did not start: {url:?}"
            );
            url
        };
        Self {
            url: url(),
            etcd_url: url(),
            child,
        }
    }

    /// The URL of etcd's v2 API.
    #[allow(dead_code, reason = "not every test that includes this asks for it")]
    pub(crate) fn etcd_url(&self) -> &str {
        &self.etcd_url
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// SIGKILL: nothing of the process runs after it.
    pub(crate) fn kill(self) {
        drop(self);
    }

    /// Ends it gracefully.
    pub(crate) fn end(mut self) {
        drop(self.child.stdin.take());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "the agent ended with {status}");
    }
}

impl Drop for KillableAgent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
