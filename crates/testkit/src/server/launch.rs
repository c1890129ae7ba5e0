//! From a program to a server that is ready.

use std::fmt::Display;
use std::process::Command;
use std::time::Duration;

use super::error::ServerError;
use super::folder::Folder;
use super::process::Process;
use crate::eventually::eventually_ok;

/// How often a start is tried when others take the ports first.
const STARTS: u32 = 5;

/// Starts a server, again if another process takes one of its ports before it does.
pub(crate) async fn start<S, F>(once: impl Fn() -> F) -> Result<S, ServerError>
where
    F: Future<Output = Result<S, ServerError>>,
{
    for _ in 1..STARTS {
        match once().await {
            Err(error) if error.is_port_taken() => {}
            outcome => return outcome,
        }
    }
    once().await
}

/// Starts the process in its folder, where its log goes: how long the log was before.
pub(crate) fn launch(
    process: &Process,
    folder: &Folder,
    mut command: Command,
) -> Result<usize, ServerError> {
    let log = || folder.open_log().map_err(ServerError::io("open the log"));
    let logged = folder.log_len();
    command
        .current_dir(folder.path())
        .stdout(log()?)
        .stderr(log()?);
    process.start(command)?;
    Ok(logged)
}

/// What is waited for after a start.
pub(crate) struct Ready<'a> {
    pub(crate) program: &'static str,
    pub(crate) process: &'a Process,
    pub(crate) folder: &'a Folder,
    /// How long the log was before the start.
    pub(crate) logged: usize,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// What it is that has to be there.
    pub(crate) what: &'static str,
}

impl Ready<'_> {
    /// Waits until `probe` finds it, or the process ends.
    pub(crate) async fn when<E, F>(&self, probe: impl Fn() -> F) -> Result<(), ServerError>
    where
        E: Display,
        F: Future<Output = Result<(), E>>,
    {
        let program = self.program;
        let log = || self.folder.log_tail(self.logged);
        let probe = || async {
            match self.process.ended() {
                Some(status) => Ok(Err(status)),
                None => probe().await.map(Ok),
            }
        };
        match eventually_ok(self.limit, self.what, probe).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(status)) => {
                let status = status.to_string();
                Err(ServerError::Ended {
                    program,
                    status,
                    log: log(),
                })
            }
            Err(late) => {
                let reason = late.to_string();
                Err(ServerError::NotReady {
                    program,
                    reason,
                    log: log(),
                })
            }
        }
    }
}
