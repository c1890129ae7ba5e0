use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_conformance::contender::Prize;

/// A contender in a process of its own; dropping it kills it.
pub(crate) struct StoppableHolder {
    child: Child,
    output: Option<JoinHandle<std::io::Result<String>>>,
}

impl StoppableHolder {
    pub(crate) fn start(
        url: &str,
        name: &str,
        prize: &Prize,
        length: Duration,
    ) -> anyhow::Result<Self> {
        let [what, key] = prize.words();
        let millis = length.as_millis().to_string();
        let mut child = Command::new(env!("CARGO_BIN_EXE_test-holder"))
            .args([url, name, &what, &key, &millis])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdout = child.stdout.take().context("no output")?;
        // Read while it runs, so that a full pipe does not stop it.
        let output = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).map(|_| text)
        });
        Ok(Self {
            child,
            output: Some(output),
        })
    }

    /// SIGSTOP: it stands still, whatever it holds.
    pub(crate) fn stop(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// SIGCONT: it goes on as if no time had passed.
    pub(crate) fn go_on(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, name: &str) -> anyhow::Result<()> {
        let status = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()?;
        ensure!(status.success(), "kill {name} failed");
        Ok(())
    }

    /// Waits for its end and returns what it wrote down.
    pub(crate) fn finish(mut self) -> anyhow::Result<String> {
        let output = self.output.take().context("read already")?;
        let text = output
            .join()
            .map_err(|_| anyhow::anyhow!("the reader panicked"))??;
        let status = self.child.wait()?;
        // 1 is one that never held anything, 101 a panic.
        ensure!(status.code() != Some(101), "the holder panicked");
        Ok(text)
    }
}

impl Drop for StoppableHolder {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
