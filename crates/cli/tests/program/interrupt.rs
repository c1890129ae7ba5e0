use anyhow::Context as _;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::Running;

impl Running {
    /// Does what Ctrl-C does.
    pub(crate) fn interrupt(&self) -> anyhow::Result<()> {
        let id = self.child.id().context("it has ended")?;
        Ok(kill(Pid::from_raw(i32::try_from(id)?), Signal::SIGINT)?)
    }
}
