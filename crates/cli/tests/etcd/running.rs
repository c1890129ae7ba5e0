use anyhow::Context as _;
use tokio::io::AsyncWriteExt as _;

use crate::program::Server;
use crate::program::run::Running;

#[path = "../program/interrupt.rs"]
mod interrupt;

impl Server {
    /// Starts what goes on for longer, with these variables in its environment.
    pub(crate) fn start_in(
        &self,
        variables: &[(&str, &str)],
        line: &str,
    ) -> anyhow::Result<Running> {
        let mut command = self.command(&format!("etcd {line}"));
        command.envs(variables.iter().copied());
        Running::of(command)
    }
}

impl Running {
    /// Writes to its standard input, which stays open.
    pub(crate) async fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let input = self.child.stdin.as_mut().context("no standard input")?;
        Ok(input.write_all(text.as_bytes()).await?)
    }

    /// The next lines.
    pub(crate) async fn lines(&mut self, number: usize) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for _ in 0..number {
            lines.push(self.line().await?);
        }
        Ok(lines)
    }
}
