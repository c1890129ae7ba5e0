//! A process that ends with its value, or with ours.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::error::ServerError;
use crate::eventually::eventually;

/// How long a process may take to obey a signal.
const OBEY: Duration = Duration::from_secs(50);

/// What the guard runs: it waits for the end of its input, which comes when this process ends,
/// however that happens, and then kills the server.
const GUARD: &str = "read -r _; kill -KILL \"$1\" 2>/dev/null";

/// A server process and its guard.
#[derive(Debug)]
pub(crate) struct Process {
    program: &'static str,
    running: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// A shell that kills the child when this process is killed. It goes first.
    guard: Child,
}

impl Process {
    /// One that was not started yet.
    pub(crate) fn new(program: &'static str) -> Self {
        Self {
            program,
            running: Mutex::new(None),
        }
    }

    /// Starts `command`, after the end of what ran before.
    pub(crate) fn start(&self, mut command: Command) -> Result<(), ServerError> {
        self.kill()?;
        let failed = || ServerError::io(format!("start {}", self.program));
        // In groups of their own: an interrupt from the terminal is for the tests, and the guard
        // passes it on.
        command.stdin(Stdio::null()).process_group(0);
        let child = command.spawn().map_err(failed())?;
        let pid = child.id().to_string();
        let guard = Command::new("sh")
            .args(["-c", GUARD, "sh", &pid])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        match guard {
            Ok(guard) => *self.lock() = Some(Running { child, guard }),
            Err(error) => {
                end(child);
                return Err(failed()(error));
            }
        }
        Ok(())
    }

    /// The process id.
    pub(crate) fn id(&self) -> Option<u32> {
        self.lock().as_ref().map(|running| running.child.id())
    }

    /// How it ended, if it did by itself.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        self.lock()
            .as_mut()
            .and_then(|running| running.child.try_wait().ok().flatten())
    }

    /// Ends it at once, as `kill -9` does. Nothing happens when it does not run.
    pub(crate) fn kill(&self) -> Result<(), ServerError> {
        if let Some(Running { child, guard }) = self.lock().take() {
            end(guard);
            end(child);
        }
        Ok(())
    }

    /// Asks it to end (SIGTERM) and waits for that; kills it when it does not obey.
    pub(crate) async fn terminate(&self) -> Result<(), ServerError> {
        self.signal(Signal::TERM)?;
        let gone = || async { self.ended() };
        let obeyed = eventually(OBEY, "the end of the process", gone).await;
        self.kill()?;
        obeyed
            .map(drop)
            .map_err(|late| ServerError::io("end it gracefully")(io::Error::other(late)))
    }

    /// Stops it where it stands (SIGSTOP) and returns when it stands.
    pub(crate) async fn pause(&self) -> Result<(), ServerError> {
        let pid = self.signal(Signal::STOP)?;
        // The kernel stops the threads one by one; the parent is told when all of them stand.
        let stopped = || async {
            let options = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
            waitid(WaitId::Pid(pid), options).ok().flatten()
        };
        let stopped = eventually(OBEY, "the process stands still", stopped).await;
        stopped
            .map(drop)
            .map_err(|late| ServerError::io("pause it")(io::Error::other(late)))
    }

    /// Lets it go on (SIGCONT).
    pub(crate) fn resume(&self) -> Result<(), ServerError> {
        self.signal(Signal::CONT).map(drop)
    }

    fn signal(&self, signal: Signal) -> Result<Pid, ServerError> {
        // The lock is held so that the process is not reaped, and its id not reused, meanwhile.
        let mut running = self.lock();
        let pid = running
            .as_mut()
            .and_then(|Running { child, .. }| match child.try_wait() {
                Ok(None) => Pid::from_raw(child.id().try_into().ok()?),
                _ => None,
            });
        let pid = pid.ok_or(ServerError::NotRunning(self.program))?;
        let sent = kill_process(pid, signal).map_err(io::Error::from);
        sent.map_err(ServerError::io(format!("signal {}", self.program)))?;
        Ok(pid)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Kills and reaps; a killed process is gone within milliseconds.
fn end(mut child: Child) {
    // It may have ended by itself, which is as good.
    drop(child.kill());
    drop(child.wait());
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.kill());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sleeper() -> Process {
        let process = Process::new("sleep");
        let mut command = Command::new("sleep");
        command.arg("600");
        process.start(command).unwrap();
        process
    }

    /// The letter that the kernel gives for the state of a process, `None` when it is gone.
    fn state(pid: u32) -> Option<char> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit(") ").next()?.chars().next()
    }

    #[tokio::test]
    async fn a_paused_process_stands_until_it_is_resumed() {
        let process = sleeper();
        let pid = process.id().unwrap();
        for _ in 0..3 {
            process.pause().await.unwrap();
            assert_eq!(state(pid), Some('T'));
            process.resume().unwrap();
            let runs = || async { (state(pid)? != 'T').then_some(()) };
            eventually(OBEY, "it goes on", runs).await.unwrap();
        }
    }

    #[test]
    fn dropping_the_value_ends_the_process_and_its_guard() {
        let process = sleeper();
        let (pid, guard) = {
            let running = process.lock();
            let running = running.as_ref().unwrap();
            (running.child.id(), running.guard.id())
        };
        assert!(state(pid).is_some() && state(guard).is_some());
        drop(process);
        assert_eq!((state(pid), state(guard)), (None, None));
    }

    #[tokio::test]
    async fn the_guard_kills_the_process_when_ours_is_gone() {
        let process = sleeper();
        // What the end of this process does to the guard: its input ends.
        drop(process.lock().as_mut().unwrap().guard.stdin.take());
        let status = eventually(OBEY, "the process was killed", || async { process.ended() }).await;
        use std::os::unix::process::ExitStatusExt as _;
        assert_eq!(status.unwrap().signal(), Some(9));
    }

    #[tokio::test]
    async fn a_process_that_has_ended_cannot_be_steered() {
        let process = sleeper();
        process.terminate().await.unwrap();
        assert!(matches!(
            process.pause().await,
            Err(ServerError::NotRunning("sleep"))
        ));
        assert!(matches!(
            process.resume(),
            Err(ServerError::NotRunning("sleep"))
        ));
        process.kill().unwrap();
        assert_eq!(process.id(), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_with_its_name() {
        let error = Process::new("nothing")
            .start(Command::new("/nowhere/nothing"))
            .unwrap_err();
        assert_eq!(error.to_string(), "cannot start nothing");
    }
}
